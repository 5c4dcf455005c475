#pragma once
#include <random>

#include "network/graph.h"

namespace bandwright {

// A few NPUs and switches with links of random bandwidths and costs between them, of which some have failed.
inline NetworkGraph random_graph(std::uint64_t seed, bool npus_forward) {
  std::mt19937_64 random(seed);
  NetworkGraph graph{.name = "random"};
  const auto npus = static_cast<std::int64_t>(2 + random() % 4);
  graph.add_npus(npus);
  const auto switches = static_cast<int>(1 + random() % 4);
  for (int i = 0; i < switches; ++i) graph.add(NodeKind::Switch, 1);
  graph.npus_forward = npus_forward;
  const std::uint16_t link_class = graph.class_named("link", "Pod");
  const auto nodes = static_cast<NodeId>(graph.nodes.size());
  const std::size_t links = 2 * nodes + random() % (2 * nodes);
  for (std::size_t i = 0; i < links; ++i) {
    const auto from = static_cast<NodeId>(random() % nodes);
    const auto to = static_cast<NodeId>(random() % nodes);
    if (from == to) continue;
    graph.link(from, to,
               {Bandwidth(static_cast<double>(1 + random() % 9)), nanoseconds(100), link_class, 1,
                static_cast<int>(1 + random() % 3)});
    graph.links.back().failed = random() % 6 == 0;
  }
  return graph;
}

}  // namespace bandwright
