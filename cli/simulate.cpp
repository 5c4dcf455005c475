#include "simulator/simulate.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <cmath>
#include <memory>

#include "answers/simulation.h"
#include "cli/commands.h"
#include "cli/option_rules.h"
#include "cli/simulate_inputs.h"
#include "core/progress.h"
#include "cost_model/bill.h"
#include "simulator/closed_form.h"
#include "simulator/leap.h"
#include "simulator/transport/catalogue.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

// A step written out needs some 100 bytes per operation.
constexpr double most_operations = 2e7;

std::optional<double> cost_of(const Network& network, const PriceList& prices,
                              const std::vector<double>& bandwidth) {
  if (!missing_prices(network, prices).empty()) return std::nullopt;
  return make_bill(network, prices, bandwidth).total().value();
}

void play_closed(SimulationAnswer& answer, Timeline* timeline) {
  std::vector<double> gb_per_s = answer.bandwidth;
  for (double& b : gb_per_s) b *= answer.system.bytes_per_second_unit() / 1e9;
  if (timeline != nullptr && !answer.job) {
    throw InputError("--timeline of a layer table needs the event-driven engine");
  }
  const ClosedForm form(answer.graph, answer.network, answer.system);
  if (!std::isfinite(form.step_time_ns(gb_per_s))) throw InputError("a dimension carries data at 0 GB/s");
  answer.result = form.evaluate(gb_per_s);
  answer.critical = critical_parts(answer.graph, form.critical_path(gb_per_s));
  if (timeline != nullptr) *timeline = step_timeline(*answer.job, gb_per_s).timeline;
}

void write_out(SimulationAnswer& answer) {
  double operations = 0.0;
  for (const double count : executions(answer.graph)) operations += count;
  if (operations > most_operations) {
    throw InputError(
        fmt::format("{:.0f} operations in a step, the event-driven engine takes up to {:.0f} "
                    "(--engine closed counts repetition instead of playing it)",
                    operations, most_operations));
  }
  answer.graph = expand(answer.graph);
}

void play_events(const SimulateOptions& options, SimulationAnswer& answer, Timeline* timeline) {
  if (!options.transport.empty()) {
    answer.system.network = parse_option("--transport", options.transport, transport_named).model;
  }
  answer.transport = transport_of(answer.system).name;
  const bool lone = !options.collective.empty();
  const Scenario scenario{answer.graph, answer.network, answer.system, answer.bandwidth,
                          lone ? answer.system.after_lone_collective : answer.system.after_collective};
  const Fidelity wanted = parse_option("--npu-fidelity", options.fidelity, fidelity_named);
  const Fidelity fidelity =
      answer.ranks ? resolved(wanted, scenario, *answer.ranks) : resolved(wanted, scenario);
  answer.fidelity = fidelity_name(fidelity);
  if (answer.job && fidelity == Fidelity::Folded && timeline == nullptr) {
    answer.result = (options.no_leap ? simulate_rounds(scenario) : simulate_leaping(scenario)).result;
  } else {
    if (answer.job) write_out(answer);
    ProgressBar bar("simulate");
    const PlayLimits limits{.force = options.force,
                            .on_progress = [&](double share) { bar.show(share, "every NPU by itself"); }};
    answer.result = answer.ranks ? simulate(scenario, *answer.ranks, fidelity, timeline, limits)
                                 : simulate(scenario, fidelity, timeline, limits);
  }
  answer.critical = critical_parts(answer.graph, answer.result);
}

