#include "simulator/simulate.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>

#include "cli/commands.h"
#include "cli/job_options.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/simulate_report.h"
#include "core/catalogue.h"
#include "cost_model/bill.h"
#include "optimizer/solver.h"
#include "simulator/closed_form.h"

namespace bandwright {
namespace {

struct SimulateOptions {
  std::vector<std::string> words;  // positionals
  NetworkOptions network;
  WorkloadOptions workload;
  JobOptions job;
  std::string budget;
  std::string bandwidth;
  std::string allocation = "optimized";
  std::string collective;
  std::string size;
  std::string system = "ideal";
  std::string chunks;
  std::string scheduler;
  std::string engine = "event";
  std::string fidelity = "auto";
  std::string timeline;
  OutputOptions output;
};

struct Choice {
  std::string_view name;
  std::string_view help;
};
constexpr std::array engine_choices = {Choice{"event", "event-driven"}, Choice{"closed", "closed form"}};
constexpr std::array allocation_choices = {Choice{"optimized", "the best shares"},
                                           Choice{"optimised", "the best shares"},
                                           Choice{"equal", "the same for each dimension"}};

std::string_view chosen(std::span<const Choice> choices, std::string_view option, const std::string& word) {
  return parse_option(option, word, [&](std::string_view text) {
    return find_in_catalogue(choices, text, option.substr(2)).name;
  });
}

// <network> [<budget>] [<model> <loop>]: no budget where --bandwidth is given, no model where --collective
// is.
void place_words(SimulateOptions& options) {
  auto word = options.words.begin();
  const auto take = [&](std::string& text) {
    if (text.empty() && word != options.words.end()) text = *word++;
  };
  take(options.network.network);
  if (options.bandwidth.empty()) take(options.budget);
  if (options.collective.empty()) {
    take(options.workload.models);
    options.workload.loop.clear();
    take(options.workload.loop);
    if (options.workload.loop.empty()) options.workload.loop = "NoOverlap";
  }
  const bool complete = !options.network.network.empty() &&
                        !(options.bandwidth.empty() && options.budget.empty()) &&
                        !(options.collective.empty() && options.workload.models.empty());
  if (!complete) {
    throw InputError(
        "missing arguments: bandwright simulate <network> <budget> <model> [<loop>] (no <budget> with "
        "--bandwidth, no <model> with --collective)");
  }
  if (word != options.words.end()) throw InputError(fmt::format("unknown argument '{}'", *word));
}

System system_of(const SimulateOptions& options) {
  System system = load_any_system(options.system).system;
  if (!options.chunks.empty()) {
    system.chunks = static_cast<int>(parse_option("--chunks", options.chunks, [](std::string_view text) {
      return parse_integer(text, 1, max_chunks);
    }));
  }
  if (!options.scheduler.empty()) {
    system.scheduler = parse_option("--scheduler", options.scheduler, [](std::string_view word) {
      return std::string(chunk_scheduler(word).name);
    });
  }
  return system;
}

// The model, read and built as the system says unless an option says otherwise.
StepGraph step_of(SimulateOptions& options, const Network& network, System& system) {
  if (options.workload.tables.empty()) options.workload.tables = system.fused_tables ? "fused" : "split";
  if (!options.workload.compute_scale.empty()) {
    system.compute_scale = loop_options(options.workload).compute_scale;
  } else {
    options.workload.compute_scale = "1";
  }
  const std::vector<Model> models = load_models(options.workload);
  if (models.size() != 1) throw InputError("simulate takes one model");
  const TrainingLoop& loop = training_loop(options.workload.loop);
  options.workload.loop = loop.name;
  return build_step(models.front(), network, loop,
                    loop_options(system, loop, loop_options(options.workload).recompute));
}

StepGraph graph_of(SimulateOptions& options, const Network& network, System& system) {
  if (options.collective.empty()) return step_of(options, network, system);
  options.workload.loop.clear();
  if (options.size.empty()) throw InputError("--collective needs --size, such as --size '1 GiB'");
  return lone_collective(network, {parse_option("--collective", options.collective, collective_kind),
                                   parse_option("--size", options.size, parse_bytes)});
}

// The shares of a budget with which the graph's closed form is fastest.
std::vector<double> optimized_shares(const StepGraph& graph, int dimensions, double budget) {
  const ClosedForm step_time(graph, dimensions);
  const Summary summary = optimize(
      {.dimensions = dimensions,
       .step_times = {{.cut = [&](std::span<const double> gb_per_s) { return step_time.cut(gb_per_s); }}},
       .constraints = {total_budget(dimensions, budget)}});
  if (summary.gb_per_s.empty()) throw InputError("the budget cannot be divided");
  return summary.gb_per_s;
}

std::vector<double> bandwidth_of(const SimulateOptions& options, const Network& network, const System& system,
                                 const StepGraph& graph) {
  if (!options.bandwidth.empty()) {
    return parse_option("--bandwidth", options.bandwidth,
                        [&](std::string_view text) { return parse_bandwidths(text, network); });
  }
  const double budget = parse_option("budget", options.budget, parse_gb_per_s);
  if (budget <= 0.0) throw InputError(fmt::format("budget: '{}' is not above 0", options.budget));
  const std::size_t dimensions = network.dimensions.size();
  if (chosen(allocation_choices, "--allocation", options.allocation) == "equal") {
    return std::vector<double>(dimensions, budget / static_cast<double>(dimensions));
  }
  const double unit = system.bytes_per_second_unit() / 1e9;
  std::vector<double> shares = optimized_shares(graph, network.size(), budget * unit);
  for (double& share : shares) share /= unit;
  return shares;
}

std::optional<double> cost_of(const Network& network, const PriceList& prices,
                              const std::vector<double>& bandwidth) {
  if (!missing_prices(network, prices).empty()) return std::nullopt;
  return make_bill(network, prices, bandwidth).total().value();
}

void play(const SimulateOptions& options, SimulationAnswer& answer, Timeline* timeline) {
  const bool closed = chosen(engine_choices, "--engine", options.engine) == "closed";
  const auto begin = std::chrono::steady_clock::now();
  if (closed) {
    if (timeline != nullptr) throw InputError("--timeline needs the event-driven engine");
    std::vector<double> gb_per_s = answer.bandwidth;
    for (double& b : gb_per_s) b *= answer.system.bytes_per_second_unit() / 1e9;
    const ClosedForm step(answer.graph, answer.network.size());
    if (!std::isfinite(step.step_time_ns(gb_per_s))) throw InputError("a dimension carries data at 0 GB/s");
    answer.result = step.evaluate(gb_per_s);
  } else {
    const bool lone = !options.collective.empty();
    const Scenario scenario{answer.graph, answer.network, answer.system, answer.bandwidth,
                            lone ? answer.system.after_lone_collective : answer.system.after_collective};
    const Fidelity fidelity =
        resolved(parse_option("--npu-fidelity", options.fidelity, fidelity_named), scenario);
    if (fidelity == Fidelity::Full && answer.loop == recorded_order) {
      throw InputError("traces are played folded: --npu-fidelity folded, network_model ports");
    }
    answer.fidelity = fidelity_name(fidelity);
    answer.result = simulate(scenario, fidelity, timeline);
  }
  answer.engine = closed ? "closed form" : "event-driven";
  answer.wall_time_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// <network> <budget> <loop>, each where no option or file gives it.
SimulationAnswer job_of(SimulateOptions& options) {
  auto word = options.words.begin();
  const auto take = [&](std::string& text) {
    if (text.empty() && word != options.words.end()) text = *word++;
  };
  take(options.job.files.network);
  if (options.bandwidth.empty()) take(options.budget);
  options.job.files.loop.clear();
  take(options.job.files.loop);
  if (options.job.files.loop.empty()) options.job.files.loop = "NoOverlap";
  if (word != options.words.end()) throw InputError(fmt::format("unknown argument '{}'", *word));
  options.job.files.system = options.system;
  JobBandwidth bandwidth{.in_system_unit = true};
  if (!options.budget.empty()) bandwidth.budget = parse_option("budget", options.budget, parse_gb_per_s);
  if (!options.bandwidth.empty()) {
    bandwidth.fixed = parse_option("--bandwidth", options.bandwidth, [&](std::string_view text) {
      return parse_bandwidths(text, load_any_network(options.job.files.network).network);
    });
  }
  Job job = load(options.job, bandwidth);
  show_ignored(job);
  options.workload.loop = job.from_traces ? std::string(recorded_order) : options.job.files.loop;
  return {.network = std::move(job.network),
          .system = std::move(job.system),
          .graph = std::move(job.graph),
          .bandwidth = std::move(job.bandwidth)};
}

SimulationAnswer model_of(SimulateOptions& options) {
  place_words(options);
  SimulationAnswer answer{.network = load(options.network), .system = system_of(options)};
  answer.graph = graph_of(options, answer.network, answer.system);
  answer.bandwidth = bandwidth_of(options, answer.network, answer.system, answer.graph);
  return answer;
}

void run(SimulateOptions options) {
  const bool files = !options.job.files.workload.empty();
  SimulationAnswer answer = files ? job_of(options) : model_of(options);
  answer.loop = options.workload.loop;
  const PriceList prices = load_any_prices(options.network.prices);
  answer.prices = prices.name;
  answer.cost_usd = cost_of(answer.network, prices, answer.bandwidth);
  Timeline timeline;
  play(options, answer, options.timeline.empty() ? nullptr : &timeline);
  if (!options.timeline.empty()) {
    write_output({.file = options.timeline}, chrome_trace(timeline, answer.graph));
  }
  switch (options.output.format) {
    case OutputFormat::Text:
      return write_output(options.output, simulation_text(answer));
    case OutputFormat::Csv:
      return write_output(options.output, simulation_csv(answer));
    case OutputFormat::Json:
      return write_output(options.output, simulation_json(answer));
  }
}

void add_engine_options(CLI::App& command, SimulateOptions& options) {
  command.add_option("--system", options.system, "ideal (default), astra1 or a YAML file")
      ->type_name("SYSTEM");
  command.add_option("--chunks", options.chunks, "a collective is cut into (default: the system's)")
      ->type_name("N");
  command
      .add_option("--scheduler", options.scheduler, "ascending or themis: the order of a chunk's dimensions")
      ->type_name("NAME");
  command.add_option("--engine", options.engine, "event (default) or closed")->type_name("ENGINE");
  command
      .add_option("--npu-fidelity", options.fidelity,
                  "folded, full or auto (default: folded where it is exact)")
      ->type_name("WHAT");
  command.add_option("--timeline", options.timeline, "write a Chrome/Perfetto trace")->type_name("FILE");
}

}  // namespace

void add_simulate(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("simulate", "Plays a training step or a collective chunk by chunk on a network");
  const auto options =
      std::make_shared<SimulateOptions>();  // shared with the callback, which outlives this function
  options->workload.tables.clear();
  options->workload.compute_scale.clear();
  command->add_option("words", options->words)
      ->option_text(
          "<network> <budget> <model> [<loop>]\n"
          "      network: a name, a YAML file, or Ring(8)_Switch(128)\n"
          "      budget: per NPU, in GB/s (GiB/s where the system counts so); not with --bandwidth\n"
          "      model and loop: not with --collective");
  command->add_option("--bandwidth", options->bandwidth, "per NPU of each dimension, innermost first")
      ->type_name("LIST");
  command->add_option("--allocation", options->allocation, "of the budget: optimized (default) or equal")
      ->type_name("SHARES");
  command
      ->add_option("--collective", options->collective, "one collective over all NPUs, in place of a model")
      ->type_name("KIND");
  command->add_option("--size", options->size, "of the collective, per NPU")->type_name("BYTES");
  add_engine_options(*command, *options);
  add_job_options(*command, options->job);
  add_workload_options(*command, options->workload);
  add_network_options(*command, options->network);
  add_output_options(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright simulate 4D 325 175B NoOverlap --recompute full\n"
      "  bandwright simulate 4D --bandwidth 142.9,125.0,50.8,6.3 175B Overlap --timeline step.json\n"
      "  bandwright simulate 3D 500 --collective all-reduce --size '1 GiB' --scheduler themis\n"
      "  bandwright simulate --workload traces/gpt --network net.yml --system sys.json\n"
      "  bandwright simulate 'Ring(8)_Switch(128)' --bandwidth 87.58,12.42 --collective all-reduce\n"
      "      --size 1048576B --system astra1 --format json");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
