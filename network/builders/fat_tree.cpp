#include "network/builders/fat_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "core/error.h"

namespace bandwright {
namespace {

std::int64_t pieces(std::int64_t whole, std::int64_t piece) { return (whole + piece - 1) / piece; }

struct FatTree {
  std::int64_t npus;
  std::int64_t radix;
  std::int64_t down;  // of a leaf
  std::int64_t up;
  NetworkGraph::Cable cable;

  [[nodiscard]] std::int64_t leaves() const { return pieces(npus, down); }
};

// Links from each of `lower` switches with `up` links to each switch above it, which has `radix` ports.
std::int64_t parallel_links(std::int64_t lower, std::int64_t up, std::int64_t radix) {
  std::int64_t links = std::max<std::int64_t>(1, std::min(up, radix / lower));
  while (up % links != 0) --links;
  return links;
}

std::vector<NodeId> add_leaves(const FatTree& tree, NetworkGraph& graph) {
  NetworkGraph::Cable cable = tree.cable;
  cable.link_class = graph.class_named("leaf", "Pod");
  std::vector<NodeId> leaves;
  for (std::int64_t npu = 0; npu < tree.npus; ++npu) {
    if (npu % tree.down == 0) leaves.push_back(graph.add(NodeKind::Switch, 1));
    graph.join(static_cast<NodeId>(npu), leaves.back(), cable);
  }
  return leaves;
}

void join_all(NetworkGraph& graph, std::span<const NodeId> lower, std::span<const NodeId> upper,
              std::int64_t links, const NetworkGraph::Cable& cable) {
  for (const NodeId below : lower) {
    for (const NodeId above : upper) {
      for (std::int64_t i = 0; i < links; ++i) graph.join(below, above, cable);
    }
  }
}

std::vector<NodeId> add_switches(NetworkGraph& graph, std::int64_t count, int level) {
  std::vector<NodeId> result;
  for (std::int64_t i = 0; i < count; ++i) result.push_back(graph.add(NodeKind::Switch, level));
  return result;
}

void add_spines(const FatTree& tree, NetworkGraph& graph, std::span<const NodeId> leaves) {
  NetworkGraph::Cable cable = tree.cable;
  cable.link_class = graph.class_named("spine", "Pod");
  const std::int64_t links = parallel_links(static_cast<std::int64_t>(leaves.size()), tree.up, tree.radix);
  join_all(graph, leaves, add_switches(graph, tree.up / links, 2), links, cable);
}

// Middle switch i of every pod is joined to the i-th of the equal parts of the core.
void add_pods(const FatTree& tree, NetworkGraph& graph, const std::vector<NodeId>& leaves) {
  const std::int64_t half = tree.radix / 2;
  const std::int64_t pods = pieces(static_cast<std::int64_t>(leaves.size()), half);
  if (pods > tree.radix) {
    throw InputError(fmt::format("FatTree: {} NPUs need more than three levels of radix {} (up to {} NPUs)",
                                 tree.npus, tree.radix, tree.radix * half * tree.down));
  }
  NetworkGraph::Cable spine = tree.cable;
  NetworkGraph::Cable core = tree.cable;
  spine.link_class = graph.class_named("spine", "Pod");
  core.link_class = graph.class_named("core", "Pod");
  const std::int64_t links = parallel_links(pods, half, tree.radix);
  std::vector<std::vector<NodeId>> middles;
  for (std::int64_t pod = 0; pod < pods; ++pod) {
    middles.push_back(add_switches(graph, tree.up, 2));
    const auto begin = static_cast<std::size_t>(pod * half);
    const auto count = std::min(static_cast<std::size_t>(half), leaves.size() - begin);
    join_all(graph, std::span(leaves).subspan(begin, count), middles.back(), 1, spine);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(tree.up); ++i) {
    const std::vector<NodeId> part = add_switches(graph, half / links, 3);
    for (const std::vector<NodeId>& pod : middles) join_all(graph, {&pod[i], 1}, part, links, core);
  }
}

}  // namespace

NetworkGraph build_fat_tree(BuilderArguments& arguments) {
  FatTree tree{};
  tree.npus = arguments.extents(1, 1, "the number of NPUs")[0];
  tree.radix = arguments.whole("radix", 64, 2, 4096);
  const double oversubscription = arguments.number("oversubscription", 1.0, 1.0, 4095.0);
  const std::int64_t levels = arguments.whole("levels", 0, 2, 3);
  tree.cable = {.bandwidth = arguments.bandwidth(), .latency = arguments.latency()};
  tree.down = std::llround(static_cast<double>(tree.radix) * oversubscription / (1.0 + oversubscription));
  tree.up = tree.radix - tree.down;
  if (tree.up < 1 ||
      std::abs(static_cast<double>(tree.down) - oversubscription * static_cast<double>(tree.up)) > 1e-9) {
    throw InputError(fmt::format("FatTree: radix {} cannot be divided {}:1 into ports down and up",
                                 tree.radix, oversubscription));
  }
  NetworkGraph graph;
  graph.add_npus(tree.npus);
  const std::vector<NodeId> leaves = add_leaves(tree, graph);
  if (leaves.size() == 1) return graph;
  const bool two = static_cast<std::int64_t>(leaves.size()) <= tree.radix;
  if (levels == 2 && !two) {
    throw InputError(fmt::format("FatTree: {} NPUs need more than two levels of radix {} (up to {} NPUs)",
                                 tree.npus, tree.radix, tree.radix * tree.down));
  }
  if (levels == 3 || !two) {
    if (tree.radix % 2 != 0) throw InputError("FatTree: an odd radix cannot have three levels");
    add_pods(tree, graph, leaves);
  } else {
    add_spines(tree, graph, leaves);
  }
  return graph;
}

}  // namespace bandwright
