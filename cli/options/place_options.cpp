#include "cli/options/place_options.h"

#include <fmt/format.h>

#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "memory/placement.h"

namespace bandwright {
namespace {

std::string policy_help() {
  std::string text = "policies, one or several, or all:";
  for (const Policy& policy : policies()) text += fmt::format("\n  {}: {}", policy.name, policy.help);
  return text;
}

void add_problem_options(CLI::App& command, PlaceOptions& options) {
  Job& job = options.question.job;
  command.add_option("words", options.words)
      ->option_text(
          "<model> [<machine>], in either order\n"
          "      model: a network on images or a transformer: a name or a file; not with --kernels\n"
          "      machine: of a transformer: a name of `list machines`, or a YAML file");
  add_job_option(command, job, &Job::model)
      ->description("in place of <model>: a network on images or a transformer, a name or a file");
  command
      .add_option("--kernels", options.question.kernels,
                  "measured kernels instead: a CSV file (docs/placement.md)")
      ->type_name("FILE");
  add_job_option(command, job, &Job::global_batch, "--global-batch,--batch")
      ->description("images per step, instead of the network's own; sequences, of a transformer");
  add_job_option(command, job, &Job::tiers)
      ->description("the two memories: a name or a YAML file")
      ->default_str("dram-pmm");
}

// What a transformer's NPU holds and computes; the same words as in `estimate`.
void add_transformer_options(CLI::App& command, Job& job) {
  begin_group(command, transformers);
  add_job_option(command, job, &Job::machine, "--machine,--system")
      ->description("in place of <machine>")
      ->default_str("");
  add_job_option(command, job, &Job::npus)->description("NPUs of the job (default: TP x PP)");
  for (std::string Job::*const word : {&Job::tp, &Job::pp, &Job::zero, &Job::micro_batch, &Job::sequence,
                                       &Job::recompute, &Job::sequence_parallel}) {
    add_job_option(command, job, word);
  }
}

void add_memory_options(CLI::App& command, PlaceOptions& options) {
  command
      .add_option("--ratio", options.question.ratios,
                  "slow to fast bytes, such as 8:1,4:1; together the graph's peak")
      ->type_name("LIST");
  command
      .add_option("--fast", options.question.job.fast,
                  "bytes of fast memory, such as '60 GiB'; default: the tier's capacity")
      ->type_name("SIZE");
  command.add_flag("--sweep", options.sweep, fmt::format("the ratios {}", sweep_ratios));
}

void add_solver_options(CLI::App& command, PlaceOptions& options) {
  command.add_option("--policy", options.question.policies, policy_help())
      ->capture_default_str()
      ->type_name("LIST");
  command
      .add_option("--gap", options.gap,
                  "relative gap at which a program counts as solved (default: 1e-4; 1e-3 of transformers)")
      ->type_name("NUMBER");
  command
      .add_option("--time-limit", options.time_limit,
                  "of each policy at each ratio; then the best found so far")
      ->capture_default_str()
      ->type_name("TIME");
  command
      .add_option("--window", options.window, "asynchronous copies: at most this many kernels from a user")
      ->type_name("N");
}

void add_file_options(CLI::App& command, PlaceOptions& options) {
  begin_group(command, output_options);
  add_output_file(command, "--schedule", options.schedule_file, "write the schedule as CSV");
  add_output_file(command, "--timeline", options.timeline_file,
                  "write the schedule for chrome://tracing or Perfetto");
  add_answer_plot(command, options.plot, "draw slowdown, accesses and traffic, and slowdown against cost");
  add_output_options(command, options.output);
}

}  // namespace

void add_place_options(CLI::App& command, PlaceOptions& options) {
  add_problem_options(command, options);
  add_memory_options(command, options);
  add_solver_options(command, options);
  add_transformer_options(command, options.question.job);
  add_file_options(command, options);
}

}  // namespace bandwright
