#include "formats/summaries.h"

#include <fmt/format.h>

#include <map>

#include "core/stopping.h"
#include "formats/astra_sim/artifact.h"
#include "formats/astra_sim/astra_sim_1.h"
#include "formats/astra_sim/astra_sim_2.h"
#include "formats/astra_sim/astra_sim_system.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/astra_sim/libra.h"
#include "formats/chakra/trace_set.h"
#include "formats/chakra/trace_ties.h"
#include "formats/class_prices.h"
#include "formats/infragraph.h"
#include "network/edge_list.h"
#include "network/graph_file.h"

namespace bandwright {
namespace {

// Compute and bytes per collective, of one NPU.
class Work {
 public:
  void add(Time compute) { compute_ += compute; }
  void add(const std::string& what, Bytes size) {
    Calls& calls = calls_[what];
    ++calls.count;
    calls.bytes += size;
  }
  void add(const TraceNode& node, const std::optional<TraceCompute>& compute) {
    if (node.kind == TraceNodeKind::Compute) {
      compute_ += compute ? compute_time(node, *compute) : node.duration;
      flop_ += static_cast<double>(node.operations);
    } else if (node.kind == TraceNodeKind::Collective) {
      add(std::string(collective_name(node.collective.kind)), node.collective.bytes);
    } else if (node.kind == TraceNodeKind::Send) {
      add("send", node.collective.bytes);
    } else if (node.kind == TraceNodeKind::Memory) {
      add("memory", node.tensor);
    }
  }
  void add_to(FileSummary& summary, const std::string& whose) const {
    const bool unknown = flop_ > 0.0 && compute_ == Time();
    summary.facts.emplace_back(
        "compute time" + whose,
        unknown ? "not measured: --system FILE, with its peak, tells" : format_time(compute_));
    if (flop_ > 0.0) {
      summary.facts.emplace_back("compute" + whose, fmt::format("{:.4g} TFLOP", flop_ * 1e-12));
    }
    for (const auto& [what, calls] : calls_) {
      summary.facts.emplace_back(what + whose,
                                 fmt::format("{} calls, {}", calls.count, format_bytes(calls.bytes)));
    }
  }

