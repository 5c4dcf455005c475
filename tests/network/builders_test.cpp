// Builders: counts by hand, ports of switches, and what each refuses.
#include "network/builders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/error.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

NetworkGraph built(std::string_view words) { return build_graph(words, {gb_per_s(50), nanoseconds(500)}); }

std::map<std::string, int> cables_by_class(const NetworkGraph& graph) {
  std::map<std::string, int> count;
  for (const GraphLink& link : graph.links) ++count[graph.classes[link.link_class].name];
  for (auto& [name, links] : count) links /= 2;
  return count;
}

std::map<int, int> switches_by_level(const NetworkGraph& graph) {
  std::map<int, int> count;
  for (const GraphNode& node : graph.nodes) {
    if (node.kind == NodeKind::Switch) ++count[node.level];
  }
  return count;
}

std::vector<int> links_out(const NetworkGraph& graph) {
  std::vector<int> out(graph.nodes.size());
  for (const GraphLink& link : graph.links) ++out[link.from];
  return out;
}

using Counts = std::map<std::string, int>;
using Levels = std::map<int, int>;

// 8 NPUs and 8 links up per leaf of radix 16: 128 leaves in pods of 8, each pod with 8 middle switches, whose
// 8 links up lead to 64 switches of the core, one for each of 16 pods.
TEST(FatTree, ThreeLevelsOfFullBisection) {
  const NetworkGraph graph = built("FatTree(1024, radix 16)");
  EXPECT_EQ(switches_by_level(graph), (Levels{{1, 128}, {2, 128}, {3, 64}}));
  EXPECT_EQ(cables_by_class(graph), (Counts{{"leaf", 1024}, {"spine", 1024}, {"core", 1024}}));
  const std::vector<int> out = links_out(graph);
  EXPECT_EQ(std::vector<int>(out.begin() + 1024, out.end()), std::vector<int>(320, 16));
}

// Radix 48 at 2:1 is 32 down and 16 up: 32 leaves on 16 spines.
TEST(FatTree, TwoLevelsWhereTheyAreEnough) {
  const NetworkGraph graph = built("FatTree(1024, radix 48, oversubscription 2)");
  EXPECT_EQ(switches_by_level(graph), (Levels{{1, 32}, {2, 16}}));
  EXPECT_EQ(cables_by_class(graph), (Counts{{"leaf", 1024}, {"spine", 512}}));
}

// Two leaves of radix 8 have 4 links up each. A spine has room for 4 of each: one spine.
TEST(FatTree, FewLeavesShareFewSpines) {
  const NetworkGraph graph = built("FatTree(8, radix 8)");
  EXPECT_EQ(switches_by_level(graph), (Levels{{1, 2}, {2, 1}}));
  EXPECT_EQ(cables_by_class(graph), (Counts{{"leaf", 8}, {"spine", 8}}));
}

TEST(FatTree, NoSwitchHasMorePortsThanItsRadix) {
  for (const int radix : {4, 6, 8, 12}) {
    for (int npus = 1; npus <= radix * radix * radix / 4; npus += 7) {
      const NetworkGraph graph =
          built("FatTree(" + std::to_string(npus) + ", radix " + std::to_string(radix) + ")");
      const std::vector<int> out = links_out(graph);
      ASSERT_LE(*std::max_element(out.begin(), out.end()), radix) << npus;
      ASSERT_EQ(graph.npus(), npus);
    }
  }
}

// 8 NPUs of b at 4:1 have 2 b up: over two spines a link of b each, over one a trunk of two cables.
TEST(LeafSpine, OversubscriptionIsOfALeaf) {
  const NetworkGraph two = built("LeafSpine(4x8, oversubscription 4)");
  EXPECT_EQ(switches_by_level(two), (Levels{{1, 4}, {2, 2}}));
  EXPECT_EQ(two.links.back().bandwidth, gb_per_s(50));
  const NetworkGraph one = built("LeafSpine(4x8, oversubscription 4, spines 1)");
  EXPECT_EQ(switches_by_level(one), (Levels{{1, 4}, {2, 1}}));
  EXPECT_EQ(one.links.back().bandwidth, gb_per_s(100));
  EXPECT_EQ(one.links.back().cables, 2);
}

