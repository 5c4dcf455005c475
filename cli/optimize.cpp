#include "study/optimize.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <memory>

#include "answers/design.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/console/watching.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "cli/options/routing_options.h"
#include "cli/program/no_answer.h"
#include "core/catalogue.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "formats/load_graph.h"
#include "study/job/workload.h"

namespace bandwright {
namespace {

// `bandwright optimize` as typed.
struct OptimizeCommand {
  std::vector<std::string> words;  // positionals
  Job job;
  std::string system;  // --system
  std::string target;
  std::string weights;
  bool normalize = false;
  std::vector<std::string> constraints;
  std::string solver;
  std::string step;
  RoutingWords routing = {.routing = "spray"};
  bool trace = false;
  OutputOptions output;
};

bool looks_like_network(std::string_view word) {
  if (names_graph(std::string(word))) return true;
  return word.find('(') != std::string_view::npos || find_input("networks", word).has_value();
}

struct Slot {
  std::string_view name;
  std::string& text;
  bool (*looks_like)(std::string_view word);
};
constexpr std::string_view order_of_words =
    "bandwright optimize <Network> <BW> <Workload> <Target> [<TrainingLoop>]";

// A word that is another slot's by its looks.
void refuse_swapped(std::span<const Slot> slots) {
  for (const Slot& slot : slots) {
    if (slot.text.empty() || slot.looks_like(slot.text) ||
        slot.text.find_first_of("/.") != std::string::npos) {
      continue;
    }
    for (const Slot& other : slots) {
      if (!other.looks_like(slot.text)) continue;
      throw InputError(fmt::format("'{}' stands for <{}> but looks like a <{}>; the order is {}", slot.text,
                                   slot.name, other.name, order_of_words));
    }
  }
}

// With --npus the machine, unless it (or its NPU) is an option's and the network is one as it is built.
std::string& network_slot(OptimizeCommand& options) {
  Job& job = options.job;
  if (job.npus.empty()) return job.network;
  if (!job.npu.empty()) return job.network;
  take_network_as_machine(job);
  const bool built = names_graph(job.network);
  const bool next = !options.words.empty() && names_graph(options.words.front());
  return !job.machine.empty() && (built || next) ? job.network : job.machine;
}

// The reference's order; an option replaces its positional and the others keep their order.
void place_words(OptimizeCommand& options) {
  Job& job = options.job;
  take_system(options.system, job);
  std::string workload = !job.workload.empty() ? job.workload : job.model;
  if (!job.collective.empty()) workload = job.collective;
  const std::array<Slot, 5> slots = {
      Slot{"Network", network_slot(options), looks_like_network}, Slot{"BW", job.budget, reads_as_budget},
      Slot{"Workload", workload, [](auto text) { return find_workload(std::string(text)).has_value(); }},
      Slot{"Target", options.target, [](auto word) { return is_one_of(targets(), word); }},
      Slot{"TrainingLoop", job.loop, [](auto word) { return is_one_of(training_loops(), word); }}};
  auto word = options.words.begin();
  for (const Slot& slot : slots) {
    if (!slot.text.empty() && word != options.words.end() && slot.looks_like(*word)) {
      throw InputError(
          fmt::format("<{}> is given twice: '{}' by an option, and '{}'", slot.name, slot.text, *word));
    }
    if (slot.text.empty() && word != options.words.end()) slot.text = *word++;
    if (slot.text.empty() && slot.name != "TrainingLoop") {
      throw InputError(fmt::format("missing <{}>: {}", slot.name, order_of_words));
    }
  }
  if (word != options.words.end()) throw InputError(fmt::format("unknown argument '{}'", *word));
  refuse_swapped(slots);
  if (job.workload.empty() && job.collective.empty()) job.model = workload;
}

std::vector<double> parse_weights(std::string_view text) {
  std::vector<double> weights;
  for (const std::string_view part : split(text, ',')) weights.push_back(parse_number(part, 0.0, 1e9));
  return weights;
}

OptimizeQuestion question_of(OptimizeCommand options) {
  place_words(options);
  OptimizeQuestion question{.jobs = options.job.workload.empty() ? members_of(options.job)
                                                                 : std::vector<Job>{options.job}};
  question.routing = read_routing(options.routing);
  question.budget = parse_option("budget", options.job.budget, parse_budget);
  question.target = find_in_catalogue(targets(), options.target, "target").target;
  if (!options.weights.empty()) question.weights = parse_option("--weights", options.weights, parse_weights);
  question.normalize = options.normalize;
  question.constraints = options.constraints;
  if (!options.solver.empty()) question.solver = &find_solver(options.solver);
  if (!options.step.empty()) {
    question.step_gb_per_s = parse_option("--step", options.step, parse_gb_per_s);
    if (question.step_gb_per_s <= 0.0) {
      throw InputError(fmt::format("--step: '{}' is not above 0", options.step));
    }
  }
  return question;
}

struct SolvedDesign {
  DesignAnswer answer;
  bool interrupted = false;
};

SolvedDesign solve_shown(const OptimizeCommand& options, const OptimizeQuestion& question) {
  DesignAnswer answer = [&] {
    const Watching watching(options.job, options.output.host);
    return design_of(question, watching.watch());
  }();
  show_ignored(answer.ignored);
  for (const Offload& offload : answer.offloads) show_offload(offload);
  const InterruptWatch interrupt(stop_of(options.output.host));
  Progress progress(objective_unit(answer.design), options.trace);
  solve_design(answer, question, {.stop = interrupt.token()},
               [&](const Iteration& iteration) { progress.show(iteration); });
  return {std::move(answer), interrupt.token().stop_requested()};
}

void check_options(const CLI::App& command, const OptimizeCommand& options) {
  check_needs(command, real_models, {"--npus"});
  check_needs(command, finer_points, {"--npus"});
  check_needs(command, two_memories, {"--tiers"});
  check_needs(command, {"--tiers"}, {"--npus"});
  check_needs(command, foreign_files, {"--workload"});
  check_needs(command, {"--size"}, {"--collective"});
  check_excludes(command, {"--collective"},
                 {"--npus", "--workload", "--model", "--tables", "--recompute", "--compute-scale"});
  check_excludes(command, {"--system"}, {"--library", "--machine"});
  check_excludes(command, {"--workload"},
                 {"--model", "--tables", "--recompute", "--compute-scale", "--classes"});
  if (command.count("--npus") > 0 && !names_graph(options.job.network)) {
    check_excludes(command, {"--network"}, {"--machine", "--system"});
  }
  check_needs(command, {"--machine", "--npu"}, {"--npus"});
  check_excludes(command, {"--npu"}, {"--machine", "--system"});
  check_excludes(command, {"--cost"}, {"--prices"});
}

void run(const CLI::App& command, const OptimizeCommand& options) {
  const OptimizeQuestion question = question_of(options);
  if (!names_graph(question.jobs.front().network)) {
    refuse_typed(command, {"--routing", "--seed", "--queue-pairs"},
                 "is for networks as they are built, such as FatTree(64); see docs/networks.md");
  }
  const auto [answer, interrupted] = solve_shown(options, question);
  if (answer.summary.solution.status == Status::Infeasible) {
    throw NoAnswer(infeasible_text(answer));
  }
  write_answer(options.output, design_document(answer, options.output.timing));
  if (interrupted) throw CLI::RuntimeError(interrupted_status);
}

void add_goal_options(CLI::App& command, OptimizeCommand& options) {
  command.add_option("--target", options.target, "in place of <Target>");
  add_job_option(command, options.job, &Job::loop)->description("in place of <TrainingLoop>");
  command.add_option("--weights", options.weights, "of the group's models, such as 2,1,1");
  command.add_flag("--normalize", options.normalize,
                   "count each model's time in equal-split times of its own");
  command
      .add_option("--constraint", options.constraints,
                  "'b1 >= b2', 'b3 + b4 = 200', 'cost <= $2M'; repeatable")
      ->allow_extra_args(false);
  command.add_option("--step", options.step, "also find the best allocation in multiples of so many GB/s");
}

void add_solver_options(CLI::App& command, OptimizeCommand& options) {
  begin_group(command, "Solver");
  command.add_option("--solver", options.solver, "see bandwright list solvers");
  add_job_option(command, options.job, &Job::own_links);
  command.add_flag("--trace", options.trace, "show every iteration on standard error");
}

}  // namespace

void add_optimize(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "optimize",
      "The best division of a bandwidth budget over a network's dimensions, or its classes of links");
  const auto options =
      std::make_shared<OptimizeCommand>();  // shared with the callback, which outlives this function
  command->add_option("words", options->words)
      ->option_text(
          "<Network> <BW> <Workload> <Target> [<TrainingLoop>]\n"
          "      network: a name, a YAML file, Ring(8)_Switch(128), or one as it is built, whose classes of\n"
          "      links the budget is divided over, such as LeafSpine(4x8)\n"
          "      budget: GB/s per NPU, or dollars for the network as $15M\n"
          "      workload: a model or a group as 17B,175B,1T; not with --collective\n"
          "      target: Perf or PerfPerCost;  training loop: NoOverlap (default) or Overlap");
  Job& job = options->job;
  add_job_option(*command, job, &Job::budget)->description("in place of <BW>");
  add_job_option(*command, job, &Job::model)->description("in place of <Workload>");
  add_goal_options(*command, *options);
  add_job_option(*command, job, &Job::network);
  add_job_option(*command, job, &Job::library);
  add_system_option(*command, options->system);
  add_job_options(*command, job, OptionGroup::Collectives);
  add_routing_options(*command, options->routing);
  add_solver_options(*command, *options);
  add_workload_groups(*command, job);
  add_job_option(*command, job, &Job::npu)->group(real_models);
  command->add_option("--cost", job.prices, "LIBRA's or its artifact's prices, as --prices")
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
      "      --budget 500 Perf\n"
      "  bandwright optimize 'LeafSpine(4x8, bandwidth 50)' '$100k' --collective all-to-all --size '1 GiB' "
      "Perf\n"
      "  bandwright optimize 'RailOptimised(128x8, bandwidth 50)' '$40M' --npu h100 --model llama3-70b\n"
      "      --npus 1024 --tp 8 --pp 4 Perf\n"
      "  bandwright optimize dgx-h100 --model llama3-70b,gpt3-175b --npus 512 --tp 8 --pp 4\n"
      "      --budget 500 Perf");
  let_start_fresh(*command, options);
  command->callback([command, options] {
    check_options(*command, *options);
    run(*command, *options);
  });
}

}  // namespace bandwright
