#include "network/spray.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "core/stopping.h"
#include "network/hash.h"

namespace bandwright {
namespace {

// Whole numbers modulo the prime 2^61 - 1.
class Residue {
 public:
  Residue() = default;
  explicit Residue(std::uint64_t value) : value_(value % prime) {}
  friend Residue operator+(Residue a, Residue b) { return Residue(a.value_ + b.value_); }
  friend Residue operator*(Residue a, Residue b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a.value_) * b.value_;
    return Residue(static_cast<std::uint64_t>(product & prime) + static_cast<std::uint64_t>(product >> 61));
  }
  // What times the number gives 1.
  [[nodiscard]] Residue inverse() const {
    Residue result(1);
    Residue power = *this;
    for (std::uint64_t e = prime - 2; e > 0; e >>= 1) {
      if (e % 2 == 1) result = result * power;
      power = power * power;
    }
    return result;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  static constexpr std::uint64_t prime = (std::uint64_t{1} << 61) - 1;
  std::uint64_t value_ = 0;
};

// Nodes from which the target can be reached, the farthest first.
std::vector<NodeId> farthest_first(const std::vector<std::uint16_t>& distance) {
  std::vector<NodeId> order;
  for (NodeId node = 0; node < distance.size(); ++node) {
    if (distance[node] != Distances::unreachable && distance[node] > 0) order.push_back(node);
  }
  std::sort(order.begin(), order.end(), [&](NodeId a, NodeId b) { return distance[a] > distance[b]; });
  return order;
}

std::uint32_t exits_nearer(const Distances& distances, NodeId node,
                           const std::vector<std::uint16_t>& distance) {
  std::uint32_t count = 0;
  for (const Distances::Exit& exit : distances.exits(node))
    count += distances.nearer(node, exit, distance) ? 1U : 0U;
  return count;
}

}  // namespace

Bundles find_bundles(const NetworkGraph& graph, Distances& distances) {
  const auto npus = static_cast<NodeId>(graph.npus());
  std::set<NodeId> targets;
  for (NodeId npu = 0; npu < npus; ++npu) targets.insert(distances.anchor(npu));
  std::vector<Residue> sum(graph.links.size());
  std::vector<Residue> inverse(1);
  const StopCheck stop;
  for (const NodeId target : targets) {
    stop.look();
    const std::vector<std::uint16_t>& distance = distances.to(target);
    std::vector<Residue> held(graph.nodes.size());
    for (NodeId npu = 0; npu < npus; ++npu) held[npu] = Residue(hashed(npu, target) >> 3);
    for (const NodeId node : farthest_first(distance)) {
      const std::uint32_t count = exits_nearer(distances, node, distance);
      for (std::uint64_t next = inverse.size(); next <= count; ++next)
        inverse.push_back(Residue(next).inverse());
      const Residue part = held[node] * inverse[count];
      for (const Distances::Exit& exit : distances.exits(node)) {
        if (!distances.nearer(node, exit, distance)) continue;
        held[exit.to] = held[exit.to] + part;
        sum[exit.link] = sum[exit.link] + part;
      }
    }
  }
  Bundles bundles;
  std::map<std::pair<std::uint64_t, double>, std::uint32_t> known;
  for (LinkId link = 0; link < graph.links.size(); ++link) {
    const bool own = sum[link].value() == 0 || graph.links[link].to < npus;  // the last link of a way
    const auto [bundle, fresh] =
        known.try_emplace({sum[link].value(), graph.links[link].bandwidth.value()}, bundles.count);
    bundles.of_link.push_back(own || fresh ? bundles.count++ : bundle->second);
  }
  return bundles;
}

std::vector<SprayedPart> sprayed_parts(Distances& distances, NodeId from, NodeId target) {
  const std::vector<std::uint16_t>& distance = distances.to(target);
  std::vector<SprayedPart> parts;
  if (distance[from] == Distances::unreachable) return parts;
  // Nodes by how far they still are: their shares are complete before they are taken.
  std::map<std::pair<std::uint16_t, NodeId>, double, std::greater<>> held{{{distance[from], from}, 1.0}};
  while (!held.empty()) {
    const NodeId node = held.begin()->first.second;
    const double share = held.begin()->second;
    held.erase(held.begin());
    if (node == target) continue;
    const double part = share / exits_nearer(distances, node, distance);
    for (const Distances::Exit& exit : distances.exits(node)) {
      if (!distances.nearer(node, exit, distance)) continue;
      parts.push_back({exit.link, part});
      held[{distance[exit.to], exit.to}] += part;
    }
  }
  return parts;
}

}  // namespace bandwright