// 64 machines, 32 to a leaf: two leaves for each of 8 rails, joined by 32 spines.
TEST(RailOptimised, LeavesOfRailsAndSpines) {
  const NetworkGraph graph = built("RailOptimised(64x8, inside 450)");
  EXPECT_EQ(switches_by_level(graph), (Levels{{1, 64}, {2, 16}, {3, 32}}));
  EXPECT_EQ(cables_by_class(graph), (Counts{{"inside", 512}, {"rail", 512}, {"spine", 512}}));
  EXPECT_EQ(graph.links.front().bandwidth, gb_per_s(450));
}

TEST(RailOnly, OneSwitchForEachRail) {
  EXPECT_EQ(switches_by_level(built("RailOnly(64x8)")), (Levels{{1, 64}, {2, 8}}));
}

TEST(Torus, EveryNpuHasTwoNeighboursInEachDirection) {
  EXPECT_EQ(links_out(built("Torus(4x4x4)")), std::vector<int>(64, 6));
  EXPECT_EQ(links_out(built("Torus(2x2)")), std::vector<int>(4, 2));  // one neighbour, not twice the same
  EXPECT_EQ(links_out(built("Mesh(3)")), (std::vector<int>{1, 2, 1}));
}

// Nine groups of four routers with two global links: each group has eight, one for each other group.
TEST(Dragonfly, EveryTwoGroupsAreJoinedOnce) {
  const NetworkGraph graph = built("Dragonfly(9x4x2, global_links 2)");
  EXPECT_EQ(cables_by_class(graph), (Counts{{"router", 72}, {"local", 9 * 6}, {"global", 36}}));
  const std::vector<int> out = links_out(graph);
  EXPECT_EQ(std::vector<int>(out.begin() + 72, out.end()), std::vector<int>(36, 2 + 3 + 2));
  std::map<std::pair<NodeId, NodeId>, int> pairs;
  for (const GraphLink& link : graph.links) {
    if (graph.classes[link.link_class].name == "global") ++pairs[{(link.from - 72) / 4, (link.to - 72) / 4}];
  }
  EXPECT_EQ(pairs.size(), 72U);
}

TEST(HyperX, LinesAreFullMeshes) {
  const NetworkGraph graph = built("HyperX(4x3, npus 2)");
  const std::vector<int> out = links_out(graph);
  EXPECT_EQ(std::vector<int>(out.begin() + 24, out.end()), std::vector<int>(12, 2 + 3 + 2));
}

// Two racks of four NPUs, two to a NIC.
TEST(Rack, NpusShareNics) {
  const NetworkGraph graph = built("Rack(2x4, inside 900, npus_per_nic 2)");
  EXPECT_EQ(cables_by_class(graph), (Counts{{"inside", 8}, {"NIC", 8}, {"scale-out", 4}}));
}

// Two lines of a ring of four, each NPU of one on a switch with its like.
TEST(Grid, IsBuiltLineByLine) {
  const NetworkGraph graph = built("Grid(Ring(4)_Switch(2), bandwidth_1 100)");
  EXPECT_EQ(graph.npus(), 8);
  EXPECT_EQ(cables_by_class(graph), (Counts{{"dimension 1", 8}, {"dimension 2", 8}}));
  EXPECT_EQ(switches_by_level(graph), (Levels{{1, 4}}));
  const LogicalGrid grid = logical_grid(graph);
  EXPECT_EQ(grid.network.shorthand(), "Ring(4)_Switch(2)");
  EXPECT_EQ(grid.bandwidth, (std::vector{gb_per_s(100), gb_per_s(50)}));
  EXPECT_EQ(cables_by_class(built("Grid(Ring(2))")), (Counts{{"dimension 1", 1}}));
  const NetworkGraph mesh = built("Grid(FullyConnected(5))");
  EXPECT_EQ(cables_by_class(mesh), (Counts{{"dimension 1", 10}}));
  EXPECT_EQ(mesh.links.front().bandwidth, gb_per_s(12.5));
  EXPECT_EQ(built("Grid(4D)").npus(), load_network("4D").npus());
}

