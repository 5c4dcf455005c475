#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <memory>

#include "cli/commands.h"
#include "cli/design_report.h"
#include "cli/interrupt.h"
#include "cli/job_options.h"
#include "cli/offload.h"
#include "cli/option_rules.h"
#include "cli/options.h"
#include "cli/training_options.h"
#include "core/catalogue.h"
#include "core/paths.h"

namespace bandwright {
namespace {

constexpr int no_answer_status = 1;

struct OptimizeOptions {
  std::vector<std::string> words;  // positionals
  NetworkOptions network;
  WorkloadOptions workload;
  JobOptions job;
  OffloadOptions offload;
  TrainingOptions training;  // with --npus: the network is a system, the workload an architecture
  std::string budget;
  std::string target;
  std::string loop;
  std::string weights;
  bool normalize = false;
  std::vector<std::string> constraints;
  std::string solver;
  std::string step;
  bool trace = false;
  bool own_links = false;
  OutputOptions output;
};

bool looks_like_network(std::string_view word) {
  return word.find('(') != std::string_view::npos || find_input("networks", word).has_value();
}

template <class Row>
bool is_one_of(std::span<const Row> rows, std::string_view word) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const Row& row) { return equal_ignoring_case(row.name, word); });
}

// The reference's order; an option replaces its positional and the others keep their order.
void place_words(OptimizeOptions& options) {
  options.network.network = options.job.files.network;
  if (!options.training.npus.empty() && options.network.network.empty()) {
    options.network.network = options.job.files.system;
  }
  if (options.workload.models.empty()) options.workload.models = options.job.files.workload;
  struct Slot {
    std::string_view name;
    std::string& text;
    bool (*looks_like)(std::string_view word);
  };
  const std::array<Slot, 5> slots = {
      Slot{"Network", options.network.network, looks_like_network},
      Slot{"BW", options.budget, reads_as_budget},
      Slot{"Workload", options.workload.models,
           [](auto word) { return find_input("models", word).has_value(); }},
      Slot{"Target", options.target, [](auto word) { return is_one_of(targets(), word); }},
      Slot{"TrainingLoop", options.loop, [](auto word) { return is_one_of(training_loops(), word); }}};
  auto word = options.words.begin();
  for (const Slot& slot : slots) {
    if (!slot.text.empty() && word != options.words.end() && slot.looks_like(*word)) {
      throw InputError(
          fmt::format("<{}> is given twice: '{}' by an option, and '{}'", slot.name, slot.text, *word));
    }
    if (slot.text.empty() && word != options.words.end()) slot.text = *word++;
    if (slot.text.empty() && slot.name != "TrainingLoop") {
      throw InputError(
          fmt::format("missing <{}>: bandwright optimize <Network> <BW> <Workload> <Target> "
                      "[<TrainingLoop>]",
                      slot.name));
    }
  }
  if (word != options.words.end()) throw InputError(fmt::format("unknown argument '{}'", *word));
  if (options.loop.empty()) options.loop = options.workload.loop;
}

std::variant<Bandwidth, Money> parse_budget(std::string_view text) {
  if (trimmed(text).starts_with('$')) return parse_money(text);
  const double gb_per_s = parse_gb_per_s(text);
  if (gb_per_s <= 0.0) throw InputError(fmt::format("'{}' is not above 0", text));
  return Bandwidth(gb_per_s);
}

std::vector<double> parse_weights(std::string_view text) {
  std::vector<double> weights;
  for (const std::string_view part : split(text, ',')) weights.push_back(parse_number(part, 0.0, 1e9));
  return weights;
}

constexpr TrainingLoop program_loop{.name = "training step", .help = "of a real model"};

// A real model's step on a machine's network.
void put_training_job(const OptimizeOptions& options, DesignAnswer& answer) {
  if (options.loop != WorkloadOptions{}.loop) {
    throw InputError(
        fmt::format("training loop '{}' is for layer tables; with --npus see --overlap", options.loop));
  }
  TrainingOptions training = options.training;
  training.system = options.network.network;
  training.recompute = options.workload.recompute;
  TrainingJob job = load_training_job(options.workload.models, training);
  if (!options.offload.tiers.empty()) fmt::print(stderr, "{}", offload_text(offload(job, options.offload)));
  answer.memory = memory_fit(job);
  Design& design = answer.design;
  design.network = job.machine.network(job.parallelism.npus());
  if (design.network.dimensions.empty()) throw InputError("--npus 1: one NPU has no network to divide");
  design.models = {Model{.name = job.model.name, .tensor_parallel = job.parallelism.tensor}};
  design.programs = {training_step(job, design.network)};
  design.loop = &program_loop;
}

