#include "study/job/file_step.h"

#include <fmt/format.h>

#include "formats/astra_sim/astra_sim_2.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/astra_sim/libra.h"
#include "formats/detect.h"
#include "simulator/closed_form/lone_time.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

void append(std::vector<std::string>& list, const std::string& file, const std::vector<std::string>& more) {
  for (const std::string& line : more) list.push_back(fmt::format("{}: {}", file, line));
}

void set_bandwidth(FileStep& step, const LoadedNetwork& loaded, const FileBandwidth& wanted,
                   const std::string& network_file) {
  const double gb_per_unit = step.library.unit_gb_per_s();
  const bool given = !wanted.fixed.empty() || wanted.budget.has_value();
  const double unit = given && wanted.in_system_unit ? 1.0 : gb_per_unit;
  const auto dimensions = step.network.dimensions.size();
  std::vector<double> gb_per_s = wanted.fixed;
  if (gb_per_s.empty() && wanted.budget) {
    gb_per_s.assign(dimensions, *wanted.budget / static_cast<double>(dimensions));
  }
  if (gb_per_s.empty()) {
    for (const Bandwidth b : loaded.bandwidth) gb_per_s.push_back(b.value());
  }
  if (gb_per_s.size() != dimensions) {
    throw InputError(fmt::format("{}: {} bandwidths for {} dimensions of the network", network_file,
                                 gb_per_s.size(), dimensions));
  }
  for (const double b : gb_per_s) {
    if (!(b > 0.0)) throw InputError(fmt::format("{}: a bandwidth of {} GB/s", network_file, b));
    step.bandwidth.push_back(b / unit);
  }
}

void read_traces_into(FileStep& step, const StepFiles& files, const AstraSimSystem& library, GroupRoute route,
                      const std::function<void(const TraceProgress&)>& progress) {
  TraceCompute compute{.peak = library.peak, .memory = library.memory};
  if (!files.memory.empty()) {
    const RemoteMemory memory = read_remote_memory(YamlValue::load(files.memory));
    append(step.ignored, files.memory, memory.ignored);
    compute.remote_latency = memory.latency;
    compute.remote = memory.bandwidth;
  }
  const TraceSet traces =
      read_traces(files.workload, files.groups, static_cast<int>(step.network.npus()), progress);
  step.nodes = traces.nodes;
  const TraceStep recorded = trace_step(traces, step.network, compute, route);
  append(step.ignored, files.workload, recorded.ignored);
  const std::vector<Time> alone =
      lone_times({recorded.graph, step.network, step.library, step.bandwidth, step.library.after_collective});
  IssuedStep issued = fix_issue_order(recorded.graph, recorded.issues, [&](const Operation& operation) {
    return operation.kind == OperationKind::Collective ? alone[operation.collective] : operation.duration;
  });
  step.graph = std::move(issued.graph);
  step.ranks = in_order(recorded.ranks, recorded.issues, issued.order);
}

void read_layers_into(FileStep& step, const StepFiles& files) {
  LayerText text = read_layer_text(files.workload);
  append(step.ignored, files.workload, text.ignored);
  std::vector<Group> groups;
  if (files.communicator.empty()) {
    groups = layer_text_groups(text, step.network);
  } else {
    groups = communicator_groups(read_libra_communicator(YamlValue::load(files.communicator)), step.network);
  }
  if (text.policy.empty() && files.communicator.empty()) {
    step.ignored.push_back(files.workload +
                           ": no communicator was given: all NPUs are one data-parallel group");
  }
  const TrainingLoop& loop = training_loop(files.loop);
  if (step.library.bookkeeping >
      Time()) {  // a library that counts the loop's own time, as ASTRA-sim 1.0 does
    step.library.after_collective = text.update;
    if (text.lone_collective) step.library.bookkeeping = Time();
  }
  step.graph =
      build_step(text.model, std::move(groups), loop, loop_options(step.library, loop, text.recompute));
}

}  // namespace

FileStep load_files(const StepFiles& files, const FileBandwidth& bandwidth,
                    const std::function<void(const TraceProgress&)>& progress) {
  FileStep step;
  const LoadedNetwork network = load_any_network(files.network);
  const AstraSimSystem library = files.library.empty() ? AstraSimSystem{} : load_any_system(files.library);
  append(step.ignored, files.network, network.ignored);
  append(step.ignored, files.library, library.ignored);
  step.network = network.network;
  step.library = library.library;
  if (!network.latency.empty()) {  // ASTRA-sim 2's
    step.library.latency = network.latency;
    step.library.forwarding = Forwarding::Whole;
  }
  set_bandwidth(step, network, bandwidth, files.network);
  const Sample sample = sample_of(files.workload);
  if (sample.traces) {
    const GroupRoute usual = network.latency.empty() ? GroupRoute::Grid : GroupRoute::Ring;
    read_traces_into(step, files, library, files.route.value_or(usual), progress);
  } else if (sample.layers) {
    read_layers_into(step, files);
  } else {
    throw InputError(Place{files.workload},
                     fmt::format("is {}, expected traces or a layer text", format_of(sample).help));
  }
  return step;
}

}  // namespace bandwright
