#include "network/builders/rack.h"

#include <fmt/format.h>

namespace bandwright {

NetworkGraph build_rack(BuilderArguments& arguments) {
  const std::vector<std::int64_t> extents = arguments.extents(2, 2, "RACKS x NPUS of each");
  const std::int64_t npus_per_nic = arguments.whole("npus_per_nic", 1, 1, 4096);
  NetworkGraph::Cable nic{.bandwidth = arguments.bandwidth(), .latency = arguments.latency()};
  NetworkGraph::Cable inside{.bandwidth = arguments.bandwidth("inside", nic.bandwidth * 9.0),
                             .latency = arguments.latency("inside_latency", nic.latency)};
  NetworkGraph graph;
  graph.add_npus(extents[0] * extents[1]);
  if (extents[0] > 1 && extents[1] > 1) {
    graph.grid = fmt::format("Switch({})_Switch({})", extents[1], extents[0]);
    graph.grid_bandwidth = {inside.bandwidth, nic.bandwidth * (1.0 / static_cast<double>(npus_per_nic))};
  }
  inside.link_class = graph.class_named("inside", "Node");
  nic.link_class = graph.class_named("scale-out", "Pod");
  const NetworkGraph::Cable reach{.bandwidth = nic.bandwidth,
                                  .latency = Time(0),
                                  .link_class = graph.class_named("NIC", "Node"),
                                  .cost = 2};  // inside rather than through a neighbour's NIC
  std::vector<NodeId> nics;
  for (std::int64_t rack = 0; rack < extents[0]; ++rack) {
    const NodeId middle = graph.add(NodeKind::Switch, 1);
    for (std::int64_t i = 0; i < extents[1]; ++i) {
      const auto npu = static_cast<NodeId>(rack * extents[1] + i);
      graph.join(npu, middle, inside);
      if (extents[0] == 1) continue;
      if (i % npus_per_nic == 0) nics.push_back(graph.add(NodeKind::Port, 2));
      graph.join(npu, nics.back(), reach);
    }
  }
  if (nics.empty()) return graph;
  const NodeId out = graph.add(NodeKind::Switch, 3);
  for (const NodeId each : nics) graph.join(each, out, nic);
  return graph;
}

}  // namespace bandwright
