#include "network/builders/torus.h"

#include <fmt/format.h>

namespace bandwright {
namespace {

NetworkGraph build(BuilderArguments& arguments, bool around) {
  const std::vector<std::int64_t> extents = arguments.extents(1, 8, "extents, such as 4x4x4");
  NetworkGraph::Cable cable{.bandwidth = arguments.bandwidth(), .latency = arguments.latency()};
  std::int64_t npus = 1;
  for (const std::int64_t extent : extents) npus = npus > max_graph_npus ? npus : npus * extent;
  NetworkGraph graph;
  graph.add_npus(npus);
  graph.npus_forward = true;
  std::int64_t stride = 1;
  for (std::size_t d = 0; d < extents.size(); ++d) {
    const std::int64_t extent = extents[d];
    if (extent > 1) {
      graph.grid += fmt::format("{}Ring({})", graph.grid.empty() ? "" : "_", extent);
      graph.grid_bandwidth.push_back(cable.bandwidth);
    }
    cable.link_class = graph.class_named(fmt::format("direction {}", d), "Node");
    const bool closed = around && extent > 2;
    for (const bool up : {true, false}) {  // all links up, then all down: the shortest way of two goes up
      for (std::int64_t npu = 0; npu < npus; ++npu) {
        const bool last = npu / stride % extent + 1 == extent;
        if (last && !closed) continue;
        const auto next = static_cast<NodeId>(last ? npu - (extent - 1) * stride : npu + stride);
        const auto here = static_cast<NodeId>(npu);
        graph.link(up ? here : next, up ? next : here, cable);
      }
    }
    stride *= extent;
  }
  return graph;
}

}  // namespace

NetworkGraph build_torus(BuilderArguments& arguments) { return build(arguments, true); }
NetworkGraph build_mesh(BuilderArguments& arguments) { return build(arguments, false); }

}  // namespace bandwright
