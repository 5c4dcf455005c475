#include "network/builders/grid.h"

#include <fmt/format.h>

#include "core/error.h"

namespace bandwright {
namespace {

// The NPUs of a line along one dimension.
struct GridLine {
  std::int64_t first;
  std::int64_t stride;
  std::int64_t npus;
  [[nodiscard]] NodeId at(std::int64_t position) const {
    return static_cast<NodeId>(first + position % npus * stride);
  }
};

void wire_line(const GridLine& line, const DimensionKind& kind, NetworkGraph::Cable cable,
               NetworkGraph& graph) {
  if (kind.switched) {
    const NodeId joint = graph.add(NodeKind::Switch, 1);
    for (std::int64_t i = 0; i < line.npus; ++i) graph.join(line.at(i), joint, cable);
    return;
  }
  const bool ring = kind.hops(4, 0, 2) > 1;
  if (!ring) cable.bandwidth = cable.bandwidth * (1.0 / static_cast<double>(line.npus - 1));
  for (std::int64_t i = 0; i < line.npus; ++i) {
    const std::int64_t last = ring ? i + 1 : line.npus - 1;
    if (ring && line.npus == 2 && i == 1) break;  // the same two
    for (std::int64_t other = i + 1; other <= last; ++other) graph.join(line.at(i), line.at(other), cable);
  }
}

void check_grid_links(const Network& network) {
  double links = 0.0;
  for (const Dimension& dimension : network.dimensions) {
    links +=
        static_cast<double>(network.npus()) / dimension.npus * dimension.kind->link_count(dimension.npus);
  }
  if (links > static_cast<double>(max_graph_links) || network.npus() > max_graph_npus) {
    throw InputError(fmt::format("{} NPUs and {:.0f} links, expected up to {} and {}", network.npus(), links,
                                 max_graph_npus, max_graph_links));
  }
}

}  // namespace

NetworkGraph build_grid(BuilderArguments& arguments) {
  if (arguments.first_word().empty()) throw InputError("Grid: expected a grid, such as Ring(4)_Switch(8)");
  const Network network = load_network(arguments.first_word());
  check_grid_links(network);
  NetworkGraph graph;
  graph.add_npus(network.npus());
  graph.grid = network.shorthand();
  const Bandwidth every =
      arguments.bandwidth("bandwidth", arguments.defaults().bandwidth.value_or(Bandwidth()));
  const Time hop = arguments.latency();
  std::int64_t stride = 1;
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    const Dimension& dimension = network.dimensions[d];
    NetworkGraph::Cable cable{
        .bandwidth = arguments.bandwidth(fmt::format("bandwidth_{}", d + 1), every),
        .latency = arguments.latency(fmt::format("latency_{}", d + 1), hop),
        .link_class = graph.class_named(fmt::format("dimension {}", d + 1), dimension.price_class)};
    if (!(cable.bandwidth > Bandwidth())) cable.bandwidth = arguments.bandwidth();  // throws
    graph.grid_bandwidth.push_back(cable.bandwidth);
    for (std::int64_t npu = 0; npu < network.npus(); ++npu) {
      if (npu / stride % dimension.npus != 0) continue;
      wire_line({npu, stride, dimension.npus}, *dimension.kind, cable, graph);
    }
    stride *= dimension.npus;
    graph.npus_forward = graph.npus_forward || !dimension.kind->switched || network.dimensions.size() > 1;
  }
  return graph;
}

}  // namespace bandwright
