#include "network/builders/rails.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

struct Rails {
  std::int64_t machines;
  std::int64_t npus;  // of a machine
  NetworkGraph::Cable nic;
  NetworkGraph::Cable inside;
};

Rails read_rails(BuilderArguments& arguments) {
  const std::vector<std::int64_t> extents = arguments.extents(2, 2, "MACHINES x NPUS of each");
  Rails rails{.machines = extents[0], .npus = extents[1], .nic = {}, .inside = {}};
  rails.nic = {.bandwidth = arguments.bandwidth(), .latency = arguments.latency()};
  rails.inside = {.bandwidth = arguments.bandwidth("inside", rails.nic.bandwidth * 9.0),
                  .latency = arguments.latency("inside_latency", rails.nic.latency)};
  return rails;
}

// NPU i of machine m is m * npus + i.
NetworkGraph machines_of(const Rails& rails) {
  NetworkGraph graph;
  graph.add_npus(rails.machines * rails.npus);
  if (rails.machines > 1 && rails.npus > 1) {
    graph.grid = fmt::format("Switch({})_Switch({})", rails.npus, rails.machines);
    graph.grid_bandwidth = {rails.inside.bandwidth, rails.nic.bandwidth};
  }
  NetworkGraph::Cable cable = rails.inside;
  cable.link_class = graph.class_named("inside", "Node");
  for (std::int64_t machine = 0; machine < rails.machines; ++machine) {
    if (rails.npus == 1) break;
    const NodeId inside = graph.add(NodeKind::Switch, 1);
    for (std::int64_t i = 0; i < rails.npus; ++i) {
      graph.join(static_cast<NodeId>(machine * rails.npus + i), inside, cable);
    }
  }
  return graph;
}

// The leaves of all rails, and each machine's NICs on them.
std::vector<NodeId> add_rails(const Rails& rails, std::int64_t machines_per_leaf, NetworkGraph& graph) {
  NetworkGraph::Cable cable = rails.nic;
  cable.link_class = graph.class_named("rail", "Pod");
  std::vector<NodeId> leaves;
  for (std::int64_t rail = 0; rail < rails.npus; ++rail) {
    for (std::int64_t machine = 0; machine < rails.machines; ++machine) {
      if (machine % machines_per_leaf == 0) leaves.push_back(graph.add(NodeKind::Switch, 2));
      graph.join(static_cast<NodeId>(machine * rails.npus + rail), leaves.back(), cable);
    }
  }
  return leaves;
}

}  // namespace

NetworkGraph build_rail_optimised(BuilderArguments& arguments) {
  const Rails rails = read_rails(arguments);
  const std::int64_t machines_per_leaf =
      std::min(rails.machines, arguments.whole("machines_per_leaf", 32, 1, 4096));
  const double oversubscription = arguments.number("oversubscription", 1.0, 1e-3, 1e6);
  const double cables = static_cast<double>(machines_per_leaf) / oversubscription;
  const std::int64_t usual = std::clamp<std::int64_t>(std::llround(cables), 1, 4096);
  const std::int64_t spines = arguments.whole("spines", usual, 1, 4096);
  const bool pxn = arguments.yes("pxn", true);
  NetworkGraph graph = machines_of(rails);
  graph.npus_forward = pxn && rails.npus > 1;
  const std::vector<NodeId> leaves = add_rails(rails, machines_per_leaf, graph);
  if (leaves.size() == 1) return graph;
  const double each = cables / static_cast<double>(spines);
  NetworkGraph::Cable up{.bandwidth = rails.nic.bandwidth * each,
                         .latency = rails.nic.latency,
                         .link_class = graph.class_named("spine", "Pod"),
                         .cables = std::max(1, static_cast<int>(std::lround(each)))};
  if (pxn) up.cost = 2;  // through the neighbour rather than over a spine
  for (std::int64_t i = 0; i < spines; ++i) {
    const NodeId spine = graph.add(NodeKind::Switch, 3);
    for (const NodeId leaf : leaves) graph.join(leaf, spine, up);
  }
  return graph;
}

NetworkGraph build_rail_only(BuilderArguments& arguments) {
  const Rails rails = read_rails(arguments);
  NetworkGraph graph = machines_of(rails);
  graph.npus_forward = rails.npus > 1;
  add_rails(rails, rails.machines, graph);
  return graph;
}

}  // namespace bandwright
