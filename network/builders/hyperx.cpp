#include "network/builders/hyperx.h"

#include <fmt/format.h>

#include "core/error.h"

namespace bandwright {

NetworkGraph build_hyperx(BuilderArguments& arguments) {
  const std::vector<std::int64_t> extents = arguments.extents(1, 8, "extents, such as 4x4");
  const std::int64_t npus = arguments.whole("npus", 1, 1, 4096);
  NetworkGraph::Cable npu{.bandwidth = arguments.bandwidth(), .latency = arguments.latency()};
  NetworkGraph::Cable between{.bandwidth = arguments.bandwidth("between", npu.bandwidth),
                              .latency = npu.latency};
  std::int64_t switches = 1;
  for (const std::int64_t extent : extents)
    switches = switches > max_graph_npus ? switches : switches * extent;
  double links = 2.0 * static_cast<double>(switches) * static_cast<double>(npus);
  for (const std::int64_t extent : extents)
    links += static_cast<double>(switches) * static_cast<double>(extent - 1);
  if (links > static_cast<double>(max_graph_links))
    throw InputError(fmt::format("HyperX: {:.3g} links, expected at most {}", links, max_graph_links));
  NetworkGraph graph;
  graph.add_npus(switches > max_graph_npus ? switches : switches * npus);
  npu.link_class = graph.class_named("switch", "Pod");
  std::vector<NodeId> nodes;
  for (std::int64_t s = 0; s < switches; ++s) {
    nodes.push_back(graph.add(NodeKind::Switch, 1));
    for (std::int64_t i = 0; i < npus; ++i) graph.join(static_cast<NodeId>(s * npus + i), nodes.back(), npu);
  }
  std::int64_t stride = 1;
  for (std::size_t d = 0; d < extents.size(); ++d) {
    between.link_class = graph.class_named(fmt::format("direction {}", d), "Pod");
    for (std::int64_t s = 0; s < switches; ++s) {
      const std::int64_t position = s / stride % extents[d];
      for (std::int64_t other = position + 1; other < extents[d]; ++other) {
        graph.join(nodes[static_cast<std::size_t>(s)],
                   nodes[static_cast<std::size_t>(s + (other - position) * stride)], between);
      }
    }
    stride *= extents[d];
  }
  return graph;
}

}  // namespace bandwright