TEST(Graph, LinesOnOneSwitch) {
  const Network grid = parse_network("Switch(4)_Switch(2)");
  const NetworkGraph rails = built("RailOptimised(2x4, inside 450)");
  EXPECT_TRUE(switches_join(rails, grid, 0));
  EXPECT_TRUE(switches_join(rails, grid, 1));
  EXPECT_FALSE(switches_join(built("RailOptimised(2x4, inside 450, machines_per_leaf 1)"), grid, 1));
  EXPECT_TRUE(switches_join(built("LeafSpine(2x4)"), grid, 0));
  EXPECT_FALSE(switches_join(built("LeafSpine(2x4)"), grid, 1));
  EXPECT_FALSE(switches_join(built("Torus(4x2)"), grid, 0));
}

std::string refusal(std::string_view words, const GraphDefaults& defaults = {gb_per_s(50), Time()}) {
  try {
    build_graph(words, defaults);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Builders, AreToldFromGridsByName) {
  EXPECT_TRUE(names_builder("Grid(Ring(8)_Switch(4))"));
  EXPECT_TRUE(names_builder("fattree(64)"));
  EXPECT_FALSE(names_builder("Ring(8)_Switch(4)"));
  EXPECT_FALSE(names_builder("Torus(8)_Switch(4)"));
}

TEST(Builders, SayWhatTheyDoNotUnderstand) {
  EXPECT_THAT(refusal("FatTre(8)"), HasSubstr("unknown network 'FatTre'; did you mean 'FatTree'?"));
  EXPECT_THAT(refusal("FatTree(8"), HasSubstr("expected NAME(SIZE, key value, ...)"));
  EXPECT_THAT(refusal("FatTree()"), HasSubstr("nothing between two commas"));
  EXPECT_THAT(refusal("FatTree(radix 8)"), HasSubstr("FatTree: expected the number of NPUs"));
  EXPECT_THAT(refusal("FatTree(0)"), HasSubstr("'0'"));
  EXPECT_THAT(refusal("FatTree(8, radx 4)"), HasSubstr("unknown key 'radx'; did you mean 'radix'?"));
  EXPECT_THAT(refusal("FatTree(8, radix)"), HasSubstr("expected a key and a value"));
  EXPECT_THAT(refusal("FatTree(8, radix 4, radix 8)"), HasSubstr("'radix' is given twice"));
  EXPECT_THAT(refusal("FatTree(8, radix 1)"), HasSubstr("FatTree: radix"));
  EXPECT_THAT(refusal("FatTree(8, radix 8, oversubscription 2)"), HasSubstr("radix 8 cannot be divided 2:1"));
  EXPECT_THAT(refusal("FatTree(1000, radix 8, levels 2)"), HasSubstr("(up to 32 NPUs)"));
  EXPECT_THAT(refusal("FatTree(1000, radix 8)"), HasSubstr("more than three levels"));
  EXPECT_THAT(refusal("FatTree(8)", {}), HasSubstr("FatTree: no bandwidth is given"));
  EXPECT_THAT(refusal("FatTree(8, bandwidth 0)"), HasSubstr("a bandwidth of 0"));
  EXPECT_THAT(refusal("LeafSpine(4)"), HasSubstr("LEAVES x NPUS"));
  EXPECT_THAT(refusal("RailOptimised(4x8, pxn maybe)"), HasSubstr("expected yes or no"));
  EXPECT_THAT(refusal("Dragonfly(9x2x2)"), HasSubstr("reach 2 of 8 other groups"));
  EXPECT_THAT(refusal("Grid(bandwidth 50)"), HasSubstr("Grid: expected a grid"));
  EXPECT_THAT(refusal("Grid(Star(4))"), HasSubstr("Star"));
  EXPECT_THAT(refusal("Grid(Ring(4), bandwidth_2 50)"), HasSubstr("unknown key 'bandwidth_2'"));
  EXPECT_THAT(refusal("FatTree(Ring(8))"), HasSubstr("Ring(8)"));
  EXPECT_THAT(refusal("Torus(1024x1024x1024)"), HasSubstr("NPUs, expected 1 to"));
}

}  // namespace
}  // namespace bandwright
