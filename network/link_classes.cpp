#include "network/link_classes.h"

namespace bandwright {

std::vector<double> class_gb_per_s(const NetworkGraph& graph) {
  std::vector<double> sum(graph.classes.size());
  for (const GraphLink& link : graph.links) sum[link.link_class] += link.bandwidth.value();
  for (double& each : sum) each /= 2.0 * static_cast<double>(graph.npus());  // a cable has two directions
  return sum;
}

NetworkGraph with_class_gb_per_s(NetworkGraph graph, std::span<const double> gb_per_s) {
  std::vector<double> factor = class_gb_per_s(graph);
  for (std::size_t c = 0; c < factor.size(); ++c) factor[c] = factor[c] > 0.0 ? gb_per_s[c] / factor[c] : 1.0;
  for (GraphLink& link : graph.links) link.bandwidth = link.bandwidth * factor[link.link_class];
  return graph;
}

NetworkGraph without_empty_classes(NetworkGraph graph) {
  std::vector<bool> used(graph.classes.size());
  for (const GraphLink& link : graph.links) used[link.link_class] = true;
  std::vector<std::uint16_t> place(graph.classes.size());
  std::vector<LinkClass> kept;
  for (std::size_t c = 0; c < used.size(); ++c) {
    place[c] = static_cast<std::uint16_t>(kept.size());
    if (used[c]) kept.push_back(graph.classes[c]);
  }
  for (GraphLink& link : graph.links) link.link_class = place[link.link_class];
  graph.classes = std::move(kept);
  return graph;
}

}  // namespace bandwright
