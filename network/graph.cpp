#include "network/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace bandwright {

std::string_view node_kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::Npu:
      return "NPU";
    case NodeKind::Switch:
      return "switch";
    default:
      return "port";
  }
}

std::int64_t NetworkGraph::npus() const {
  const auto end = std::find_if(nodes.begin(), nodes.end(),
                                [](const GraphNode& node) { return node.kind != NodeKind::Npu; });
  return end - nodes.begin();
}

std::string NetworkGraph::node_name(NodeId node) const {
  if (node < node_names.size() && !node_names[node].empty()) return node_names[node];
  return fmt::format("{} {}", node_kind_name(nodes[node].kind), node);
}

std::uint16_t NetworkGraph::class_named(std::string_view class_name, std::string_view price_class) {
  const auto known = std::find_if(classes.begin(), classes.end(), [&](const LinkClass& each) {
    return each.name == class_name && each.price_class == price_class;
  });
  if (known != classes.end()) return static_cast<std::uint16_t>(known - classes.begin());
  if (classes.size() >= 1000) throw InputError("more than 1,000 classes of links");
  classes.push_back({std::string(class_name), std::string(price_class)});
  return static_cast<std::uint16_t>(classes.size() - 1);
}

NodeId NetworkGraph::add(NodeKind kind, int level) {
  nodes.push_back({kind, level});
  return static_cast<NodeId>(nodes.size() - 1);
}

void NetworkGraph::add_npus(std::int64_t count) {
  if (count < 1 || count > max_graph_npus) {
    throw InputError(fmt::format("{} NPUs, expected 1 to {}", count, max_graph_npus));
  }
  nodes.resize(static_cast<std::size_t>(count));
}

void NetworkGraph::link(NodeId from, NodeId to, const Cable& cable) {
  if (static_cast<std::int64_t>(links.size()) >= max_graph_links) {
    throw InputError(fmt::format("more than {} links", max_graph_links));
  }
  links.push_back({.from = from,
                   .to = to,
                   .bandwidth = cable.bandwidth,
                   .latency = cable.latency,
                   .link_class = cable.link_class,
                   .cables = static_cast<std::uint16_t>(std::clamp(cable.cables, 1, 65535)),
                   .cost = static_cast<std::uint8_t>(std::clamp(cable.cost, 1, 255))});
}

void NetworkGraph::join(NodeId a, NodeId b, const Cable& cable) {
  link(a, b, cable);
  link(b, a, cable);
}

void set_levels_by_distance(NetworkGraph& graph) {
  std::vector<std::vector<NodeId>> neighbours(graph.nodes.size());
  for (const GraphLink& link : graph.links) neighbours[link.from].push_back(link.to);
  std::vector<NodeId> nodes(static_cast<std::size_t>(graph.npus()));
  std::iota(nodes.begin(), nodes.end(), NodeId{0});
  std::vector<bool> reached(graph.nodes.size());
  std::fill_n(reached.begin(), nodes.size(), true);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const NodeId next : neighbours[nodes[i]]) {
      if (reached[next]) continue;
      reached[next] = true;
      graph.nodes[next].level = graph.nodes[nodes[i]].level + 1;
      nodes.push_back(next);
    }
  }
}

LogicalGrid logical_grid(const NetworkGraph& graph) {
  if (!graph.grid.empty()) {
    LogicalGrid grid{parse_network(graph.grid), graph.grid_bandwidth};
    if (grid.network.npus() != graph.npus() || grid.bandwidth.size() != grid.network.dimensions.size()) {
      throw InputError(fmt::format("{} is not a grid of {} NPUs with a bandwidth for each dimension",
                                   graph.grid, graph.npus()));
    }
    grid.network.name = graph.name;
    return grid;
  }
  if (graph.npus() < 2) throw InputError("a network of one NPU has nothing to send");
  std::vector<Bandwidth> out(static_cast<std::size_t>(graph.npus()));
  for (const GraphLink& link : graph.links) {
    if (link.from < out.size()) out[link.from] += link.bandwidth;
  }
  LogicalGrid grid{parse_network(fmt::format("Switch({})", graph.npus())),
                   {*std::max_element(out.begin(), out.end())}};
  grid.network.name = graph.name;
  return grid;
}

bool switches_join(const NetworkGraph& graph, const Network& grid, std::size_t dimension) {
  std::vector<std::vector<NodeId>> switches(
      static_cast<std::size_t>(graph.npus()));  // of each NPU, ascending
  for (const GraphLink& link : graph.links) {
    const bool up = link.from < switches.size() && graph.nodes[link.to].kind == NodeKind::Switch;
    if (up && !link.failed) switches[link.from].push_back(link.to);
  }
  for (std::vector<NodeId>& each : switches) std::sort(each.begin(), each.end());
  std::int64_t stride = 1;
  for (std::size_t d = 0; d < dimension; ++d) stride *= grid.dimensions[d].npus;
  const std::int64_t extent = grid.dimensions[dimension].npus;
  std::vector<NodeId> common;
  std::vector<NodeId> left;
  for (std::int64_t first = 0; first < grid.npus(); ++first) {
    if (first / stride % extent != 0) continue;
    common = switches[static_cast<std::size_t>(first)];
    for (std::int64_t i = 1; i < extent; ++i) {
      const std::vector<NodeId>& other = switches[static_cast<std::size_t>(first + i * stride)];
      left.clear();
      std::set_intersection(common.begin(), common.end(), other.begin(), other.end(),
                            std::back_inserter(left));
      std::swap(common, left);
    }
    if (common.empty()) return false;
  }
  return true;
}

void check_graph(const NetworkGraph& graph) {
  const auto count = static_cast<std::size_t>(graph.npus());
  if (count == 0) throw InputError("a network without NPUs");
  for (std::size_t i = count; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].kind == NodeKind::Npu) throw InputError("NPUs have to be a network's first nodes");
  }
  for (const GraphLink& link : graph.links) {
    if (link.from >= graph.nodes.size() || link.to >= graph.nodes.size()) {
      throw InputError("a link to a node that does not exist");
    }
    if (link.from == link.to)
      throw InputError(fmt::format("a link from {0} to {0}", graph.node_name(link.from)));
    if (!link.failed) check_range(link.bandwidth);
    if (!link.failed && !(link.bandwidth.value() > 0.0)) {
      throw InputError(fmt::format("a link of 0 GB/s from {} to {} (one that failed is said to have failed)",
                                   graph.node_name(link.from), graph.node_name(link.to)));
    }
  }
}

}  // namespace bandwright
