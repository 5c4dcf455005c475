// Random small graphs against all there is to enumerate: cuts, shortest ways, sprayed parts.
#include "tests/network/random_graphs.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "network/cut.h"
#include "network/distances.h"
#include "network/flows/completion_heap.h"
#include "network/spray.h"

namespace bandwright {
namespace {

// The least that links carry out of any set of nodes that holds the first half of the NPUs and none of the
// second (max-flow is min-cut). An NPU passes on nothing that a set could gain by.
double least_cut(const NetworkGraph& graph) {
  const auto npus = static_cast<NodeId>(graph.npus());
  const auto nodes = static_cast<NodeId>(graph.nodes.size());
  const NodeId switches = nodes - npus;
  double least = std::numeric_limits<double>::infinity();
  for (std::uint32_t set = 0; set < (1U << switches); ++set) {
    const auto inside = [&](NodeId node) {
      return node < npus ? node < npus / 2 : (set >> (node - npus) & 1U) != 0;
    };
    double out = 0.0;
    for (const GraphLink& link : graph.links) {
      if (!link.failed && inside(link.from) && !inside(link.to)) out += link.bandwidth.value();
    }
    least = std::min(least, out);
  }
  return least;
}

TEST(RandomGraphs, BetweenHalvesFlowsTheLeastCut) {
  int carrying = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    for (const bool forward : {false, true}) {
      const NetworkGraph graph = random_graph(seed, forward);
      const double cut = least_cut(graph);
      carrying += cut > 0.0 ? 1 : 0;
      ASSERT_NEAR(between_halves(graph).value(), cut, 1e-9 * (1.0 + cut)) << seed;
    }
  }
  EXPECT_GT(carrying, 300);
}

// Costs of all ways by relaxing every link until nothing changes (Bellman and Ford).
std::vector<double> costs_to(const NetworkGraph& graph, NodeId target) {
  std::vector<double> cost(graph.nodes.size(), std::numeric_limits<double>::infinity());
  cost[target] = 0.0;
  for (std::size_t round = 0; round < graph.nodes.size(); ++round) {
    for (const GraphLink& link : graph.links) {
      const bool passes =
          link.to == target || graph.npus_forward || graph.nodes[link.to].kind != NodeKind::Npu;
      if (!link.failed && passes) cost[link.from] = std::min(cost[link.from], cost[link.to] + link.cost);
    }
  }
  return cost;
}

TEST(RandomGraphs, DistancesAreTheCheapestWays) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    for (const bool forward : {false, true}) {
      const NetworkGraph graph = random_graph(seed, forward);
      Distances distances(graph);
      for (NodeId target = 0; target < graph.nodes.size(); ++target) {
        const std::vector<double> cost = costs_to(graph, target);
        const std::vector<std::uint16_t>& found = distances.to(target);
        for (NodeId node = 0; node < graph.nodes.size(); ++node) {
          if (std::isinf(cost[node])) {
            ASSERT_EQ(found[node], Distances::unreachable) << seed;
            continue;
          }
          ASSERT_EQ(found[node], cost[node]) << seed;
          // Some exit leads nearer, and no exit that does so costs more than it saves.
          bool any = node == target;
          for (const Distances::Exit& exit : distances.exits(node)) {
            if (!distances.nearer(node, exit, found)) continue;
            any = true;
            ASSERT_EQ(cost[node], cost[exit.to] + exit.cost) << seed;
            ASSERT_FALSE(graph.links[exit.link].failed) << seed;
          }
          ASSERT_TRUE(any) << seed << ": " << node << " to " << target;
        }
      }
    }
  }
}

// Links that work are exits of the node they leave, and no others.
TEST(RandomGraphs, ExitsAreTheLinksThatWork) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const NetworkGraph graph = random_graph(seed, true);
    const Distances distances(graph);
    std::vector<int> seen(graph.links.size());
    for (NodeId node = 0; node < graph.nodes.size(); ++node) {
      for (const Distances::Exit& exit : distances.exits(node)) {
        ++seen[exit.link];
        ASSERT_EQ(graph.links[exit.link].from, node);
        ASSERT_EQ(graph.links[exit.link].to, exit.to);
        ASSERT_EQ(graph.links[exit.link].cost, exit.cost);
      }
    }
    for (LinkId link = 0; link < graph.links.size(); ++link)
      EXPECT_EQ(seen[link], graph.links[link].failed ? 0 : 1);
    for (NodeId npu = 0; npu < graph.npus(); ++npu) {
      int entries = 0;
      NodeId from = npu;
      for (const GraphLink& link : graph.links) {
        if (link.failed || link.to != npu) continue;
        ++entries;
        from = link.from;
      }
      EXPECT_EQ(distances.only_entry(npu) != nullptr, entries == 1) << seed;
      EXPECT_EQ(distances.anchor(npu), entries == 1 ? from : npu) << seed;
    }
  }
}

// A message that is sprayed goes over cheapest ways alone: its parts, weighed with the costs of their links,
// are the distance.
TEST(RandomGraphs, SprayedPartsTakeCheapestWays) {
  int sprayed = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const NetworkGraph graph = random_graph(seed, seed % 2 == 0);
    Distances distances(graph);
    for (NodeId from = 0; from < graph.npus(); ++from) {
      for (NodeId to = 0; to < graph.npus(); ++to) {
        const std::uint16_t distance = distances.to(to)[from];
        if (from == to || distance == Distances::unreachable) continue;
        ++sprayed;
        double cost = 0.0;
        double arriving = 0.0;
        for (const SprayedPart& part : sprayed_parts(distances, from, to)) {
          ASSERT_GT(part.share, 0.0);
          ASSERT_LE(part.share, 1.0 + 1e-12);
          cost += part.share * graph.links[part.link].cost;
          if (graph.links[part.link].to == to) arriving += part.share;
        }
        ASSERT_NEAR(cost, distance, 1e-9) << seed;
        ASSERT_NEAR(arriving, 1.0, 1e-9) << seed;
      }
    }
  }
  EXPECT_GT(sprayed, 500);
}

// Against a plain list of times: whatever is put in, moved and taken out, the first is the earliest, and of
// equal ones the lowest.
TEST(CompletionHeaps, HaveTheEarliestFirst) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20; ++round) {
    CompletionHeap heap;
    std::array<std::int64_t, 40> times{};
    times.fill(-1);
    const auto earliest = [&] {
      std::size_t best = times.size();
      for (std::size_t i = 0; i < times.size(); ++i) {
        if (times.at(i) >= 0 && (best == times.size() || times.at(i) < times.at(best))) best = i;
      }
      return best;
    };
    for (int i = 0; i < 2000; ++i) {
      const std::size_t flow = random() % times.size();
      if (times.at(flow) >= 0 && random() % 3 == 0) {
        heap.erase(static_cast<std::uint32_t>(flow));
        times.at(flow) = -1;
      } else {
        times.at(flow) = static_cast<std::int64_t>(random() % 20);
        heap.set(static_cast<std::uint32_t>(flow), times.at(flow));
      }
      const std::size_t best = earliest();
      ASSERT_EQ(heap.empty(), best == times.size());
      if (heap.empty()) continue;
      ASSERT_EQ(heap.first(), best);
      ASSERT_EQ(heap.first_time(), times.at(best));
    }
  }
}

}  // namespace
}  // namespace bandwright
