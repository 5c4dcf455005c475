#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/design.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/optimize_inputs.h"
#include "cli/option_rules.h"
#include "cli/progress.h"
#include "core/tell.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr int no_answer_status = 1;

DesignAnswer solve_shown(const OptimizeOptions& options) {
  DesignAnswer answer = question_of(options);
  if (answer.design.loop->name == recorded_order) {
    answer.holds_for = "the order of operations recorded at an equal split of the budget";
  }
  const Solver& solver = options.solver.empty() ? solvers().front() : find_solver(options.solver);
  answer.solver = solver.name;
  if (!options.step.empty()) {
    answer.step_gb_per_s = parse_option("--step", options.step, parse_gb_per_s);
    if (answer.step_gb_per_s <= 0.0)
      throw InputError(fmt::format("--step: '{}' is not above 0", options.step));
  }
  const InterruptWatch interrupt;
  Progress progress(objective_unit(answer.design), options.trace);
  DesignOptions how{.solver = &solver, .step_gb_per_s = answer.step_gb_per_s, .play = true};
  how.solver_options.stop = interrupt.token();
  how.solver_options.on_iteration = [&](const Iteration& iteration) { progress.show(iteration); };
  answer.summary = solve(answer.design, how);
  return answer;
}

void check_options(const CLI::App& command) {
  check_needs(command, real_models, {"--npus"});
  check_needs(command, finer_points, {"--npus"});
  check_needs(command, two_memories, {"--tiers"});
  check_needs(command, {"--tiers"}, {"--npus"});
  check_needs(command, foreign_files, {"--workload"});
  check_needs(command, {"--system"}, {"--npus", "--workload"});
  check_excludes(command, {"--workload"},
                 {"--npus", "--model", "--tables", "--recompute", "--compute-scale", "--classes"});
  check_excludes(command, {"--npus"}, {"--tables", "--compute-scale", "--classes", "--own-links"});
  if (command.count("--npus") > 0) check_excludes(command, {"--network"}, {"--system"});
  check_excludes(command, {"--cost"}, {"--prices"});
}

void run(const OptimizeOptions& options) {
  const DesignAnswer answer = solve_shown(options);
  if (answer.summary.solution.status == Status::Infeasible) {
    tell("bandwright: {}\n", printable(infeasible_text(answer)));
    throw CLI::RuntimeError(no_answer_status);
  }
  write_answer(options.output, design_document(answer, options.output.timing));
  if (answer.summary.solution.status == Status::Interrupted) throw CLI::RuntimeError(no_answer_status);
}

void add_solver_options(CLI::App& command, OptimizeOptions& options) {
  begin_group(command, "Solver");
  command.add_option("--solver", options.solver, "see bandwright list solvers");
  command.add_flag("--own-links", options.own_links,
                   "a group in a part of a fully connected dimension has the links among its NPUs, not all");
  command.add_flag("--trace", options.trace, "show every iteration on standard error");
}

}  // namespace

void add_optimize(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("optimize", "The best division of a bandwidth budget over a network's dimensions");
  const auto options =
      std::make_shared<OptimizeOptions>();  // shared with the callback, which outlives this function
  command->add_option("words", options->words)
      ->option_text(
          "<Network> <BW> <Workload> <Target> [<TrainingLoop>]\n"
          "      network: a name, a YAML file, or Ring(8)_Switch(128)\n"
          "      budget: GB/s per NPU, or dollars for the network as $15M\n"
          "      workload: a model or a group as 17B,175B,1T\n"
          "      target: Perf or PerfPerCost;  training loop: NoOverlap (default) or Overlap");
  command->add_option("--budget", options->budget, "in place of <BW>");
  command->add_option("--model", options->workload.models, "in place of <Workload>");
  command->add_option("--target", options->target, "in place of <Target>");
  command->add_option("--loop", options->loop, "in place of <TrainingLoop>");
  command->add_option("--weights", options->weights, "of the group's models, such as 2,1,1");
  command->add_flag("--normalize", options->normalize,
                    "count each model's time in equal-split times of its own");
  command
      ->add_option("--constraint", options->constraints,
                   "'b1 >= b2', 'b3 + b4 = 200', 'cost <= $2M'; repeatable")
      ->allow_extra_args(false);
  command->add_option("--step", options->step, "also find the best allocation in multiples of so many GB/s");
  command
      ->add_option("--system", options->job.files.system,
                   "with --npus in place of <Network>; of traces: ASTRA-sim 2's JSON")
      ->type_name("SYSTEM");
  begin_group(*command, layer_tables);
  add_workload_options(*command, options->workload);
  command->get_option("--recompute")
      ->description(
          "none (default), full or communication: what runs again in the backward pass; with --npus "
          "none, selective (attention core) or full");
  begin_group(*command, real_models);
  command
      ->add_option("--npus", options->training.npus,
                   "NPUs: the network is then a system and the workload an architecture, as in `estimate`")
      ->type_name("COUNT");
  add_training_options(*command, options->training);
  add_offload_options(*command, options->offload);
  add_job_options(*command, options->job);
  add_solver_options(*command, *options);
  begin_group(*command, price_options);
  add_network_options(*command, options->network);
  command->add_option("--cost", options->network.prices, "LIBRA's or its artifact's prices, as --prices")
      ->type_name("FILE");
  add_output_options(*command, options->output);
  add_fit_option(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright optimize 4D 325 175B Perf NoOverlap\n"
      "  bandwright optimize 3D 500 17B,175B,1T PerfPerCost --normalize\n"
      "  bandwright optimize 'Ring(4)_Switch(16)' '$2M' 175B Perf --constraint 'b1 >= 2 b2' --step 25\n"
      "  bandwright optimize --libra network.yml --workload GPT_3.txt --communicator comm.yml\n"
      "      --cost cost.yml --budget 500 Perf\n"
      "  bandwright optimize 4D --model 1T --budget 1000 Perf Overlap --format json --output 1t.json\n"
      "  bandwright optimize dgx-h100 --model llama3-70b --npus 1024 --tp 8 --pp 4 --sequence-parallel\n"
      "      --budget 500 Perf");
  command->callback([command, options] {
    check_options(*command);
    run(*options);
  });
}

}  // namespace bandwright
