#include "study/simulate.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <memory>

#include "answers/simulation.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/console/watching.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "cli/options/routing_options.h"
#include "core/catalogue.h"
#include "core/io/paths.h"
#include "formats/load_graph.h"
#include "simulator/transport/catalogue.h"
#include "study/job/bandwidths.h"
#include "study/trace_context.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

// `bandwright simulate` as typed.
struct SimulateCommand {
  std::vector<std::string> words;  // positionals
  Job job;
  std::string system;  // --system
  std::string engine = "event";
  std::string fidelity = "auto";
  std::string transport;  // "" is the library's
  RoutingWords routing = {.routing = "shortest"};
  std::string seeds = "1";
  std::string shuffle;
  SimulationOptions how;
  std::string timeline;
  OutputOptions output;
};

struct EngineInfo {
  bool closed_form;
  std::string_view name;
  std::string_view help;
};
constexpr std::array engines = {EngineInfo{false, "event", "event-driven"},
                                EngineInfo{true, "closed", "closed form"}};

SimulationOptions read_engine(const SimulateCommand& options) {
  SimulationOptions how = options.how;
  how.closed_form = parse_option("--engine", options.engine, [](std::string_view word) {
    return find_in_catalogue(std::span<const EngineInfo>(engines), word, "engine").closed_form;
  });
  how.fidelity = parse_option("--npu-fidelity", options.fidelity, fidelity_named);
  if (!options.transport.empty()) {
    how.transport = parse_option("--transport", options.transport, transport_named).model;
  }
  how.routing = read_routing(options.routing);
  how.seeds = static_cast<int>(read_whole("--seeds", options.seeds, 1, 100'000));
  if (!options.shuffle.empty()) {
    how.shuffle = static_cast<std::uint64_t>(read_whole("--shuffle", options.shuffle, 0, largest_seed));
  }
  return how;
}

// <network> [<budget>] [<model> [<loop>]]: no budget where --bandwidth is given, no model where --collective
// is.
void take_network_words(std::vector<std::string> words, Job& job) {
  take_word(words, job.network);
  const bool built = names_graph(job.network);
  const bool budget = !built || (!words.empty() && reads_as_budget(words.front()));
  if (job.bandwidth.empty() && budget) take_word(words, job.budget);
  refuse_second_budget(job, words);
  if (job.collective.empty()) {
    take_word(words, job.model);
    take_word(words, job.loop);
  }
  const bool complete = !job.network.empty() && !(job.bandwidth.empty() && job.budget.empty() && !built) &&
                        !(job.collective.empty() && job.model.empty());
  if (!complete) {
    if (find_input("machines", job.network)) {
      throw InputError(
          fmt::format("{} is a machine: bandwright simulate <machine> <model> --npus N", job.network));
    }
    // A file that is no network says so first.
    if (job.network.find('/') != std::string::npos || job.network.find(".y") != std::string::npos)
      static_cast<void>(network_of(job));
    const std::string other = built ? "" : kind_instead("networks", job.network);
    if (!other.empty()) throw InputError(fmt::format("unknown network '{}'{}", job.network, other));
    throw InputError(
        "missing arguments: bandwright simulate <network> <budget> <model> [<loop>] (no <budget> with "
        "--bandwidth, no <model> with --collective)");
  }
  refuse_words(words);
}

// <network> or <machine> [<budget>] [<loop>], each where no option or file gives it.
void take_file_words(std::vector<std::string> words, Job& job) {
  if (job.machine.empty()) take_word(words, job.network);
  if (job.npu.empty()) take_network_as_machine(job);
  if (job.bandwidth.empty()) take_word(words, job.budget);
  refuse_second_budget(job, words);
  take_word(words, job.loop);
  refuse_words(words);
}

// <machine> [<budget>] <model> [<loop>], each where no option gives it; the model may come first.
void take_machine_words(std::vector<std::string> words, Job& job) {
  take_network_as_machine(job);
  if (!words.empty() && job.loop.empty() && is_one_of(training_loops(), words.back())) {
    job.loop = words.back();
    words.pop_back();
  }
  if (words.size() > 1 && machine_is_last(words.front(), words.back(), false))
    std::swap(words.front(), words.back());
  take_word(words, job.machine);
  if (job.model.empty() && !words.empty()) {
    job.model = words.back();
    words.pop_back();
  }
  if (job.machine.empty() || job.model.empty()) {
    throw InputError("missing arguments: bandwright simulate <machine> [<budget>] <model> [<loop>] --npus N");
  }
  refuse_second_budget(job, words);
  take_word(words, job.budget);
  refuse_words(words);
}

Job job_of(const SimulateCommand& options) {
  Job job = options.job;
  take_system(options.system, job);
  if (!job.workload.empty()) {
    take_file_words(options.words, job);
  } else if (!job.npus.empty() && job.npu.empty()) {
    take_machine_words(options.words, job);
  } else {
    take_network_words(options.words, job);
  }
  return job;
}

void check_options(const CLI::App& command, const SimulateCommand& options) {
  check_needs(command, real_models, {"--npus"});
  check_needs(command, finer_points, {"--npus"});
  check_needs(command, two_memories, {"--tiers"});
  check_needs(command, {"--tiers"}, {"--npus"});
  check_needs(command, foreign_files, {"--workload"});
  check_needs(command, {"--size"}, {"--collective"});
  if (!names_graph(options.job.network) && (options.words.empty() || !names_graph(options.words.front())))
    check_needs(command, {"--no-leap"}, {"--npus", "--transport", "--library"});
  check_excludes(command, {"--workload"}, {"--collective", "--model", "--recompute", "--allocation"});
  check_excludes(command, {"--workload"}, {"--tables", "--compute-scale", "--classes", "--own-links"});
  check_excludes(command, {"--npus"}, {"--collective"});
  if (command.count("--npus") > 0 && !names_graph(options.job.network)) {
    check_excludes(command, {"--network"}, {"--machine", "--system"});
  }
  check_excludes(command, {"--system"}, {"--library", "--machine"});
  check_needs(command, {"--machine", "--npu"}, {"--npus"});
  check_excludes(command, {"--npu"}, {"--machine", "--system"});
  check_excludes(command, {"--collective"}, {"--model", "--tables", "--recompute", "--compute-scale"});
  check_excludes(command, {"--bandwidth"}, {"--budget", "--allocation"});
  if (options.how.closed_form) {
    refuse_typed(command,
                 {"--chunks", "--scheduler", "--npu-fidelity", "--transport", "--no-leap", "--force"},
                 "is for the event-driven engine");
  } else {
    refuse_typed(command, {"--own-links"},
                 "is for --engine closed: the event-driven engine always counts links");
  }
}

void run(const CLI::App& command, const SimulateCommand& options) {
  const Job job = job_of(options);
  if (!names_graph(job.network)) {
    refuse_typed(command, {"--routing", "--seed", "--seeds", "--queue-pairs", "--shuffle"},
                 "is for networks as they are built, such as FatTree(64); see docs/networks.md");
  }
  const Watching watching(job, options.output.host);
  Timeline timeline;
  const SimulationAnswer answer =
      simulate(job, options.how, options.timeline.empty() ? nullptr : &timeline, watching.watch());
  show_ignored(answer.ignored);
  if (answer.offload) show_offload(*answer.offload);
  if (!options.timeline.empty()) {
    TraceContext context = answer.job ? trace_context(*answer.job) : TraceContext{};
    if (!answer.built) context.algorithm = algorithms_of(answer);
    write_timeline(options.timeline, chrome_trace(timeline, answer.graph, context));
  }
  write_answer(options.output, simulation_document(answer, options.output.timing));
}

void add_engine_options(CLI::App& command, SimulateCommand& options) {
  begin_group(command, "Engine");
  add_job_options(command, options.job, OptionGroup::Libraries);
  command.get_option("--own-links")
      ->description("with --engine closed: as in optimize (the event-driven engine always counts links)");
  command.add_option("--engine", options.engine, "event (default) or closed")->type_name("ENGINE");
  command
      .add_option("--npu-fidelity", options.fidelity,
                  "folded, full or auto (default: folded where it is exact)")
      ->type_name("WHAT");
  command
      .add_option("--transport", options.transport,
                  "ports or flows (or links): what messages share (default: the library's network_model)")
      ->type_name("NAME");
  add_routing_options(command, options.routing);
  command.add_option("--seeds", options.seeds, "runs with so many seeds, and what they spread over")
      ->type_name("N");
  command.add_option("--shuffle", options.shuffle, "NPUs have their places in random order, by this seed")
      ->type_name("SEED");
  command.add_flag("--force", options.how.force, "play every NPU even if memory or a day may not do");
  command.add_flag(
      "--no-leap", options.how.no_leap,
      "play what repeats as well, the same times: micro-batches, and phases that meet nothing on their\n"
      "links (of real models, and where messages share links)");
}

}  // namespace

void add_simulate(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("simulate", "Plays a training step or a collective chunk by chunk on a network");
  const auto options =
      std::make_shared<SimulateCommand>();  // shared with the callback, which outlives this function
  command->add_option("words", options->words)
      ->option_text(
          "<network> <budget> <model> [<loop>]\n"
          "      network: a name, a YAML file, Ring(8)_Switch(128) or FatTree(64)\n"
          "      budget: per NPU, in GB/s (GiB/s where the library counts so); not with --bandwidth\n"
          "      model and loop: not with --collective\n"
          "or    <machine> [<budget>] <model> [<loop>] --npus N: a model on a machine, as in `estimate`, at\n"
          "      the machine's bandwidths or with the budget divided anew");
  Job& job = options->job;
  add_job_option(*command, job, &Job::model)->description("in place of <model>");
  add_job_options(*command, job, OptionGroup::Bandwidths);
  add_job_options(*command, job, OptionGroup::Collectives);
  add_job_option(*command, job, &Job::network);
  add_system_option(*command, options->system);
  add_engine_options(*command, *options);
  add_workload_groups(*command, job);
  add_job_option(*command, job, &Job::npu)->group(real_models);
  add_output_options(*command, options->output);
  add_fit_option(*command, options->output);
  add_output_file(*command, "--timeline", options->timeline,
                  "write the step as a trace for ui.perfetto.dev (compressed: step.json.gz)");
  command->footer(
      "Examples:\n"
      "  bandwright simulate 4D 325 175B NoOverlap --recompute full\n"
      "  bandwright simulate 4D --bandwidth 142.9,125.0,50.8,6.3 175B Overlap --timeline step.json\n"
      "  bandwright simulate 3D 500 --collective all-reduce --size '1 GiB' --scheduler themis\n"
      "  bandwright simulate dgx-a100 --model gpt3-175b --npus 512 --tp 8 --pp 8 --sequence-parallel\n"
      "      --global-batch 1024\n"
      "  bandwright simulate 'FatTree(64, radix 16)' --bandwidth 50 --collective all-to-all --size '1 GiB'\n"
      "      --routing ecmp --seeds 20\n"
      "  bandwright simulate --workload traces/gpt --network net.yml --library sys.json\n"
      "  bandwright simulate 'Ring(8)_Switch(128)' --bandwidth 87.58,12.42 --collective all-reduce\n"
      "      --size 1048576B --library astra1 --format json");
  let_start_fresh(*command, options);
  command->callback([command, options] {
    options->how = read_engine(*options);
    check_options(*command, *options);
    run(*command, *options);
  });
}

}  // namespace bandwright
