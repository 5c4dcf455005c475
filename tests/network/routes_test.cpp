// Ways over graphs: where they lead, how chance spreads them, and round what has failed.
#include "network/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "network/builders.h"

namespace bandwright {
namespace {

NetworkGraph graph_of(std::string_view words) { return build_graph(words, {gb_per_s(50), nanoseconds(500)}); }

double no_load(LinkId) { return 0.0; }

Routes::Way way_over(Routes& routes, NodeId from, NodeId to, std::uint64_t part = 0) {
  Routes::Way way;
  routes.find(from, to, part, no_load, way);
  return way;
}

std::vector<NodeId> nodes_of(const NetworkGraph& graph, NodeId from, const Routes::Way& way) {
  std::vector<NodeId> nodes = {from};
  for (const FlowStep& step : way.steps) {
    EXPECT_EQ(graph.links[step.link].from, nodes.back());
    nodes.push_back(graph.links[step.link].to);
  }
  return nodes;
}

constexpr std::array words = {"FatTree(32, radix 8)",
                              "FatTree(24, radix 6, oversubscription 2)",
                              "LeafSpine(3x4, oversubscription 2)",
                              "RailOptimised(6x4, machines_per_leaf 2)",
                              "RailOptimised(6x4, machines_per_leaf 2, pxn no)",
                              "RailOnly(4x4)",
                              "Torus(4x3x2)",
                              "Mesh(3x3)",
                              "Dragonfly(5x2x2, global_links 2)",
                              "HyperX(3x3, npus 2)",
                              "Rack(3x4, npus_per_nic 2)"};

// Every builder, every routing: a way from each NPU to each other over links that follow one another, through
// NPUs only where they pass messages on, its latency that of its links.
TEST(Routes, EveryWayLeadsThere) {
  for (const std::string_view word : words) {
    const NetworkGraph graph = graph_of(word);
    for (const RoutingInfo& info : routings()) {
      if (info.routing == Routing::Spray) continue;
      Routes routes(graph, {.routing = info.routing});
      for (NodeId from = 0; from < graph.npus(); ++from) {
        for (NodeId to = 0; to < graph.npus(); ++to) {
          const Routes::Way way = way_over(routes, from, to);
          const std::vector<NodeId> nodes = nodes_of(graph, from, way);
          ASSERT_EQ(nodes.back(), to) << word << ' ' << info.name;
          Time latency;
          for (const FlowStep& step : way.steps) latency += graph.links[step.link].latency;
          ASSERT_EQ(way.latency, latency);
          if (graph.npus_forward) continue;
          for (std::size_t i = 1; i + 1 < nodes.size(); ++i) ASSERT_GE(nodes[i], graph.npus()) << word;
        }
      }
    }
  }
}

// Sprayed over links, the parts that leave a node are those that come to it.
TEST(Routes, SprayedPartsAddUp) {
  for (const std::string_view word : words) {
    const NetworkGraph graph = graph_of(word);
    Distances distances(graph);
    for (NodeId to = 1; to < graph.npus(); ++to) {
      std::vector<double> balance(graph.nodes.size());
      for (const SprayedPart& part : sprayed_parts(distances, 0, to)) {
        balance[graph.links[part.link].from] -= part.share;
        balance[graph.links[part.link].to] += part.share;
      }
      balance[0] += 1.0;
      balance[to] -= 1.0;
      for (const double rest : balance) ASSERT_NEAR(rest, 0.0, 1e-12) << word;
    }
  }
}

// A bundle's links are alike: spraying over bundles loads each link as spraying over links does.
TEST(Routes, BundlesCarryWhatTheirLinksDo) {
  for (const std::string_view word : words) {
    const NetworkGraph graph = graph_of(word);
    Distances distances(graph);
    const Bundles bundles = find_bundles(graph, distances);
    Routes routes(graph, {.routing = Routing::Spray});
    for (NodeId to = 1; to < graph.npus(); ++to) {
      std::vector<double> by_link(bundles.count);
      for (const SprayedPart& part : sprayed_parts(distances, 0, to))
        by_link[bundles.of_link[part.link]] += part.share;
      std::vector<double> by_bundle(bundles.count);
      for (const FlowStep& step : way_over(routes, 0, to).steps) {
        by_bundle[step.link] += static_cast<double>(step.share) / FlowStep::whole;
      }
      for (std::size_t b = 0; b < by_link.size(); ++b) ASSERT_NEAR(by_link[b], by_bundle[b], 1e-6) << word;
    }
  }
}

// Three levels: 2 x 2 links of NPUs, and a trunk up and down for each leaf and each pod.
TEST(Routes, AFatTreeSpraysOverSixTrunks) {
  const NetworkGraph graph = graph_of("FatTree(1024, radix 16)");
  Routes routes(graph, {.routing = Routing::Spray});
  EXPECT_EQ(routes.shared_count(), 2 * 1024U + 2 * 128U + 2 * 16U);
  const Routes::Way way = way_over(routes, 0, 1023);
  EXPECT_EQ(way.steps.size(), 6U);
  EXPECT_TRUE(std::all_of(way.steps.begin(), way.steps.end(),
                          [](const FlowStep& step) { return step.share == FlowStep::whole; }));
  EXPECT_EQ(way.latency, nanoseconds(3000));
}

// On a torus a message goes along its first direction first, the shorter way round, up where both are as
// long.
TEST(Routes, TorusIsCrossedDirectionByDirection) {
  const NetworkGraph graph = graph_of("Torus(4x4)");
  for (const Routing routing : {Routing::Shortest, Routing::DirectionOrder}) {
    Routes routes(graph, {.routing = routing});
    EXPECT_EQ(nodes_of(graph, 0, way_over(routes, 0, 10)), (std::vector<NodeId>{0, 1, 2, 6, 10}));
    EXPECT_EQ(nodes_of(graph, 1, way_over(routes, 1, 12)), (std::vector<NodeId>{1, 0, 12}));
  }
}

// With PXN a message to another rail goes to the neighbour there; without, over a spine.
TEST(Routes, PxnLeavesByTheRightRail) {
  const NetworkGraph pxn = graph_of("RailOptimised(4x2, machines_per_leaf 2)");
  Routes by_neighbour(pxn, {});
  const std::vector<NodeId> nodes = nodes_of(pxn, 0, way_over(by_neighbour, 0, 3));
  EXPECT_EQ(std::vector<NodeId>({nodes[0], nodes[2], nodes[4]}), (std::vector<NodeId>{0, 1, 3}));
  const NetworkGraph plain = graph_of("RailOptimised(4x2, machines_per_leaf 2, pxn no)");
  Routes by_spine(plain, {});
  EXPECT_EQ(plain.nodes[nodes_of(plain, 0, way_over(by_spine, 0, 3))[2]].level, 3);
}

// Messages of three pairs over two spines: of the 8 equally likely choices two put all three on one spine and
// six put two, so the fuller spine has 2.25 on average (standard deviation 0.433, over 4,000 seeds 0.007).
TEST(Routes, EcmpSpreadsLikeDice) {
  const NetworkGraph graph = graph_of("LeafSpine(2x3, spines 2)");
  const auto mean_of_fullest = [&](int queue_pairs) {
    double sum = 0.0;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
      Routes routes(graph, {.routing = Routing::Ecmp, .seed = seed});
      std::array<double, 2> load{};
      for (NodeId npu = 0; npu < 3; ++npu) {
        for (int part = 0; part < queue_pairs; ++part) {
          const auto way = way_over(routes, npu, npu + 3, static_cast<std::uint64_t>(part));
          load.at(graph.links[way.steps[1].link].to - 8) += 1.0 / queue_pairs;
        }
      }
      sum += std::max(load[0], load[1]);
    }
    return sum / 4000.0;
  };
  EXPECT_NEAR(mean_of_fullest(1), 2.25, 0.03);
  // Six halves: max(k, 6 - k) / 2 with k of the binomial (6, 1/2): (2 x 6 + 12 x 5 + 30 x 4 + 20 x 3) / 64
  // / 2.
  EXPECT_NEAR(mean_of_fullest(2), 252.0 / 128.0, 0.03);
}

TEST(Routes, AdaptiveTakesTheIdleLink) {
  const NetworkGraph graph = graph_of("LeafSpine(2x2, spines 2)");
  Routes routes(graph, {.routing = Routing::Adaptive});
  Routes::Way first;
  routes.find(0, 2, 0, no_load, first);
  Routes::Way second;
  routes.find(
      1, 3, 0, [&](LinkId link) { return link == first.steps[1].link ? 1.0 : 0.0; }, second);
  EXPECT_NE(graph.links[first.steps[1].link].to, graph.links[second.steps[1].link].to);
}

// Two groups joined by one global link and a third between: when the short way is crowded, UGAL goes over
// another router as soon as that is quicker.
TEST(Routes, UgalLeavesTheCrowdedWay) {
  const NetworkGraph graph = graph_of("Dragonfly(3x2x1)");
  Routes shortest(graph, {});
  Routes ugal(graph, {.routing = Routing::Ugal, .seed = 3});
  const Routes::Way usual = way_over(shortest, 0, 2);
  EXPECT_EQ(way_over(ugal, 0, 2).steps.size(), usual.steps.size());
  const auto crowded = [&](LinkId link) { return link == usual.steps[1].link ? 100.0 : 0.0; };
  std::set<LinkId> second_links;
  for (std::uint64_t part = 0; part < 20; ++part) {
    Routes::Way way;
    ugal.find(0, 2, part, crowded, way);
    second_links.insert(way.steps[1].link);
  }
  EXPECT_GT(second_links.size(), 1U);
}

TEST(Routes, AFailedLinkIsGoneRound) {
  NetworkGraph graph = graph_of("Torus(3x3)");
  for (GraphLink& link : graph.links) link.failed = link.from + link.to == 1;  // 0 - 1, both directions
  Routes routes(graph, {});
  EXPECT_EQ(way_over(routes, 0, 1).steps.size(), 2U);                                         // over NPU 2
  for (GraphLink& link : graph.links) link.failed = link.failed || link.from + link.to == 2;  // and 0 - 2
  Routes other(graph, {});
  EXPECT_EQ(way_over(other, 0, 1).steps.size(), 3U);  // over the other direction
}

TEST(Routes, NoWayIsAnError) {
  NetworkGraph graph = graph_of("LeafSpine(2x1, spines 1)");
  graph.links.back().failed = true;  // the spine to the second leaf... and back
  graph.links[graph.links.size() - 2].failed = true;
  for (const Routing routing : {Routing::Shortest, Routing::Spray}) {
    Routes routes(graph, {.routing = routing});
    EXPECT_THROW(way_over(routes, 0, 1), InputError);
  }
}

TEST(Routes, ATableIsFollowed) {
  const NetworkGraph graph = graph_of("Torus(3x3)");
  Routes routes(graph, {.routing = Routing::Table, .table = {{{0, 1}, {0, 2, 1}}}});
  EXPECT_EQ(nodes_of(graph, 0, way_over(routes, 0, 1)), (std::vector<NodeId>{0, 2, 1}));
  EXPECT_EQ(nodes_of(graph, 1, way_over(routes, 1, 0)), (std::vector<NodeId>{1, 0}));
  EXPECT_THROW(Routes(graph, {.routing = Routing::Table, .table = {{{0, 4}, {0, 4}}}}), InputError);
}

}  // namespace
}  // namespace bandwright
