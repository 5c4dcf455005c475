#include "answers/plan.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_rules.h"
#include "cli/output.h"
#include "cli/training_options.h"
#include "core/text.h"

namespace bandwright {
namespace {

struct PlanOptions {
  std::string model;
  TrainingOptions training;
  std::string minimize = "time";
  std::string best = "10";
  std::string max_step;
  std::string explain;
  OutputOptions output;
};

constexpr std::int64_t most = std::int64_t{1} << 24;

// "1,2,4", or "any".
std::vector<std::int64_t> numbers(std::string_view option, const std::string& text, std::int64_t low,
                                  std::int64_t high) {
  if (text == "any") return {};
  return parse_option(option, text, [&](std::string_view list) {
    std::vector<std::int64_t> values;
    for (const std::string_view word : split(list, ','))
      values.push_back(parse_integer(trimmed(word), low, high));
    return values;
  });
}

// One decision by its option: what was typed, or any value.
void decide(DivisionSpace& space, std::string_view option, const std::string& text) {
  if (option == "tp") space.tensor = numbers("--tp", text, 1, most);
  if (option == "cp") space.context = numbers("--cp", text, 1, most);
  if (option == "pp") space.pipeline = numbers("--pp", text, 1, most);
  if (option == "ep") space.expert = numbers("--ep", text, 1, most);
  if (option == "virtual-stages") space.virtual_stages = numbers("--virtual-stages", text, 1, most);
  if (option == "micro-batch") space.micro_batch = numbers("--micro-batch", text, 1, most);
  if (option == "zero") space.zero = numbers("--zero", text, 0, 3);
  if (option == "recompute" && text != "any") {
    space.recompute.clear();
    for (const std::string_view word : split(text, ',')) {
      space.recompute.push_back(parse_option("--recompute", trimmed(word), recomputation));
    }
  }
}

constexpr std::array decisions = {"tp",          "cp",   "pp",       "ep", "virtual-stages",
                                  "micro-batch", "zero", "recompute"};

const std::string& typed(const TrainingOptions& options, std::string_view decision) {
  if (decision == "tp") return options.tp;
  if (decision == "cp") return options.cp;
  if (decision == "pp") return options.pp;
  if (decision == "ep") return options.ep;
  if (decision == "virtual-stages") return options.virtual_stages;
  if (decision == "micro-batch") return options.micro_batch;
  return decision == "zero" ? options.zero : options.recompute;
}

DivisionSpace space_of(const CLI::App& command, const PlanOptions& options) {
  TrainingOptions rest = options.training;  // what is no decision
  const TrainingOptions usual;
  rest.tp = rest.cp = rest.pp = rest.ep = rest.virtual_stages = rest.micro_batch = "1";
  rest.zero = usual.zero;
  rest.recompute = usual.recompute;
  DivisionSpace space{
      .job = {load_architecture(options.model), load_machine(rest.system), read_parallelism(rest)}};
  if (!rest.sequence.empty()) {
    space.job.model.sequence = numbers("--sequence", rest.sequence, 1, most).at(0);
  }
  if (space.job.parallelism.overlap_tensor) {
    throw InputError("--overlap: tensor has no limit in the model yet, so that a search would lean on it");
  }
  space.npus = numbers("--npus", rest.npus, 1, most);
  if (space.npus.empty()) throw InputError("--npus: 'any' is no number of NPUs, expected one or a list");
  space.job.parallelism.global_batch =
      parse_option("--global-batch", rest.global_batch,
                   [](std::string_view text) { return parse_integer(text, 1, most); });
  for (const char* decision : decisions) {
    if (command.count(std::string("--") + decision) > 0)
      decide(space, decision, typed(options.training, decision));
  }
  if (command.count("--sequence-parallel") > 0)
    space.sequence_parallel = {options.training.sequence_parallel};
  return space;
}

// "tp 8 pp 8": pairs of an option's name and its value.
std::optional<ExplainedDivision> explained(const DivisionSpace& space, const PlanOptions& options,
                                           DivisionSearch search) {
  if (options.explain.empty()) return std::nullopt;
  DivisionSpace narrow = space;
  std::vector<std::string_view> words;
  for (const std::string_view word : split(options.explain, ' ')) {
    if (!trimmed(word).empty()) words.push_back(trimmed(word));
  }
  if (words.size() % 2 != 0) throw InputError("--explain: expected pairs such as 'tp 8 pp 8'");
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const bool known = std::find(decisions.begin(), decisions.end(), words[i]) != decisions.end();
    if (!known) {
      throw InputError(fmt::format("--explain: '{}' is no decision, expected one of {}", printable(words[i]),
                                   fmt::join(decisions, ", ")));
    }
    decide(narrow, words[i], std::string(words[i + 1]));
  }
  search.best = 1;
  return ExplainedDivision{options.explain, best_divisions(narrow, search)};
}

void run(const CLI::App& command, const PlanOptions& options) {
  const DivisionSpace space = space_of(command, options);
  DivisionSearch search{.objective = parse_option("--minimize", options.minimize, plan_objective)};
  search.best = static_cast<std::size_t>(parse_option(
      "--best", options.best, [](std::string_view text) { return parse_integer(text, 1, 10'000); }));
  if (!options.max_step.empty()) {
    search.longest_step_ns = to_ns(parse_option("--max-step", options.max_step, parse_time));
  }
  RankedDivisions found;
  std::optional<ExplainedDivision> other;
  {
    const InterruptWatch watch;
    const std::stop_token token = watch.token();
    search.interrupted = [&] { return token.stop_requested(); };
    found = best_divisions(space, search);
    other = explained(space, options, search);
  }
  if (found.obstacles.size() == space.npus.size()) throw InputError("--npus: " + found.obstacles.front());
  write_answer(options.output,
               plan_document({options.model, options.training.system}, space, search, found, other));
  if (found.interrupted) throw CLI::RuntimeError(interrupted_status);
  if (found.best.empty()) throw CLI::RuntimeError(1);
}

}  // namespace

void add_plan(CLI::App& app) {
  CLI::App* command = app.add_subcommand("plan", "The best way to divide a training step over NPUs, exactly");
  const auto options =
      std::make_shared<PlanOptions>();  // shared with the callback, which outlives this function
  command
      ->add_option("model", options->model,
                   "a transformer: a name, a YAML file, or a Hugging Face config.json")
      ->required()
      ->type_name("MODEL");
  command
      ->add_option("--machine,--system", options->training.system,
                   "a name of `list machines`, or a YAML file")
      ->type_name("MACHINE")
      ->capture_default_str();
  command->add_option("--npus", options->training.npus, "NPUs of the job, or a list of counts to compare")
      ->required()
      ->type_name("COUNT");
  command->add_option("--minimize", options->minimize, "time (of a step, the default) or cost-per-token")
      ->type_name("WHAT");
  command->add_option("--best", options->best, "how many divisions to list (default 10)")->type_name("N");
  command->add_option("--max-step", options->max_step, "only steps of at most this")->type_name("TIME");
  command->add_option("--explain", options->explain, "why not this one: 'tp 8 pp 8'")->type_name("DIVISION");
  add_training_options(*command, options->training);
  command->get_option("--global-batch")->required();
  begin_group(*command, main_options);
  command->add_option("--recompute", options->training.recompute, "none, selective, full, or a list of them")
      ->type_name("NAME");
  add_output_options(*command, options->output);
  command->footer(
      "Each of --tp --cp --pp --ep --virtual-stages --micro-batch --zero --recompute is a decision: left out "
      "it\n"
      "may be anything, else one value or a list (--tp 2,4,8).\n"
      "Examples:\n"
      "  bandwright plan llama3-70b --machine dgx-h100 --npus 512 --global-batch 1024\n"
      "  bandwright plan gpt3-175b --machine dgx-a100 --npus 1024 --global-batch 1536 --explain 'tp 8 pp 8'\n"
      "  bandwright plan llama3-8b --machine dgx-h100 --npus 8,16,32,64 --global-batch 256\n"
      "      --minimize cost-per-token --max-step 20s --format json");
  command->callback([command, options] { run(*command, *options); });
}

}  // namespace bandwright
