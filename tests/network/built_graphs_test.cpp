// What holds of every network that a builder makes, and of what is changed about it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "network/builders.h"
#include "network/cut.h"
#include "network/drawing.h"
#include "network/link_classes.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

class BuiltGraphs : public testing::TestWithParam<const char*> {
 protected:
  const NetworkGraph graph_ = build_graph(GetParam(), {gb_per_s(50), nanoseconds(500)});
};

// NPUs first, everything joined both ways with the same cable, every class in use, every name its own.
TEST_P(BuiltGraphs, AreWholeAndGoBothWays) {
  EXPECT_EQ(refused([&] { return check_graph(graph_); }), "");
  std::map<std::tuple<NodeId, NodeId, double, std::int64_t, int>, int> cables;
  std::set<std::uint16_t> classes;
  std::vector<int> out(graph_.nodes.size());
  for (const GraphLink& link : graph_.links) {
    const auto key = [&](NodeId a, NodeId b) {
      return std::tuple(a, b, link.bandwidth.value(), link.latency.value(),
                        static_cast<int>(link.link_class));
    };
    ++cables[key(link.from, link.to)];
    --cables[key(link.to, link.from)];
    classes.insert(link.link_class);
    ++out[link.from];
    EXPECT_GE(link.cables, 1);
    EXPECT_FALSE(link.failed);
  }
  for (const auto& [cable, difference] : cables) EXPECT_EQ(difference, 0);
  EXPECT_EQ(classes.size(), graph_.classes.size());
  EXPECT_EQ(*std::min_element(out.begin(), out.end()) > 0, true) << "a node that nothing leaves";
  std::set<std::string> names;
  for (NodeId node = 0; node < graph_.nodes.size(); ++node) {
    EXPECT_TRUE(names.insert(graph_.node_name(node)).second) << graph_.node_name(node);
    EXPECT_EQ(graph_.nodes[node].kind == NodeKind::Npu, node < graph_.npus());
    EXPECT_EQ(graph_.nodes[node].level == 0, node < graph_.npus()) << graph_.node_name(node);
  }
}

// The grid that collectives are planned on holds all NPUs, at bandwidths that they have.
TEST_P(BuiltGraphs, HaveAGridOfTheirNpus) {
  const LogicalGrid grid = logical_grid(graph_);
  EXPECT_EQ(grid.network.npus(), graph_.npus());
  ASSERT_EQ(grid.bandwidth.size(), grid.network.dimensions.size());
  double planned = 0.0;
  for (const Bandwidth b : grid.bandwidth) {
    EXPECT_GT(b.value(), 0.0);
    planned += b.value();
  }
  double most = 0.0;
  std::vector<double> own(static_cast<std::size_t>(graph_.npus()));
  for (const GraphLink& link : graph_.links) {
    if (link.from < own.size()) most = std::max(most, own[link.from] += link.bandwidth.value());
  }
  EXPECT_LE(planned, most * (1.0 + 1e-9));
}

// What flows between halves is no more than the NPUs of one send; it grows with bandwidth in proportion, and
// no link that fails adds to it.
TEST_P(BuiltGraphs, FlowLessWithLess) {
  const double whole = between_halves(graph_).value();
  EXPECT_GT(whole, 0.0);
  double sent = 0.0;
  for (const GraphLink& link : graph_.links) {
    if (link.from < graph_.npus() / 2) sent += link.bandwidth.value();
  }
  EXPECT_LE(whole, sent * (1.0 + 1e-9));
  NetworkGraph twice = graph_;
  for (GraphLink& link : twice.links) link.bandwidth = Bandwidth(2.0 * link.bandwidth.value());
  EXPECT_NEAR(between_halves(twice).value(), 2.0 * whole, 1e-6 * whole);
  NetworkGraph failing = graph_;
  double before = whole;
  for (std::size_t i = 0; i < failing.links.size(); i += 1 + failing.links.size() / 7) {
    failing.links[i].failed = true;
    const double now = between_halves(failing).value();
    EXPECT_LE(now, before * (1.0 + 1e-9));
    EXPECT_GE(now, before - failing.links[i].bandwidth.value() - 1e-6);
    before = now;
  }
}