void play(const SimulateOptions& options, SimulationAnswer& answer, Timeline* timeline) {
  const bool closed = is_closed_form(options);
  const auto begin = std::chrono::steady_clock::now();
  if (closed) {
    play_closed(answer, timeline);
  } else {
    play_events(options, answer, timeline);
  }
  answer.engine = closed ? "closed form" : "event-driven";
  answer.wall_time_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

void check_options(const CLI::App& command, const SimulateOptions& options) {
  check_needs(command, real_models, {"--npus"});
  check_needs(command, finer_points, {"--npus"});
  check_needs(command, two_memories, {"--tiers"});
  check_needs(command, {"--tiers"}, {"--npus"});
  check_needs(command, foreign_files, {"--workload"});
  check_needs(command, {"--size"}, {"--collective"});
  check_needs(command, {"--no-leap"}, {"--npus"});
  check_excludes(command, {"--workload"},
                 {"--npus", "--collective", "--model", "--recompute", "--allocation"});
  check_excludes(command, {"--npus", "--workload"},
                 {"--tables", "--compute-scale", "--classes", "--own-links"});
  check_excludes(command, {"--npus"}, {"--collective"});
  if (command.count("--npus") > 0) check_excludes(command, {"--network"}, {"--system"});
  check_excludes(command, {"--collective"}, {"--model", "--tables", "--recompute", "--compute-scale"});
  check_excludes(command, {"--bandwidth"}, {"--budget", "--allocation"});
  if (is_closed_form(options)) {
    refuse_typed(command,
                 {"--chunks", "--scheduler", "--npu-fidelity", "--transport", "--no-leap", "--force"},
                 "is for the event-driven engine");
  } else {
    refuse_typed(command, {"--own-links"},
                 "is for --engine closed: the event-driven engine always counts links");
  }
}

void run(SimulateOptions options) {
  SimulationAnswer answer = simulation_of(options);
  const PriceList prices = load_any_prices(options.network.prices);
  answer.prices = prices.name;
  answer.cost_usd = cost_of(answer.network, prices, answer.bandwidth);
  Timeline timeline;
  play(options, answer, options.timeline.empty() ? nullptr : &timeline);
  if (!options.timeline.empty()) {
    write_output({.file = options.timeline}, chrome_trace(timeline, answer.graph));
  }
  write_answer(options.output, simulation_document(answer, options.output.timing));
}

void add_engine_options(CLI::App& command, SimulateOptions& options) {
  command
      .add_option("--system", options.system,
                  "ideal (default), astra1 or a YAML file; with --npus in place of <system>")
      ->type_name("SYSTEM");
  begin_group(command, "Engine");
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
  command
      .add_option("--transport", options.transport,
                  "ports or links: what messages share (default: the system's network_model)")
      ->type_name("NAME");
  command.add_flag("--force", options.force, "play every NPU even if memory or a day may not do");
  command.add_flag("--no-leap", options.no_leap,
                   "with --npus: play every micro-batch, where they repeat as well (the same times)");
  command.add_flag("--own-links", options.own_links,
                   "with --engine closed: as in optimize (the event-driven engine always counts links)");
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
          "      model and loop: not with --collective\n"
          "or    <system> [<budget>] <model> --npus N: a real model on a machine, as in `estimate`, at the\n"
          "      machine's bandwidths or with the budget divided anew");
  command->add_option("--model", options->workload.models, "in place of <model>")->type_name("MODEL");
  command->add_option("--budget", options->budget, "in place of <budget>")->type_name("GB/s");
  command->add_option("--bandwidth", options->bandwidth, "per NPU of each dimension, innermost first")
      ->type_name("LIST");
  command->add_option("--allocation", options->allocation, "of the budget: optimized (default) or equal")
      ->type_name("SHARES");
  command
      ->add_option("--collective", options->collective, "one collective over all NPUs, in place of a model")
      ->type_name("KIND");
  command->add_option("--size", options->size, "of the collective, per NPU")->type_name("BYTES");
  add_engine_options(*command, *options);
  begin_group(*command, layer_tables);
  add_workload_options(*command, options->workload);
  command->get_option("--recompute")
      ->description(
          "none (default), full or communication: what runs again in the backward pass; with --npus "
          "none, selective (attention core) or full");
  begin_group(*command, real_models);
  command->add_option("--npus", options->training.npus, "NPUs of a real model's job")->type_name("COUNT");
  add_training_options(*command, options->training);
  add_offload_options(*command, options->offload);
  add_job_options(*command, options->job);
  begin_group(*command, price_options);
  add_network_options(*command, options->network);
  add_output_options(*command, options->output);
  add_fit_option(*command, options->output);
  add_output_file(*command, "--timeline", options->timeline, "write a Chrome/Perfetto trace");
  command->footer(
      "Examples:\n"
      "  bandwright simulate 4D 325 175B NoOverlap --recompute full\n"
      "  bandwright simulate 4D --bandwidth 142.9,125.0,50.8,6.3 175B Overlap --timeline step.json\n"
      "  bandwright simulate 3D 500 --collective all-reduce --size '1 GiB' --scheduler themis\n"
      "  bandwright simulate dgx-a100 --model gpt3-175b --npus 512 --tp 8 --pp 8 --sequence-parallel\n"
      "      --global-batch 1024\n"
      "  bandwright simulate --workload traces/gpt --network net.yml --system sys.json\n"
      "  bandwright simulate 'Ring(8)_Switch(128)' --bandwidth 87.58,12.42 --collective all-reduce\n"
      "      --size 1048576B --system astra1 --format json");
  command->callback([command, options] {
    check_options(*command, *options);
    run(*options);
  });
}

}  // namespace bandwright
