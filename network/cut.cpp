#include "network/cut.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <vector>

#include "core/stopping.h"

namespace bandwright {
namespace {

class LargestFlow {
 public:
  explicit LargestFlow(std::size_t nodes) : edges_of_(nodes) {}

  void add(std::size_t from, std::size_t to, double capacity) {
    edges_of_[from].push_back(edges_.size());
    edges_.push_back({to, capacity});
    edges_of_[to].push_back(edges_.size());
    edges_.push_back({from, 0.0});
  }

  double between(std::size_t source, std::size_t sink) {
    double total = 0.0;
    while (measure(source, sink)) {
      next_.assign(edges_of_.size(), 0);
      for (double pushed = 1.0; pushed > 0.0; total += pushed) {
        stop_.look_now_and_then();
        pushed = push(source, sink, std::numeric_limits<double>::infinity());
      }
    }
    return total;
  }

 private:
  static constexpr double nothing = 1e-9;  // GB/s
  struct Edge {
    std::size_t to;
    double left;
  };

  bool measure(std::size_t source, std::size_t sink) {
    level_.assign(edges_of_.size(), -1);
    level_[source] = 0;
    std::queue<std::size_t> queue({source});
    for (; !queue.empty(); queue.pop()) {
      for (const std::size_t e : edges_of_[queue.front()]) {
        if (edges_[e].left <= nothing || level_[edges_[e].to] >= 0) continue;
        level_[edges_[e].to] = level_[queue.front()] + 1;
        queue.push(edges_[e].to);
      }
    }
    return level_[sink] >= 0;
  }

  // Along one way of the layers; 0 when there is none left. Ways are as long as the graph is wide, which is
  // short.
  double push(std::size_t node, std::size_t sink, double most) {
    if (node == sink) return most;
    for (; next_[node] < edges_of_[node].size(); ++next_[node]) {
      const std::size_t e = edges_of_[node][next_[node]];
      if (edges_[e].left <= nothing || level_[edges_[e].to] != level_[node] + 1) continue;
      const double pushed = push(edges_[e].to, sink, std::min(most, edges_[e].left));
      if (pushed <= 0.0) continue;
      edges_[e].left -= pushed;
      edges_[e ^ 1U].left += pushed;
      return pushed;
    }
    return 0.0;
  }

  std::vector<Edge> edges_;  // each followed by its reverse
  std::vector<std::vector<std::size_t>> edges_of_;
  std::vector<int> level_;
  std::vector<std::size_t> next_;
  StopCheck stop_;
};

}  // namespace

Bandwidth between_halves(const NetworkGraph& graph) {
  const auto npus = static_cast<NodeId>(graph.npus());
  const std::size_t nodes = graph.nodes.size();
  // An NPU that passes nothing on has an entry of its own, behind all nodes: what comes in cannot go out
  // again.
  LargestFlow flow(nodes + npus + 2);
  const std::size_t source = nodes + npus;
  const std::size_t sink = source + 1;
  const auto entry = [&](NodeId node) -> std::size_t {
    return node < npus && !graph.npus_forward ? nodes + node : node;
  };
  for (const GraphLink& link : graph.links) {
    if (!link.failed) flow.add(link.from, entry(link.to), link.bandwidth.value());
  }
  constexpr double unlimited = 1e15;
  for (NodeId npu = 0; npu < npus / 2; ++npu) flow.add(source, npu, unlimited);
  for (NodeId npu = npus / 2; npu < npus; ++npu) flow.add(entry(npu), sink, unlimited);
  return Bandwidth(flow.between(source, sink));
}

}  // namespace bandwright