// The same bandwidths of each class give the same links; twice as much of one class twice its links alone.
TEST_P(BuiltGraphs, ClassesAreChangedOneByOne) {
  const std::vector<double> own = class_gb_per_s(graph_);
  const NetworkGraph same = with_class_gb_per_s(graph_, own);
  for (LinkId i = 0; i < graph_.links.size(); ++i) {
    EXPECT_NEAR(same.links[i].bandwidth.value(), graph_.links[i].bandwidth.value(), 1e-9);
  }
  double carried = 0.0;
  for (const double each : own) carried += each * static_cast<double>(graph_.npus());
  double one_way = 0.0;
  for (const GraphLink& link : graph_.links) one_way += 0.5 * link.bandwidth.value();
  EXPECT_NEAR(carried, one_way, 1e-6 * one_way);
  for (std::size_t c = 0; c < own.size(); ++c) {
    std::vector<double> more = own;
    more[c] *= 2.0;
    const NetworkGraph changed = with_class_gb_per_s(graph_, more);
    for (LinkId i = 0; i < graph_.links.size(); ++i) {
      const double factor = graph_.links[i].link_class == c ? 2.0 : 1.0;
      EXPECT_NEAR(changed.links[i].bandwidth.value(), factor * graph_.links[i].bandwidth.value(), 1e-9);
    }
    EXPECT_GE(between_halves(changed).value(), between_halves(graph_).value() * (1.0 - 1e-9));
  }
}

