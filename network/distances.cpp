#include "network/distances.h"

#include <algorithm>

#include "core/error.h"
#include "core/stopping.h"

namespace bandwright {
namespace {

using Exit = Distances::Exit;

// Links grouped by one of their ends.
void group_links(const NetworkGraph& graph, NodeId GraphLink::*here, NodeId GraphLink::*there,
                 std::vector<std::uint32_t>& first, std::vector<Exit>& exits) {
  first.assign(graph.nodes.size() + 1, 0);
  for (const GraphLink& link : graph.links) first[link.*here + 1] += link.failed ? 0U : 1U;
  for (std::size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
  exits.resize(first.back());
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  for (LinkId id = 0; id < graph.links.size(); ++id) {
    const GraphLink& link = graph.links[id];
    if (!link.failed) exits[next[link.*here]++] = {id, link.*there, link.cost};
  }
}

}  // namespace

DistancesCost distances_cost(const NetworkGraph& graph) {
  constexpr double link_seconds = 3e-9;  // from 2 where all is in a cache to 4
  const auto npus = static_cast<std::size_t>(graph.npus());
  std::vector<std::uint32_t> entries(npus);
  std::vector<NodeId> neighbour(npus);
  for (const GraphLink& link : graph.links) {
    if (link.failed || link.to >= npus) continue;
    ++entries[link.to];
    neighbour[link.to] = link.from;
  }
  std::vector<bool> target(graph.nodes.size());
  for (std::size_t npu = 0; npu < npus; ++npu) target[entries[npu] == 1 ? neighbour[npu] : npu] = true;
  DistancesCost cost{.targets = static_cast<double>(std::count(target.begin(), target.end(), true))};
  cost.bytes = cost.targets * static_cast<double>(graph.nodes.size()) * sizeof(std::uint16_t);
  cost.seconds = cost.targets * static_cast<double>(graph.links.size()) * link_seconds;
  return cost;
}

Distances::Distances(const NetworkGraph& graph) : known_(graph.nodes.size()) {
  group_links(graph, &GraphLink::from, &GraphLink::to, first_, exits_);
  group_links(graph, &GraphLink::to, &GraphLink::from, first_entry_, entries_);
  for (const GraphNode& node : graph.nodes)
    passes_.push_back(node.kind != NodeKind::Npu || graph.npus_forward);
}

const std::vector<std::uint16_t>& Distances::to(NodeId target) {
  if (known_[target].empty()) known_[target] = measured(target);
  return known_[target];
}

// Dial's algorithm: nodes by their distance, in buckets, as costs are small whole numbers.
std::vector<std::uint16_t> Distances::measured(NodeId target) const {
  StopCheck().look();
  std::vector<std::uint16_t> distance(passes_.size(), unreachable);
  std::vector<std::vector<NodeId>> buckets(1, {target});
  distance[target] = 0;
  for (std::size_t near = 0; near < buckets.size(); ++near) {
    for (std::size_t i = 0; i < buckets[near].size(); ++i) {
      const NodeId node = buckets[near][i];
      if (distance[node] != near || (node != target && !passes_[node])) continue;
      for (std::uint32_t e = first_entry_[node]; e < first_entry_[node + 1]; ++e) {
        const std::size_t far = near + entries_[e].cost;
        if (far >= unreachable) throw InputError("a way over more than 65,534 links");
        if (far >= distance[entries_[e].to]) continue;
        distance[entries_[e].to] = static_cast<std::uint16_t>(far);
        if (buckets.size() <= far) buckets.resize(far + 1);
        buckets[far].push_back(entries_[e].to);
      }
    }
  }
  return distance;
}

}  // namespace bandwright
