#include "study/recipe/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "core/error.h"
#include "core/fields.h"
#include "core/io/files.h"
#include "core/io/paths.h"
#include "core/io/process.h"
#include "core/text.h"
#include "study/job/job_options.h"
#include "study/job/training.h"
#include "study/recipe/launchers.h"

namespace bandwright {
namespace {

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// A section of TorchTitan's at the beginning of a line.
bool is_toml(std::string_view text) {
  const std::vector<std::string_view> lines = split(text, '\n');
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    line = trimmed(line);
    constexpr std::array<std::string_view, 5> sections = {"[parallelism]", "[training]", "[model]", "[job]",
                                                          "[activation_checkpoint]"};
    return std::find(sections.begin(), sections.end(), line) != sections.end();
  });
}

bool is_titan_line(std::string_view text) {
  return holds(text, "--parallelism.") || holds(text, "--training.") ||
         holds(text, "--activation_checkpoint.");
}

bool is_megatron_line(std::string_view text) {
  constexpr std::array<std::string_view, 5> signs = {"--tensor-model-parallel-size",
                                                     "--pipeline-model-parallel-size", "--micro-batch-size",
                                                     "--num-attention-heads", "--use-distributed-optimizer"};
  return std::any_of(signs.begin(), signs.end(), [&](auto sign) { return holds(text, sign); });
}

// What decides the layers; a name does not, nor does the length of a sequence, which a job has a word for.
std::string layers_of(TransformerArchitecture model, bool with_vocabulary) {
  model.name = "x";
  model.help.clear();
  model.left_out.clear();
  model.sequence = 1;
  model.positions = 0;
  model.clamped_ffn = false;
  if (model.latent.key_dim == model.head_dim) model.latent.key_dim = 0;  // as usual
  if (model.experts.shared_ffn == model.experts.ffn) model.experts.shared_ffn = 0;
  if (!with_vocabulary) model.vocabulary = 1;
  return architecture_fields().content(model);
}

// A model in one line, without what goes without saying.
void leave_out_usual(YamlTree& tree) {
  std::erase_if(tree.parts, [](const YamlTree::Part& part) {
    return part.silent || part.value.form == YamlTree::Form::Nothing;
  });
  for (YamlTree::Part& part : tree.parts) leave_out_usual(part.value);
}

std::string written_out(const TransformerArchitecture& model) {
  YamlTree tree = architecture_fields().list().write(&model);
  leave_out_usual(tree);
  return yaml_line(tree);
}

// Vocabularies are rounded up before they are divided over TP.
bool same_vocabulary(std::int64_t theirs, std::int64_t ours) {
  return theirs >= ours && theirs - ours <= 128 * 64;
}

}  // namespace

std::string word_of_model(const TransformerArchitecture& model, bool knows_vocabulary) {
  const std::string layers = layers_of(model, false);
  for (const std::string& name : input_names("models/transformers")) {
    const TransformerArchitecture known = load_architecture(name);
    if (layers_of(known, false) != layers) continue;
    if (!knows_vocabulary || same_vocabulary(model.vocabulary, known.vocabulary)) return name;
  }
  return written_out(model);
}

bool is_recipe(std::string_view text) {
  return is_toml(text) || is_titan_line(text) || is_megatron_line(text);
}

namespace {

Recipe recipe_of(std::string_view text, const std::string& file, const Job& given) {
  if (is_toml(text)) return read_torchtitan(read_toml(text, file), given);
  if (is_titan_line(text)) return read_torchtitan(read_command_line(text, file), given);
  if (is_megatron_line(text)) return read_megatron_core(read_command_line(text, file), given);
  throw InputError("holds no arguments of Megatron-Core or TorchTitan that are known");
}

// What goes without saying need not be said.
void leave_out_usual_words(Job& job) {
  for (const JobOption& option : job_options()) {
    if (job.*option.word == option.usual && !option.usual.empty()) (job.*option.word).clear();
  }
  if (!job.model.empty() && !job.sequence.empty() &&
      job.sequence == std::to_string(load_architecture(job.model).sequence)) {
    job.sequence.clear();
  }
}

}  // namespace

Recipe read_recipe(std::string_view text, const std::string& file, const Job& given) {
  return placed(Place{file}, [&] {
    Recipe recipe = recipe_of(text, file, given);
    leave_out_usual_words(recipe.job);
    check_words(recipe.job);
    return recipe;
  });
}

std::optional<Recipe> recipe_in(const std::string& file, const Job& given) {
  constexpr std::size_t most_bytes = std::size_t{1} << 20;
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error) ||
      std::filesystem::file_size(file, error) > most_bytes) {
    return std::nullopt;
  }
  const std::string text = read_text_file(file, most_bytes);
  if (!is_recipe(text)) return std::nullopt;
  return read_recipe(text, file, given);
}

std::string estimate_command(const Job& job) {
  std::string command = "bandwright estimate";
  command += " " + (job.model.empty() ? std::string("MODEL") : shell_quoted(job.model));
  if (job.machine.empty()) command += " --machine MACHINE";
  for (const JobOption* option : given_options(job)) {
    if (option->word == &Job::model) continue;
    const std::string& word = job.*option->word;
    if (!option->type.empty()) {
      command += fmt::format(" {} {}", typed_name(*option), shell_quoted(word));
    } else if (equal_ignoring_case(word, "true")) {
      command += " " + typed_name(*option);
    }
  }
  if (job.npus.empty()) command += " --npus COUNT";
  return command;
}

}  // namespace bandwright
