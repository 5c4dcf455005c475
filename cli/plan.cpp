#include "answers/plan.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/job_options.h"
#include "cli/option_rules.h"
#include "cli/output.h"
#include "core/text.h"
#include "study/job/training.h"

namespace bandwright {
namespace {

struct PlanOptions {
  Job job;
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

// What a search decides, where it is left out.
constexpr std::array decisions = {
    &Job::tp,          &Job::cp,   &Job::pp,       &Job::ep, &Job::virtual_stages,
    &Job::micro_batch, &Job::zero, &Job::recompute};

// One decision by its option: what was typed, or any value.
void decide(DivisionSpace& space, std::string Job::*word, const std::string& text) {
  const std::string option = typed_name(job_option(word));
  if (word == &Job::tp) space.tensor = numbers(option, text, 1, most);
  if (word == &Job::cp) space.context = numbers(option, text, 1, most);
  if (word == &Job::pp) space.pipeline = numbers(option, text, 1, most);
  if (word == &Job::ep) space.expert = numbers(option, text, 1, most);
  if (word == &Job::virtual_stages) space.virtual_stages = numbers(option, text, 1, most);
  if (word == &Job::micro_batch) space.micro_batch = numbers(option, text, 1, most);
  if (word == &Job::zero) space.zero = numbers(option, text, 0, 3);
  if (word == &Job::recompute && text != "any") {
    space.recompute.clear();
    for (const std::string_view each : split(text, ',')) {
      space.recompute.push_back(parse_option(option, trimmed(each), recomputation));
    }
  }
}

DivisionSpace space_of(const Job& job) {
  Job rest = job;  // what is no decision
  for (std::string Job::*const word : decisions) (rest.*word).clear();
  rest.sequence_parallel.clear();
  DivisionSpace space{.job = {load_architecture(job.model), machine_of(rest), read_parallelism(rest)}};
  if (!rest.sequence.empty()) space.job.model.sequence = read_count(rest, &Job::sequence);
  if (space.job.parallelism.overlap_tensor) {
    throw InputError("--overlap: tensor has no limit in the model yet, so that a search would lean on it");
  }
  space.npus = numbers("--npus", rest.npus, 1, most);
  if (space.npus.empty()) throw InputError("--npus: 'any' is no number of NPUs, expected one or a list");
  space.job.parallelism.global_batch = read_count(rest, &Job::global_batch);
  for (std::string Job::*const word : decisions) {
    if (!(job.*word).empty()) decide(space, word, job.*word);
  }
  if (!job.sequence_parallel.empty()) space.sequence_parallel = {read_flag(job, &Job::sequence_parallel)};
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
  std::vector<std::string> known;
  for (std::string Job::*const word : decisions) known.push_back(typed_name(job_option(word)).substr(2));
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const auto found = std::find(known.begin(), known.end(), words[i]);
    if (found == known.end()) {
      throw InputError(fmt::format("--explain: '{}' is no decision, expected one of {}", printable(words[i]),
                                   fmt::join(known, ", ")));
    }
    decide(narrow, decisions[static_cast<std::size_t>(found - known.begin())], std::string(words[i + 1]));
  }
  search.best = 1;
  return ExplainedDivision{options.explain, best_divisions(narrow, search)};
}

void run(const PlanOptions& options) {
  const DivisionSpace space = space_of(options.job);
  DivisionSearch search{.objective = parse_option("--minimize", options.minimize, plan_objective)};
  search.best = static_cast<std::size_t>(parse_option(
      "--best", options.best, [](std::string_view text) { return parse_integer(text, 1, 10'000); }));
  if (!options.max_step.empty()) {
    search.longest_step_ns = to_ns(parse_option("--max-step", options.max_step, parse_time));
  }
  RankedDivisions found;
  std::optional<ExplainedDivision> other;
  {
    const InterruptWatch watch(options.output.host);
    const std::stop_token token = watch.token();
    search.interrupted = [&] { return token.stop_requested(); };
    found = best_divisions(space, search);
    other = explained(space, options, search);
  }
  if (found.obstacles.size() == space.npus.size()) throw InputError("--npus: " + found.obstacles.front());
  write_answer(options.output,
               plan_document({options.job.model, std::string(word_of(options.job, &Job::machine))}, space,
                             search, found, other));
  if (found.interrupted) throw CLI::RuntimeError(interrupted_status);
  if (found.best.empty()) throw CLI::RuntimeError(1);
}

}  // namespace

void add_plan(CLI::App& app) {
  CLI::App* command = app.add_subcommand("plan", "The best way to divide a training step over NPUs, exactly");
  const auto options =
      std::make_shared<PlanOptions>();  // shared with the callback, which outlives this function
  Job& job = options->job;
  command->add_option("model", job.model, "a transformer: a name, a YAML file, or a Hugging Face config.json")
      ->required()
      ->type_name("MODEL");
  add_job_option(*command, job, &Job::machine, "--machine,--system");
  add_job_option(*command, job, &Job::npus)
      ->description("NPUs of the job, or a list of counts to compare")
      ->required();
  command->add_option("--minimize", options->minimize, "time (of a step, the default) or cost-per-token")
      ->type_name("WHAT");
  command->add_option("--best", options->best, "how many divisions to list (default 10)")->type_name("N");
  command->add_option("--max-step", options->max_step, "only steps of at most this")->type_name("TIME");
  command->add_option("--explain", options->explain, "why not this one: 'tp 8 pp 8'")->type_name("DIVISION");
  add_job_options(*command, job, OptionGroup::Divisions);
  command->get_option("--global-batch")->required();
  add_job_option(*command, job, &Job::recompute)->description("none, selective, full, or a list of them");
  begin_group(*command, finer_points);
  add_job_options(*command, job, OptionGroup::Finer);
  begin_group(*command, main_options);
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
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
