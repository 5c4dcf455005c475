// Networks written out as files are read as they were.
#include "network/graph_writer.h"

#include <gtest/gtest.h>

#include "core/fields.h"
#include "network/builders.h"
#include "network/routes.h"

namespace bandwright {
namespace {

NetworkGraph read_again(const NetworkGraph& graph) {
  const std::string text = graph_file_fields().file_text(written_graph(graph));
  return read_graph(YamlValue::parse(text, "written.yaml"));
}

// Links one by one, with nodes under other numbers perhaps.
void expect_same(const NetworkGraph& graph, const NetworkGraph& again) {
  ASSERT_EQ(again.npus(), graph.npus());
  ASSERT_EQ(again.nodes.size(), graph.nodes.size());
  ASSERT_EQ(again.links.size(), graph.links.size());
  std::vector<NodeId> place(graph.nodes.size(), ~NodeId{0});
  const auto same = [&](NodeId node, NodeId other) {
    if (place[node] == ~NodeId{0}) place[node] = other;
    EXPECT_EQ(place[node], other);
    EXPECT_EQ(graph.nodes[node].kind, again.nodes[other].kind);
  };
  for (LinkId i = 0; i < graph.links.size(); ++i) {
    const GraphLink& link = graph.links[i];
    const GraphLink& other = again.links[i];
    same(link.from, other.from);
    same(link.to, other.to);
    EXPECT_DOUBLE_EQ(link.bandwidth.value(), other.bandwidth.value());
    EXPECT_EQ(link.latency, other.latency);
    EXPECT_EQ(link.cables, other.cables);
    EXPECT_EQ(link.cost, other.cost);
    EXPECT_EQ(link.failed, other.failed);
    EXPECT_EQ(graph.classes[link.link_class], again.classes[other.link_class]);
  }
  EXPECT_EQ(again.npus_forward, graph.npus_forward);
  EXPECT_EQ(again.grid, graph.grid);
}

TEST(GraphWriter, EveryBuilderIsReadAgain) {
  for (const std::string_view words :
       {"FatTree(16, radix 4)", "LeafSpine(4x8, oversubscription 2)",
        "RailOptimised(4x4, machines_per_leaf 2)", "RailOnly(3x4)", "Torus(3x4)", "Mesh(3x3)",
        "Dragonfly(5x2x2, global_links 2)", "HyperX(3x3, npus 2)", "Rack(3x4, npus_per_nic 2)"}) {
    SCOPED_TRACE(words);
    const NetworkGraph graph = build_graph(words, {.bandwidth = gb_per_s(50), .latency = nanoseconds(500)});
    expect_same(graph, read_again(graph));
  }
}

// Links in the same order: the hash of ECMP takes the same ones.
TEST(GraphWriter, MessagesTakeTheSameWays) {
  const NetworkGraph graph = build_graph("FatTree(64, radix 8)", {.bandwidth = gb_per_s(50), .latency = {}});
  const NetworkGraph again = read_again(graph);
  Routes routes(graph, {.routing = Routing::Ecmp});
  Routes others(again, {.routing = Routing::Ecmp});
  Routes::Way way;
  Routes::Way other;
  for (NodeId to = 1; to < 64; ++to) {
    routes.find(0, to, 0, {}, way);
    others.find(0, to, 0, {}, other);
    ASSERT_EQ(way.steps.size(), other.steps.size());
    for (std::size_t i = 0; i < way.steps.size(); ++i) EXPECT_EQ(way.steps[i].link, other.steps[i].link);
  }
}

TEST(GraphWriter, FailuresAreKept) {
  NetworkGraph graph = build_graph("LeafSpine(2x2, bandwidth 50)");
  for (GraphLink& link : graph.links) link.failed = link.from == 4 && link.to == 6;
  for (GraphLink& link : graph.links) link.failed = link.failed || (link.from == 6 && link.to == 4);
  expect_same(graph, read_again(graph));
}

// Long regular networks are a few lines.
TEST(GraphWriter, RegularLinksAreSlices) {
  const NetworkGraph graph = build_graph("RailOptimised(16x8, bandwidth 50, spines 1)");
  EXPECT_LT(written_graph(graph).links.size(), 60U);  // of 16 machines, 8 rails and their spines
}

}  // namespace
}  // namespace bandwright
