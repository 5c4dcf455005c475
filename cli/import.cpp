#include "formats/import.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/recipe.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "core/input_kinds.h"
#include "core/text.h"
#include "experiment/input_files.h"
#include "formats/detect.h"

namespace bandwright {
namespace {

struct ImportOptions {
  std::string file;
  std::string file_of_yaml;
  Job job;  // what is known of a recipe besides
  OutputOptions output;
};

// In text the script itself, as it would be in a file.
void run_recipe(const ImportOptions& options, const Recipe& recipe) {
  const std::string script = recipe_script(options.file, recipe);
  const bool to_file = !options.file_of_yaml.empty();
  if (to_file) write_output({.file = options.file_of_yaml}, script);
  if (to_file && options.file_of_yaml == "-") return;
  if (!to_file && options.output.format->name == "text") {
    return write_output({.host = options.output.host}, script);
  }
  Document document = recipe_document(options.file, recipe);
  if (to_file) document.fact("files", std::vector<std::string>{options.file_of_yaml}, "", "written");
  write_answer(options.output, std::move(document));
}

// The YAML itself, or, in another format or with a file for it, what was read and written.
void run(const ImportOptions& options) {
  if (const std::optional<Recipe> recipe = recipe_in(options.file, options.job))
    return run_recipe(options, *recipe);
  if (const std::vector<const JobOption*> given = given_options(options.job); !given.empty()) {
    throw InputError(fmt::format("{} is for recipes of software that trains", typed_name(*given.front())));
  }
  const Sample sample = sample_of(options.file);
  if (sample.root && find_format(sample) == nullptr) {
    if (const InputReader* own = find_input_reader(*sample.root)) {
      throw InputError(
          fmt::format("{}: is {} already, as commands take it", options.file, input_kind(own->kind).help));
    }
  }
  const std::string yaml = imported(sample);
  const FileFormat& format = format_of(sample);
  const bool to_file = !options.file_of_yaml.empty();
  if (to_file) write_output({.file = options.file_of_yaml}, yaml);
  if (to_file && options.file_of_yaml == "-") return;
  if (!to_file && options.output.format->name == "text")
    return write_output({.host = options.output.host}, yaml);
  Document document{.title = fmt::format("{}: {}", options.file, format.help)};
  document.data("file", options.file).data("format", format.name);
  if (to_file) document.fact("files", std::vector<std::string>{options.file_of_yaml}, "", "written");
  if (!to_file) document.fact("yaml", yaml);
  write_answer(options.output, std::move(document));
}

}  // namespace

void add_import(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "import", "A file of another tool as YAML, a training recipe as a job; with what was ignored");
  const auto options =
      std::make_shared<ImportOptions>();  // shared with the callback, which outlives this function
  command
      ->add_option("file", options->file,
                   "a file of any readable format, a folder or prefix of traces; a script with arguments of\n"
                   "Megatron-Core or TorchTitan, or TorchTitan's TOML")
      ->required()
      ->type_name("FILE");
  add_output_file(*command, "-o,--output", options->file_of_yaml, "write to this file");
  begin_group(*command, "Recipes: what the file does not say");
  add_job_option(*command, options->job, &Job::model, "--model");
  add_job_option(*command, options->job, &Job::machine);
  add_job_option(*command, options->job, &Job::npus);
  add_format_options(*command, options->output);
  command->footer(
      "Formats: bandwright list formats\n"
      "Examples:\n"
      "  bandwright import GPT_3.txt -o gpt-3.yaml\n"
      "  bandwright import system.json -o system.yaml\n"
      "  bandwright import train_llama3_8b.sh --machine dgx-h100\n"
      "  bandwright import llama3_70b.toml --machine dgx-h100 --npus 256");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
