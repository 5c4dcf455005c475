#include "experiment/job.h"

#include <fmt/format.h>

#include "formats/astra_sim_2.h"
#include "formats/detect.h"
#include "formats/layer_text.h"
#include "formats/libra.h"
#include "simulator/lone_time.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

void append(std::vector<std::string>& list, const std::string& file, const std::vector<std::string>& more) {
  for (const std::string& line : more) list.push_back(fmt::format("{}: {}", file, line));
}

void set_bandwidth(Job& job, const LoadedNetwork& loaded, const JobBandwidth& wanted,
                   const std::string& network_file) {
  const double gb_per_unit = job.system.bytes_per_second_unit() / 1e9;
  const bool given = !wanted.fixed.empty() || wanted.budget.has_value();
  const double unit = given && wanted.in_system_unit ? 1.0 : gb_per_unit;
  const auto dimensions = job.network.dimensions.size();
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
    job.bandwidth.push_back(b / unit);
  }
}

void read_traces_into(Job& job, const JobFiles& files, const AstraSimSystem& system, GroupRoute route,
                      const std::function<void(const TraceProgress&)>& progress) {
  TraceCompute compute{.peak = system.peak, .memory = system.memory};
  if (!files.memory.empty()) {
    const RemoteMemory memory = read_remote_memory(YamlValue::load(files.memory));
    append(job.ignored, files.memory, memory.ignored);
    compute.remote_latency = memory.latency;
    compute.remote = memory.bandwidth;
  }
  const TraceSet traces =
      read_traces(files.workload, files.groups, static_cast<int>(job.network.npus()), progress);
  job.nodes = traces.nodes;
  const TraceStep step = trace_step(traces, job.network, compute, route);
  append(job.ignored, files.workload, step.ignored);
  const std::vector<Time> alone =
      lone_times({step.graph, job.network, job.system, job.bandwidth, job.system.after_collective});
  IssuedStep issued = fix_issue_order(step.graph, step.issues, [&](const Operation& operation) {
    return operation.kind == OperationKind::Collective ? alone[operation.collective] : operation.duration;
  });
  job.graph = std::move(issued.graph);
  job.ranks = in_order(step.ranks, step.issues, issued.order);
}

void read_layers_into(Job& job, const JobFiles& files) {
  LayerText text = read_layer_text(files.workload);
  append(job.ignored, files.workload, text.ignored);
  std::vector<Group> groups;
  if (files.communicator.empty()) {
    groups = layer_text_groups(text, job.network);
  } else {
    groups = communicator_groups(read_libra_communicator(YamlValue::load(files.communicator)), job.network);
  }
  if (text.policy.empty() && files.communicator.empty()) {
    job.ignored.push_back(files.workload +
                          ": no communicator was given: all NPUs are one data-parallel group");
  }
  const TrainingLoop& loop = training_loop(files.loop);
  if (job.system.bookkeeping > Time()) {  // a system that counts the loop's own time, as ASTRA-sim 1.0 does
    job.system.after_collective = text.update;
    if (text.lone_collective) job.system.bookkeeping = Time();
  }
  job.graph = build_step(text.model, std::move(groups), loop, loop_options(job.system, loop, text.recompute));
}

}  // namespace

Job load_job(const JobFiles& files, const JobBandwidth& bandwidth,
             const std::function<void(const TraceProgress&)>& progress) {
  Job job;
  const LoadedNetwork network = load_any_network(files.network);
  const AstraSimSystem system = files.system.empty() ? AstraSimSystem{} : load_any_system(files.system);
  append(job.ignored, files.network, network.ignored);
  append(job.ignored, files.system, system.ignored);
  job.network = network.network;
  job.system = system.system;
  if (!network.latency.empty()) job.system.latency = network.latency;
  set_bandwidth(job, network, bandwidth, files.network);
  const Sample sample = sample_of(files.workload);
  if (sample.traces) {
    const GroupRoute usual = network.latency.empty() ? GroupRoute::Grid : GroupRoute::Ring;
    read_traces_into(job, files, system, files.route.value_or(usual), progress);
  } else if (sample.layers) {
    read_layers_into(job, files);
  } else {
    throw InputError(Place{files.workload},
                     fmt::format("is {}, expected traces or a layer text", format_of(sample).help));
  }
  return job;
}

}  // namespace bandwright