// A picture has a mark for each node, and is the same each time.
TEST_P(BuiltGraphs, AreDrawnTheSameEachTime) {
  const std::string picture = drawing_of(graph_);
  EXPECT_EQ(picture, drawing_of(graph_));
  EXPECT_EQ(picture.find("<svg"), picture.rfind("<svg"));
  EXPECT_NE(picture.find("</svg>"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Builders, BuiltGraphs,
    testing::Values("FatTree(32, radix 8)", "FatTree(24, radix 6, oversubscription 2)",
                    "FatTree(64, radix 8)", "LeafSpine(3x4, oversubscription 2)", "LeafSpine(4x8, spines 1)",
                    "RailOptimised(6x4, machines_per_leaf 2, inside 450)", "RailOptimised(4x4, pxn no)",
                    "RailOnly(4x4, inside 450)", "Torus(4x3x2)", "Torus(6)", "Mesh(3x3)",
                    "Dragonfly(5x2x2, global_links 2)", "HyperX(3x3, npus 2)", "Rack(3x4, npus_per_nic 2)",
                    "Grid(Ring(4)_Switch(2), bandwidth_1 100)", "Grid(FullyConnected(4)_Ring(3))"));

// Whatever is oversubscribed more carries no more between halves; with one, everything.
TEST(BuiltGraphFamilies, OversubscriptionOnlyTakesAway) {
  double before = 1e300;
  for (const char* ratio : {"1", "2", "4", "8"}) {
    const NetworkGraph graph = build_graph(
        fmt::format("LeafSpine(4x8, spines 1, oversubscription {})", ratio), {gb_per_s(50), Time()});
    const double now = between_halves(graph).value();
    EXPECT_NEAR(now, 16.0 * 50.0 / std::stod(ratio), 1e-6);
    EXPECT_LE(now, before);
    before = now;
  }
}

// A torus of n x n has 2 n cables across its middle in each of two places, each of which goes both ways.
TEST(BuiltGraphFamilies, ATorusIsCutInTwoPlaces) {
  for (const int n : {4, 6, 8}) {
    const NetworkGraph torus = build_graph(fmt::format("Torus({0}x{0})", n), {gb_per_s(10), Time()});
    EXPECT_NEAR(between_halves(torus).value(), 2.0 * n * 10.0, 1e-6) << n;
    const NetworkGraph mesh = build_graph(fmt::format("Mesh({0}x{0})", n), {gb_per_s(10), Time()});
    EXPECT_NEAR(between_halves(mesh).value(), 1.0 * n * 10.0, 1e-6) << n;
  }
}

// Names, levels and classes of a graph that is made by hand.
TEST(GraphsByHand, AreCheckedBeforeAnythingFlows) {
  NetworkGraph graph{.name = "hand"};
  EXPECT_EQ(refused([&] { return check_graph(graph); }), "a network without NPUs");
  graph.add_npus(2);
  const NodeId middle = graph.add(NodeKind::Switch, 1);
  const std::uint16_t up = graph.class_named("up", "Pod");
  EXPECT_EQ(graph.class_named("up", "Pod"), up);
  EXPECT_NE(graph.class_named("up", "Node"), up);
  graph.join(0, middle, {gb_per_s(10), Time(), up});
  graph.join(1, middle, {gb_per_s(20), Time(), up});
  EXPECT_EQ(refused([&] { return check_graph(graph); }), "");
  EXPECT_EQ(graph.npus(), 2);
  EXPECT_EQ(logical_grid(graph).network.shorthand(), "Switch(2)");
  EXPECT_EQ(logical_grid(graph).bandwidth, std::vector{gb_per_s(20)});  // the fastest NPU's
  const auto broken = [&](auto change) {
    NetworkGraph changed = graph;
    change(changed);
    return refused([&] { return check_graph(changed); });
  };
  EXPECT_EQ(broken([](NetworkGraph& g) { g.links[0].to = 9; }), "a link to a node that does not exist");
  EXPECT_EQ(broken([](NetworkGraph& g) { g.links[0].to = 0; }),
            fmt::format("a link from {0} to {0}", graph.node_name(0)));
  EXPECT_NE(
      broken([](NetworkGraph& g) { g.links[0].bandwidth = Bandwidth(0.0); }).find("a link of 0 GB/s from "),
      std::string::npos);
  EXPECT_EQ(broken([](NetworkGraph& g) {
              g.links[0].bandwidth = Bandwidth(0.0);
              g.links[0].failed = true;
            }),
            "");
  EXPECT_EQ(broken([](NetworkGraph& g) { g.add(NodeKind::Npu, 0); }),
            "NPUs have to be a network's first nodes");
  NetworkGraph alone{.name = "one"};
  alone.add_npus(1);
  EXPECT_EQ(refused([&] { return logical_grid(alone); }), "a network of one NPU has nothing to send");
  graph.grid = "Ring(3)";
  graph.grid_bandwidth = {gb_per_s(1)};
  EXPECT_NE(refused([&] { return logical_grid(graph); }).find("Ring(3) is not a grid of 2 NPUs"),
            std::string::npos);
}

// How far a node is from the next NPU.
TEST(GraphsByHand, LevelsAreDistances) {
  NetworkGraph graph{.name = "line"};
  graph.add_npus(2);
  std::vector<NodeId> line = {0};
  for (int i = 0; i < 3; ++i) line.push_back(graph.add(NodeKind::Switch, 7));
  const std::uint16_t only = graph.class_named("link", "Pod");
  for (std::size_t i = 1; i < line.size(); ++i) graph.join(line[i - 1], line[i], {gb_per_s(1), Time(), only});
  set_levels_by_distance(graph);
  EXPECT_EQ(graph.nodes[line[1]].level, 1);
  EXPECT_EQ(graph.nodes[line[2]].level, 2);
  EXPECT_EQ(graph.nodes[line[3]].level, 3);
  graph.join(line[3], 1, {gb_per_s(1), Time(), only});  // an NPU at the other end as well
  set_levels_by_distance(graph);
  EXPECT_EQ(graph.nodes[line[3]].level, 1);
  EXPECT_EQ(graph.nodes[line[2]].level, 2);
}

}  // namespace
}  // namespace bandwright