 private:
  struct Calls {
    std::int64_t count = 0;
    Bytes bytes;
  };
  Time compute_;
  double flop_ = 0.0;
  std::map<std::string, Calls> calls_;
};

FileSummary summarise_trace_file(const Sample& sample) {
  TraceFile file(sample.path);
  StopCheck stop;
  Work work;
  std::vector<TraceNode> nodes;
  while (auto node = file.next()) {
    stop.look_now_and_then();
    work.add(*node, sample.compute);
    nodes.push_back(std::move(*node));
  }
  if (nodes.empty()) throw InputError(Place{sample.path.string()}, "holds no nodes");
  check_dependencies(nodes, sample.path);
  FileSummary summary{.facts = {{"nodes", std::to_string(nodes.size())}}};
  work.add_to(summary, "");
  return summary;
}

// "16 of 4 NPUs, 4 of 16"
std::string group_sizes(const ProcessGroups& groups) {
  std::map<std::size_t, int> sizes;
  for (const auto& [name, members] : groups) ++sizes[members.size()];
  std::string text;
  for (const auto& [size, count] : sizes) {
    text += fmt::format("{}{} of {}{}", text.empty() ? "" : ", ", count, size, text.empty() ? " NPUs" : "");
  }
  return text.empty() ? "none but all NPUs" : text;
}

FileSummary summarise(const NetworkGraph& graph) {
  std::int64_t switches = 0;
  for (const GraphNode& node : graph.nodes) switches += node.kind == NodeKind::Switch ? 1 : 0;
  FileSummary summary{
      .facts = {{"NPUs", std::to_string(graph.npus())}, {"switches", std::to_string(switches)}}};
  std::vector<std::int64_t> links(graph.classes.size());
  for (const GraphLink& link : graph.links) ++links[link.link_class];
  for (std::size_t c = 0; c < links.size(); ++c) {
    summary.facts.emplace_back(fmt::format("links '{}'", graph.classes[c].name), std::to_string(links[c]));
  }
  return summary;
}

FileSummary summarise(const Network& network) {
  return {.facts = {{"dimensions", network.shorthand()}, {"NPUs", std::to_string(network.npus())}}};
}

void add_links(FileSummary& summary, const std::vector<Bandwidth>& bandwidth,
               const std::vector<Time>& latency) {
  std::vector<std::string> speeds;
  std::vector<std::string> delays;
  for (const Bandwidth b : bandwidth) speeds.push_back(fmt::format("{:.4g} GB/s", b.value()));
  for (const Time t : latency) delays.push_back(format_time(t));
  summary.facts.emplace_back("bandwidth per NPU", fmt::to_string(fmt::join(speeds, ", ")));
  summary.facts.emplace_back("latency per hop", fmt::to_string(fmt::join(delays, ", ")));
}

FileSummary summarise(const AstraSimSystem& read) {
  FileSummary summary{.ignored = read.ignored};
  summary.facts.emplace_back("chunks per collective", std::to_string(read.library.chunks));
  for (std::size_t d = 0; d < read.library.algorithms.by_dimension.size() && d < 4; ++d) {
    for (const auto& [phase, algorithm] : read.library.algorithms.by_dimension[d]) {
      summary.facts.emplace_back(fmt::format("{}, dimension {}", collective_name(phase), d + 1), algorithm);
    }
  }
  summary.facts.emplace_back("endpoint delay", format_time(read.library.endpoint_delay));
  if (read.peak)
    summary.facts.emplace_back("peak", fmt::format("{:.4g} TFLOP/s", read.peak->value() * 1e-12));
  if (read.memory > Bandwidth()) {
    summary.facts.emplace_back("memory", fmt::format("{:.4g} GB/s", read.memory.value()));
  }
  return summary;
}

FileSummary summarise(const Model& model) {
  Work work;
  for (const Line& line : model.lines) {
    for (const Pass* pass : {&line.forward, &line.input_gradient, &line.weight_gradient}) {
      work.add(pass->compute);
      if (!pass->communication) continue;
      const Collective& call = pass->communication->collective;
      work.add(fmt::format("{} over {}", collective_name(call.kind), axis_name(pass->communication->axis)),
               call.bytes);
    }
  }
  FileSummary summary{.facts = {{"layers", std::to_string(model.lines.size())},
                                {"NPUs of a tensor-parallel group", std::to_string(model.tensor_parallel)}}};
  work.add_to(summary, "");
  return summary;
}

}  // namespace

FileSummary summarise_traces(const Sample& sample) {
  if (std::filesystem::is_regular_file(sample.path)) return summarise_trace_file(sample);
  const TraceSet traces = read_traces(sample.path, sample.groups, 0, sample.progress);
  check_ties(traces);
  FileSummary summary{.facts = {{"NPUs", std::to_string(traces.npus)},
                                {"nodes", std::to_string(traces.nodes)},
                                {"process groups", group_sizes(traces.groups)},
                                {"kinds of NPU", std::to_string(traces.classes.size())}}};
  if (!traces.groups_file.empty()) {
    summary.facts.emplace_back("process groups are those of", traces.groups_file.string());
  }
  for (const TraceClass& one : traces.classes) {
    if (summary.facts.size() > 40) break;
    Work work;
    for (const TraceNode& node : one.nodes) work.add(node, sample.compute);
    work.add_to(summary, traces.classes.size() == 1 ? "" : fmt::format(" of NPU {}", one.npus[0]));
  }
  return summary;
}

FileSummary summarise_layers(const Sample& sample) {
  const LayerText text = read_layer_text(sample.path);
  FileSummary summary = summarise(text.model);
  summary.facts.insert(summary.facts.begin(), {"policy", text.policy.empty() ? "none (LIBRA)" : text.policy});
  summary.ignored = text.ignored;
  return summary;
}

FileSummary summarise_astra_sim_2_network(const Sample& sample) {
  const AstraSim2Network read = read_astra_sim_2_network(*sample.root);
  FileSummary summary = summarise(read.network);
  add_links(summary, read.bandwidth, read.latency);
  return summary;
}

FileSummary summarise_astra_sim_2_system(const Sample& sample) {
  return summarise(read_astra_sim_2_system(*sample.root));
}

FileSummary summarise_astra_sim_1_system(const Sample& sample) {
  return summarise(read_astra_sim_1_system(*sample.root));
}

FileSummary summarise_memory(const Sample& sample) {
  const RemoteMemory memory = read_remote_memory(*sample.root);
  FileSummary summary{.facts = {{"type", memory.type}}, .ignored = memory.ignored};
  summary.facts.emplace_back("a memory node of a trace takes",
                             memory.bandwidth > Bandwidth()
                                 ? fmt::format("{} + its tensor_size at {:.6g} GB/s",
                                               format_time(memory.latency), memory.bandwidth.value())
                                 : "no time");
  summary.facts.emplace_back("used by", "simulate and optimize, with --memory FILE");
  return summary;
}

FileSummary summarise_groups(const Sample& sample) {
  const auto groups = read_process_groups(*sample.root, static_cast<int>(max_npus));
  return {.facts = {{"process groups", group_sizes(groups)}}};
}

FileSummary summarise_logical(const Sample& sample) {
  return {.facts = {{"dimensions", fmt::to_string(fmt::join(read_logical_dimensions(*sample.root), " x "))}},
          .ignored = {"logical-dims: a network file says how its dimensions are wired"}};
}

FileSummary summarise_astra_sim_1_network(const Sample& sample) {
  const AstraSim1Network read = read_astra_sim_1_network(*sample.root);
  if (read.is_template) {
    std::vector<std::string_view> kinds;
    for (const Dimension& dimension : read.network.dimensions) kinds.push_back(dimension.kind->name);
    return {.facts = {{"template of", fmt::to_string(fmt::join(kinds, ", "))},
                      {"NPUs", "given on the command line: write units-count into the file to run it"}},
            .ignored = read.ignored};
  }
  FileSummary summary = summarise(read.network);
  add_links(summary, read.bandwidth, read.latency);
  summary.ignored = read.ignored;
  return summary;
}

FileSummary summarise_artifact_network(const Sample& sample) {
  const ArtifactNetwork read = read_artifact_network(*sample.root);
  FileSummary summary = summarise(read.network);
  summary.facts.emplace_back("budget per NPU", fmt::format("{:.6g} GB/s", read.budget.value()));
  return summary;
}

FileSummary summarise_libra_network(const Sample& sample) {
  return summarise(read_libra_network(*sample.root));
}

FileSummary summarise_communicator(const Sample& sample) {
  const LibraCommunicator read = read_libra_communicator(*sample.root);
  return {.facts = {{"NPUs of activations", fmt::to_string(fmt::join(read.activations, " x "))},
                    {"NPUs of gradients", fmt::to_string(fmt::join(read.gradients, " x "))}}};
}

FileSummary summarise_class_prices(const Sample& sample) {
  FileSummary summary;
  for (const ClassPrices& row : read_class_prices(*sample.root, Cables::PerNpu).classes) {
    std::vector<std::string> prices;
    constexpr std::array<std::string_view, element_count> names = {"link", "switch", "NIC"};
    for (std::size_t e = 0; e < element_count; ++e) {
      if (row.per_gb_per_s[e])
        prices.push_back(fmt::format("{} ${:.4g}", names[e], row.per_gb_per_s[e]->value()));
    }
    summary.facts.emplace_back(row.name, fmt::format("{} per GB/s", fmt::join(prices, ", ")));
  }
  return summary;
}

FileSummary summarise_model(const Sample& sample) { return summarise(read_model(*sample.root)); }
FileSummary summarise_links(const std::filesystem::path& file) {
  return summarise(read_edge_list(file, {gb_per_s(1.0), {}}));
}

FileSummary summarise_network(const Sample& sample) {
  if (is_graph_file(*sample.root)) return summarise(read_graph(*sample.root, {gb_per_s(1.0), {}}));
  return summarise(read_network(*sample.root));
}
FileSummary summarise_infragraph(const Sample& sample) {
  return summarise(read_infragraph(*sample.root, {gb_per_s(1.0), {}}));
}
FileSummary summarise_system(const Sample& sample) {
  return summarise(AstraSimSystem{.library = read_library(*sample.root)});
}

}  // namespace bandwright
