#include "answers/plan.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/console/interrupt.h"
#include "cli/console/output.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "core/parse_option.h"

namespace bandwright {
namespace {

struct PlanOptions {
  PlanQuestion question;
  std::string minimize = "time";
  std::string best = "10";
  std::string max_step;
  std::string max_memory;
  std::string launch;
  OutputOptions output;
};

DivisionSearch search_of(const PlanOptions& options) {
  DivisionSearch search{.objective = parse_option("--minimize", options.minimize, plan_objective)};
  search.best = static_cast<std::size_t>(parse_option(
      "--best", options.best, [](std::string_view text) { return parse_integer(text, 1, 10'000); }));
  if (!options.max_step.empty()) {
    search.longest_step_ns = to_ns(parse_option("--max-step", options.max_step, parse_time));
  }
  if (!options.max_memory.empty()) {
    search.most_memory_bytes = to_double(parse_option("--max-memory", options.max_memory, parse_bytes));
  }
  return search;
}

void run(const PlanOptions& options) {
  PlanQuestion question = options.question;
  question.search = search_of(options);
  PlanAnswer answer;
  {
    const InterruptWatch watch(options.output.host);
    answer = plan(question, {.stop = watch.token()});
  }
  const Job& job = question.job;
  write_answer(options.output,
               plan_document({job.model, std::string(word_of(job, &Job::machine)), options.launch}, answer));
  if (answer.interrupted) throw CLI::RuntimeError(interrupted_status);
  if (answer.best.empty()) throw CLI::RuntimeError(1);
}

void add_plan_options(CLI::App& command, PlanOptions& options) {
  command
      .add_option("--minimize", options.minimize,
                  "time (of a step, the default), cost-per-token (NPU hours), network-cost or\n"
                  "perf-per-cost (step time x network cost)")
      ->type_name("WHAT");
  command.add_option("--best", options.best, "how many divisions to list (default 10)")->type_name("N");
  command.add_option("--max-step", options.max_step, "only steps of at most this")->type_name("TIME");
  command.add_option("--max-memory", options.max_memory, "of an NPU, where not all of it may be taken")
      ->type_name("SIZE");
  command.add_flag("--pareto", options.question.pareto,
                   "the best of each NPU count that none beats in step time and in what is minimized");
  command.add_option("--explain", options.question.explain, "why not this one: 'tp 8 pp 8'")
      ->type_name("DIVISION");
  command
      .add_option("--launch", options.launch, "show the best one's arguments of megatron-core or torchtitan")
      ->check(CLI::IsMember({"megatron-core", "torchtitan"}))
      ->type_name("SOFTWARE");
}

}  // namespace

void add_plan(CLI::App& app) {
  CLI::App* command = app.add_subcommand("plan", "The best way to divide a training step over NPUs, exactly");
  const auto options =
      std::make_shared<PlanOptions>();  // shared with the callback, which outlives this function
  Job& job = options->question.job;
  command->add_option("model", job.model, "a transformer: a name, a YAML file, or a Hugging Face config.json")
      ->required()
      ->type_name("MODEL");
  add_job_option(*command, job, &Job::machine, "--machine,--system");
  add_job_option(*command, job, &Job::npus)
      ->description("NPUs of the job, or a list of counts to compare")
      ->required();
  add_plan_options(*command, *options);
  add_job_options(*command, job, OptionGroup::Divisions);
  command->get_option("--global-batch")->required();
  add_job_option(*command, job, &Job::recompute)->description("none, selective, full, or a list of them");
  begin_group(*command, finer_points);
  add_job_options(*command, job, OptionGroup::Finer);
  add_job_options(*command, job, OptionGroup::Prices);
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
  let_start_fresh(*command, options);
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
