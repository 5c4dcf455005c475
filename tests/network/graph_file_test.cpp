// Network files of one's own: nodes, slices, schemes, and one line for what is wrong.
#include "network/graph_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "core/fields.h"
#include "network/routes.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

NetworkGraph read(const std::string& text) {
  return read_graph(YamlValue::parse("bandwright: network\nname: n\n" + text, "net.yaml"));
}

std::string file_refusal(const std::string& text) {
  try {
    read(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

const std::string two_leaves =
    "npus: 8\nnodes: [{name: leaf, count: 2}, {name: spine, level: 2}]\nlinks:\n"
    "  - {from: 'npu[0:4]', to: 'leaf[0]', bandwidth: 50 GB/s, latency: 500 ns, class: nic}\n"
    "  - {from: 'npu[4:8]', to: 'leaf[-1]', bandwidth: 50 GB/s}\n"
    "  - {from: leaf, to: spine, bandwidth: 100 GB/s, cables: 2, class: up, price: Node}\n";

TEST(GraphFile, NodesAndLinksWrittenOut) {
  const NetworkGraph graph = read(two_leaves);
  EXPECT_EQ(graph.npus(), 8);
  EXPECT_EQ(graph.nodes.size(), 11U);
  ASSERT_EQ(graph.links.size(), 2 * (4 + 4 + 2U));
  EXPECT_EQ(graph.node_name(graph.links[8].from), "npu[4]");
  EXPECT_EQ(graph.node_name(graph.links[8].to), "leaf[1]");
  EXPECT_EQ(graph.links.back().cables, 2);
  EXPECT_EQ(graph.links.front().latency, nanoseconds(500));
  EXPECT_EQ(graph.classes, (std::vector<LinkClass>{{"nic", "Pod"}, {"link", "Pod"}, {"up", "Node"}}));
}

// Links that are of no class of their own, at two prices.
TEST(GraphFile, PricesOfOneClassStayApart) {
  const NetworkGraph graph = read(
      "npus: 3\nlinks: [{from: 'npu[0]', to: 'npu[1]', bandwidth: 1 GB/s, price: Node},"
      " {from: 'npu[1]', to: 'npu[2]', bandwidth: 1 GB/s}]\n");
  EXPECT_EQ(graph.classes, (std::vector<LinkClass>{{"link", "Node"}, {"link", "Pod"}}));
  EXPECT_NE(graph.links.front().link_class, graph.links.back().link_class);
}

TEST(GraphFile, WhatFailedIsGone) {
  const NetworkGraph graph =
      read("build: Torus(4, bandwidth 50)\nfailed: [{from: 'npu[0]', to: 'npu[1]'}]\n");
  int failed = 0;
  for (const GraphLink& link : graph.links) failed += link.failed ? 1 : 0;
  EXPECT_EQ(failed, 2);
}

TEST(GraphFile, SlicesAreThoseOfPython) {
  EXPECT_THAT(sliced("", 3), ElementsAre(0, 1, 2));
  EXPECT_THAT(sliced(":", 3), ElementsAre(0, 1, 2));
  EXPECT_THAT(sliced("1:", 3), ElementsAre(1, 2));
  EXPECT_THAT(sliced(":-1", 3), ElementsAre(0, 1));
  EXPECT_THAT(sliced("-1", 3), ElementsAre(2));
  EXPECT_THAT(sliced("0:9:2", 5), ElementsAre(0, 2, 4));
  EXPECT_THROW(sliced("3", 3), InputError);
  EXPECT_THROW(sliced("2:1", 3), InputError);
  EXPECT_THROW(sliced("a", 3), InputError);
}

TEST(GraphFile, Schemes) {
  const std::string start =
      "npus: 2\nnodes: [{name: s, count: 3}]\nlinks: [{from: 'npu[0]', to: 's[0]', bandwidth: 1 GB/s},"
      " {from: 'npu[1]', to: 's[1]', bandwidth: 1 GB/s}, ";
  const auto links = [&](const std::string& rest) { return read(start + rest + "]\n").links.size() - 4; };
  EXPECT_EQ(links("{from: s, to: s, scheme: ring, bandwidth: 1 GB/s}"), 6U);
  EXPECT_EQ(links("{from: s, to: s, scheme: many2many, bandwidth: 1 GB/s}"), 6U);
  EXPECT_EQ(links("{from: 's[0]', to: 's[1:]', bandwidth: 1 GB/s}"), 4U);
  EXPECT_EQ(links("{from: 's[0]', to: 's[1]', bandwidth: 1 GB/s, one_way: true}"), 1U);
  EXPECT_THAT(file_refusal(start + "{from: 's[:2]', to: s, bandwidth: 1 GB/s}]\n"),
              HasSubstr("2 nodes cannot be joined one to one with 3"));
}

// Up to the spine and down again, where the leaf would do.
TEST(GraphFile, WaysOfATable) {
  const std::string text =
      two_leaves + "ways: [{from: 'npu[0]', to: 'npu[1]', over: ['leaf[0]', spine, 'leaf[0]']}]\n";
  const NetworkGraph graph = read(text);
  ASSERT_EQ(graph.ways.size(), 1U);
  Routes routes(graph, {.routing = Routing::Table});
  Routes::Way way;
  routes.find(graph.ways[0].front(), graph.ways[0].back(), 0, {}, way);
  ASSERT_EQ(way.steps.size(), 4U);
  EXPECT_EQ(graph.links[way.steps[1].link].to, graph.ways[0][2]);
  EXPECT_THAT(file_refusal(two_leaves + "ways: [{from: 'npu[0]', to: 'npu[7]', over: ['leaf[1]']}]\n"),
              HasSubstr("no link from npu[0] to leaf[1]"));
  EXPECT_THAT(file_refusal(two_leaves + "ways: [{from: 'npu[0:2]', to: 'npu[7]'}]\n"),
              HasSubstr("is 2 nodes"));
}

TEST(GraphFile, OneLineForWhatIsWrong) {
  EXPECT_THAT(file_refusal(""), HasSubstr("either `build`, or `npus`"));
  EXPECT_THAT(file_refusal("npus: 2\nbuild: Torus(2)\n"), HasSubstr("either `build`, or `npus`"));
  EXPECT_THAT(file_refusal("npus: 2\nlinks: [{from: 'npu[0]', to: x, bandwidth: 1 GB/s}]\n"),
              HasSubstr("no nodes called 'x'"));
  EXPECT_THAT(file_refusal("npus: 2\nlinks: [{from: 'npu[0', to: npu, bandwidth: 1 GB/s}]\n"),
              HasSubstr("no nodes such as"));
  EXPECT_THAT(file_refusal("npus: 2\nlinks: [{from: 'npu[0]', to: 'npu[0]', bandwidth: 1 GB/s}]\n"),
              HasSubstr("a link from npu[0] to npu[0]"));
  EXPECT_THAT(file_refusal("npus: 2\nlinks: [{from: 'npu[0]', to: 'npu[1]', bandwidth: 0 GB/s}]\n"),
              HasSubstr("0 GB/s"));
  EXPECT_THAT(file_refusal("npus: 2\nnodes: [{name: npu}]\n"), HasSubstr("the name of other nodes"));
  EXPECT_THAT(file_refusal(two_leaves + "failed: [{from: 'npu[0]', to: spine}]\n"),
              HasSubstr("no link between"));
  EXPECT_THAT(file_refusal(two_leaves + "gird: Switch(8)\n"), HasSubstr("gird"));
}

// A group may be called as its kind is, and a name stands for both.
TEST(GraphFile, NamesOfGroupsAndKinds) {
  const NetworkGraph graph = read(
      "npus: 2\nnodes: [{name: switch, count: 2}, {name: port}]\nlinks:\n"
      "  - {from: 'npu[0]', to: 'switch[0]', bandwidth: 50 GB/s}\n"
      "  - {from: 'Switch', to: 'npu[1]', bandwidth: 50 GB/s}\n");
  ASSERT_EQ(graph.links.size(), 2 + 2 * 3U);  // port[0] is a switch by its kind
  EXPECT_EQ(graph.links[0].to, 2U);
}

// Each of 30,000 lines names single nodes among 60,000.
TEST(GraphFile, ReadingTakesTimeInProportionToTheFile) {
  constexpr int count = 30'000;
  std::string text = fmt::format("npus: {0}\nnodes: [{{name: leaf, count: {0}}}]\nlinks:\n", count);
  for (int i = 0; i < count; ++i) {
    text += fmt::format("  - {{from: 'npu[{0}]', to: 'leaf[{0}]', bandwidth: 50 GB/s}}\n", i);
  }
  text += "failed:\n";
  for (int i = 0; i < count; i += 2) text += fmt::format("  - {{from: 'leaf[{0}]', to: 'npu[{0}]'}}\n", i);
  const NetworkGraph graph = read(text);
  EXPECT_EQ(
      std::count_if(graph.links.begin(), graph.links.end(), [](const auto& link) { return link.failed; }),
      count);
}

TEST(GraphFile, TooManyLinksAreRefusedBeforeTheyAreMade) {
  EXPECT_THAT(
      file_refusal("npus: 1000000\nlinks: [{from: npu, to: npu, scheme: many2many, bandwidth: 1 GB/s}]\n"),
      HasSubstr("more than 67108864 links"));
}

}  // namespace
}  // namespace bandwright
