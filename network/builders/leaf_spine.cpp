#include "network/builders/leaf_spine.h"

#include <algorithm>
#include <cmath>

namespace bandwright {

NetworkGraph build_leaf_spine(BuilderArguments& arguments) {
  const std::vector<std::int64_t> extents = arguments.extents(2, 2, "LEAVES x NPUS of each");
  const double oversubscription = arguments.number("oversubscription", 1.0, 1e-3, 1e6);
  const double cables = static_cast<double>(extents[1]) / oversubscription;  // of an NPU's bandwidth
  const std::int64_t usual = std::clamp<std::int64_t>(std::llround(cables), 1, 4096);
  const std::int64_t spines = arguments.whole("spines", usual, 1, 4096);
  const NetworkGraph::Cable leaf{.bandwidth = arguments.bandwidth(), .latency = arguments.latency()};
  NetworkGraph graph;
  graph.add_npus(extents[0] * extents[1]);
  graph.class_named("leaf", "Pod");
  const double each = cables / static_cast<double>(spines);
  const NetworkGraph::Cable up{.bandwidth = leaf.bandwidth * each,
                               .latency = leaf.latency,
                               .link_class = graph.class_named("spine", "Pod"),
                               .cables = std::max(1, static_cast<int>(std::lround(each)))};
  std::vector<NodeId> leaves;
  for (NodeId npu = 0; npu < extents[0] * extents[1]; ++npu) {
    if (npu % extents[1] == 0) leaves.push_back(graph.add(NodeKind::Switch, 1));
    graph.join(npu, leaves.back(), leaf);
  }
  if (leaves.size() == 1) return graph;
  for (std::int64_t i = 0; i < spines; ++i) {
    const NodeId spine = graph.add(NodeKind::Switch, 2);
    for (const NodeId below : leaves) graph.join(below, spine, up);
  }
  return graph;
}

}  // namespace bandwright