constexpr TrainingLoop trace_loop{.name = recorded_order, .help = "of a trace"};

// What other tools' files describe, in place of network and model. The order of a trace is recorded at an
// equal split of the budget.
void add_job(const OptimizeOptions& options, Design& design) {
  JobOptions files = options.job;
  files.files.loop = options.loop;
  const auto* bandwidth = std::get_if<Bandwidth>(&design.budget);
  constexpr double usual_gb_per_s = 100.0;
  Job job = load(files, {.budget = bandwidth != nullptr ? bandwidth->value() : usual_gb_per_s});
  show_ignored(job);
  if (job.ranks) design.loop = &trace_loop;
  design.network = std::move(job.network);
  design.models = {{.name = job.graph.name}};
  design.graphs = {std::move(job.graph)};
}

DesignAnswer question_of(const OptimizeOptions& options) {
  DesignAnswer answer;
  Design& design = answer.design;
  design.loop = &training_loop(options.loop);
  design.budget = parse_option("budget", options.budget, parse_budget);
  if (!options.job.files.workload.empty()) {
    add_job(options, design);
  } else if (!options.training.npus.empty()) {
    put_training_job(options, answer);
  } else {
    design.network = options.network.classes.empty() ? load_any_network(options.network.network).network
                                                     : load(options.network);
    design.models = load_models(options.workload);
    design.loop_options = loop_options(options.workload);
  }
  design.target = find_in_catalogue(targets(), options.target, "target").target;
  if (!options.weights.empty()) design.weights = parse_option("--weights", options.weights, parse_weights);
  if (!design.weights.empty() && design.weights.size() != design.models.size()) {
    throw InputError(
        fmt::format("--weights: {} weights for {} models", design.weights.size(), design.models.size()));
  }
  design.normalize = options.normalize;
  design.own_links = options.own_links;
  design.prices = load_any_prices(options.network.prices);
  design.constraints = options.constraints;
  return answer;
}

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
  DesignOptions how{.solver = &solver, .step_gb_per_s = answer.step_gb_per_s};
  how.solver_options.stop = interrupt.token();
  how.solver_options.on_iteration = [&](const Iteration& iteration) { progress.show(iteration); };
  answer.summary = solve(answer.design, how);
  return answer;
}

void check_options(const CLI::App& command) {
  check_needs(command, real_models, {"--npus"});
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

void run(OptimizeOptions options) {
  place_words(options);
  const DesignAnswer answer = solve_shown(options);
  if (answer.summary.solution.status == Status::Infeasible) {
    fmt::print(stderr, "bandwright: {}\n", printable(infeasible_text(answer)));
    throw CLI::RuntimeError(no_answer_status);
  }
  switch (options.output.format) {
    case OutputFormat::Text:
      write_output(options.output, design_text(answer));
      break;
    case OutputFormat::Csv:
      write_output(options.output, design_csv(answer));
      break;
    case OutputFormat::Json:
      write_output(options.output, design_json(answer));
      break;
  }
  if (answer.summary.solution.status == Status::Interrupted) throw CLI::RuntimeError(no_answer_status);
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
  command->add_option("--solver", options->solver, "see bandwright list solvers");
  command->add_flag("--own-links", options->own_links,
                    "a group in a part of a fully connected dimension has the links among its NPUs, not all");
  command->add_flag("--trace", options->trace, "show every iteration on standard error");
  add_network_options(*command, options->network);
  command->add_option("--cost", options->network.prices, "LIBRA's or its artifact's prices, as --prices")
      ->type_name("FILE");
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
  add_output_options(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright optimize 4D 325 175B Perf NoOverlap\n"
      "  bandwright optimize 3D 500 17B,175B,1T PerfPerCost --normalize\n"
      "  bandwright optimize 'Ring(4)_Switch(16)' '$2M' 175B Perf --constraint 'b1 >= 2 b2' --step 25\n"
      "  bandwright optimize --libra network.yml --workload GPT_3.txt --communicator comm.yml\n"
      "      --cost cost.yml --budget 500 Perf\n"
      "  bandwright optimize 4D --model 1T --budget 1000 Perf Overlap --format json --output 1t.json\n"
      "  bandwright optimize dgx-h100 --model llama3-70b --npus 1024 --tp 8 --pp 4 --budget 500 Perf");
  command->callback([command, options] {
    check_options(*command);
    run(*options);
  });
}

}  // namespace bandwright
