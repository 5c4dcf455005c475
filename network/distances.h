#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "network/graph.h"

namespace bandwright {

// What it takes to know the ways to all NPUs.
struct DistancesCost {
  double targets = 0.0;  // measured
  double bytes = 0.0;
  double seconds = 0.0;
};
DistancesCost distances_cost(const NetworkGraph& graph);

// How far it is from any node to a target over links that work, each counted with its cost. Messages pass
// through switches and ports; through NPUs where the graph says so.
class Distances {
 public:
  // A link that leaves a node.
  struct Exit {
    LinkId link;
    NodeId to;
    std::uint32_t cost;
  };
  static constexpr std::uint16_t unreachable = 0xFFFF;

  explicit Distances(const NetworkGraph& graph);

  // By node; worked out the first time. Throws InputError for a way that costs more than 65,534.
  const std::vector<std::uint16_t>& to(NodeId target);
  [[nodiscard]] std::span<const Exit> exits(NodeId node) const {
    return std::span(exits_).subspan(first_[node], first_[node + 1] - first_[node]);
  }
  // Whether this exit is on a shortest way to the target of these distances.
  [[nodiscard]] bool nearer(NodeId from, const Exit& exit, const std::vector<std::uint16_t>& distance) const {
    return distance[exit.to] != unreachable && distance[from] == distance[exit.to] + exit.cost &&
           (distance[exit.to] == 0 || passes_[exit.to]);
  }
  // The only link that leads to an NPU, `to` being where it comes from; null where there are several.
  [[nodiscard]] const Exit* only_entry(NodeId npu) const {
    return first_entry_[npu + 1] == first_entry_[npu] + 1 ? &entries_[first_entry_[npu]] : nullptr;
  }
  // Whether messages pass through a node.
  [[nodiscard]] bool passes(NodeId node) const { return passes_[node] != 0; }
  // A target for all NPUs that are only reached over it: the NPU's only neighbour, where messages pass
  // through it, or the NPU itself.
  [[nodiscard]] NodeId anchor(NodeId npu) const {
    const Exit* entry = only_entry(npu);
    return entry == nullptr || !passes(entry->to) ? npu : entry->to;
  }

 private:
  std::vector<std::uint16_t> measured(NodeId target) const;

  std::vector<Exit> exits_;
  std::vector<std::uint32_t> first_;
  std::vector<Exit> entries_;  // the same links by where they lead; `to` is where they come from
  std::vector<std::uint32_t> first_entry_;
  std::vector<std::uint8_t> passes_;
  std::vector<std::vector<std::uint16_t>> known_;  // by target; empty: not yet
};

}  // namespace bandwright
