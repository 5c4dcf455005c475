// Networks as people and other programs write them: whatever is written reads back as it was, and the order
// or the names of what a file lists change nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "core/fields.h"
#include "core/io/files.h"
#include "network/builders.h"
#include "network/cut.h"
#include "network/distances.h"
#include "network/drawing.h"
#include "network/edge_list.h"
#include "network/graph_writer.h"
#include "network/link_classes.h"
#include "network/routes.h"
#include "tests/network/random_graphs.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

// A random graph with ports, levels, classes and trunks besides, failures of whole pairs, and a way of a
// table.
NetworkGraph written_out_graph(std::uint64_t seed) {
  NetworkGraph graph = random_graph(seed, seed % 2 == 0);
  std::mt19937_64 random(seed);
  for (auto i = random() % 3; i > 0; --i) {
    const NodeId port = graph.add(random() % 2 == 0 ? NodeKind::Port : NodeKind::Switch, 2);
    graph.join(port, static_cast<NodeId>(random() % port),
               {gb_per_s(0.1 * static_cast<double>(1 + random() % 99)), picoseconds(1),
                graph.class_named("up \"link\"", "Node"), static_cast<int>(1 + random() % 65535)});
  }
  std::set<std::pair<NodeId, NodeId>> failed;
  for (const GraphLink& link : graph.links) {
    if (link.failed) failed.insert(std::minmax(link.from, link.to));
  }
  for (GraphLink& link : graph.links) link.failed = failed.contains(std::minmax(link.from, link.to));
  for (const GraphLink& link : graph.links) {
    if (!link.failed && link.from < graph.npus() && link.to < graph.npus() && graph.ways.empty())
      graph.ways.push_back({link.from, link.to});
  }
  return graph;
}

NetworkGraph through_a_file(const NetworkGraph& graph) {
  const std::string text = graph_file_fields().file_text(written_graph(graph));
  return read_graph(YamlValue::parse(text, "written.yaml"));
}

// Nodes keep their order within their kind and level, so that a graph reads back with other numbers at most.
TEST(WrittenGraphs, OfAnyLinksAreReadBack) {
  int ways = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const NetworkGraph graph = written_out_graph(seed);
    const NetworkGraph again = through_a_file(graph);
    ASSERT_EQ(again.nodes.size(), graph.nodes.size()) << seed;
    ASSERT_EQ(again.links.size(), graph.links.size()) << seed;
    std::map<NodeId, NodeId> place;
    const auto placed = [&](NodeId node) { return place.at(node); };
    for (LinkId i = 0; i < graph.links.size(); ++i) {
      const GraphLink& link = graph.links[i];
      const GraphLink& other = again.links[i];
      EXPECT_EQ(place.try_emplace(link.from, other.from).first->second, other.from) << seed;
      EXPECT_EQ(place.try_emplace(link.to, other.to).first->second, other.to) << seed;
      EXPECT_EQ(std::tuple(link.bandwidth, link.latency, link.cables, link.cost, link.failed),
                std::tuple(other.bandwidth, other.latency, other.cables, other.cost, other.failed))
          << seed;
      EXPECT_EQ(graph.classes[link.link_class], again.classes[other.link_class]) << seed;
    }
    for (const auto& [node, other] : place) {
      EXPECT_EQ(graph.nodes[node].kind, again.nodes[other].kind) << seed;
      EXPECT_EQ(graph.nodes[node].level, again.nodes[other].level) << seed;
    }
    ASSERT_EQ(again.ways.size(), graph.ways.size()) << seed;
    for (std::size_t w = 0; w < graph.ways.size(); ++w) {
      std::vector<NodeId> way;
      std::transform(graph.ways[w].begin(), graph.ways[w].end(), std::back_inserter(way), placed);
      EXPECT_EQ(again.ways[w], way) << seed;
      ++ways;
    }
    EXPECT_EQ(again.npus_forward, graph.npus_forward);
    // Written once more it is the same text.
    EXPECT_EQ(graph_file_fields().file_text(written_graph(again)),
              graph_file_fields().file_text(written_graph(graph)))
        << seed;
  }
  EXPECT_GT(ways, 50);
}

// Which NPU is which changes what each of them reaches, and nothing else: distances, what flows between
// halves of the same members, and the bandwidth of each class.
TEST(WrittenGraphs, OtherNumbersOfSwitchesChangeNothing) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const NetworkGraph graph = random_graph(seed, seed % 2 == 0);
    const auto npus = static_cast<std::ptrdiff_t>(graph.npus());
    std::vector<NodeId> number(graph.nodes.size());
    std::iota(number.begin(), number.end(), NodeId{0});
    std::mt19937_64 random(seed);
    std::shuffle(number.begin() + npus, number.end(), random);
    NetworkGraph other = graph;
    for (GraphLink& link : other.links) {
      link.from = number[link.from];
      link.to = number[link.to];
    }
    std::shuffle(other.links.begin(), other.links.end(), random);
    EXPECT_NEAR(between_halves(other).value(), between_halves(graph).value(), 1e-9) << seed;
    Distances distances(graph);
    Distances others(other);
    for (NodeId to = 0; to < graph.nodes.size(); ++to) {
      for (NodeId from = 0; from < graph.nodes.size(); ++from)
        EXPECT_EQ(others.to(number[to])[number[from]], distances.to(to)[from]) << seed;
    }
    for (std::size_t c = 0; c < graph.classes.size(); ++c)
      EXPECT_NEAR(class_gb_per_s(other)[c], class_gb_per_s(graph)[c], 1e-12) << seed;
  }
}

class EdgeTables : public testing::Test {
 protected:
  [[nodiscard]] NetworkGraph read(const std::string& text) const {
    write_whole(folder_ / "net.csv", text);
    return read_edge_list(folder_ / "net.csv");
  }
  [[nodiscard]] std::string said(const std::string& text) const {
    const std::string problem = refused([&] { return read(text); });
    const std::string place = folder_.path().string() + "/";
    return problem.starts_with(place) ? problem.substr(place.size()) : problem;
  }

 private:
  const TemporaryFolder folder_;
};

// NPUs are told by their numbers, in whatever case and order, and have the names of the table.
TEST_F(EdgeTables, NpusAreToldInAnyCaseAndOrder) {
  const NetworkGraph graph = read("from,to,bandwidth\nNPU2,sw,1\nNpu0,sw,2\nsw,npu1,3\n");
  ASSERT_EQ(graph.npus(), 3);
  EXPECT_EQ(graph.node_name(0), "Npu0");
  EXPECT_EQ(graph.node_name(1), "npu1");
  EXPECT_EQ(graph.node_name(2), "NPU2");
  EXPECT_EQ(graph.links[0].from, 2U);
  EXPECT_EQ(graph.links[0].bandwidth, gb_per_s(1));
  // A switch whose name only begins like an NPU's is a switch.
  EXPECT_EQ(read("from,to,bandwidth\nnpu0,npu1,1\nnpu0,npu,1\nnpu1,npux2,1\n").npus(), 2);
}

TEST_F(EdgeTables, EveryProblemHasItsLineAndColumn) {
  EXPECT_EQ(said("from,to,bandwidth\nnpu0,npu1,1\nnpu00,sw,1\n"),
            "net.csv:3: from: npu00 is npu0 above; expected one name for an NPU");
  EXPECT_EQ(said("from,to,bandwidth\nnpu0,npu99999999,1\n"),
            "net.csv:2: to: '99999999' is not a whole number from 0 to 1048575");
  EXPECT_EQ(said("from,to,bandwidth\nnpu0,npu99999999999999999999,1\n"),
            "net.csv:2: to: '99999999999999999999' is not a whole number from 0 to 1048575");
  EXPECT_EQ(said("from,to,bandwidth\nnpu0,npu1,0\n"), "net.csv:2: bandwidth: a link without bandwidth");
  EXPECT_EQ(said("from,to,bandwidth\nnpu0,npu1,-1\n").substr(0, 21), "net.csv:2: bandwidth:");
  EXPECT_EQ(said("from,to,bandwidth\nnpu0,npu3,1\nnpu1,npu3,1\n"),
            "net.csv: 3 NPUs, and npu2 is not among them");
  EXPECT_THAT(said("from,from,to\n"), HasSubstr("net.csv:1: from: this column stands twice"));
  EXPECT_THAT(said("from,to,bandwidth\n"), HasSubstr("0 NPUs"));
  EXPECT_EQ(said(""), said("\n"));
  EXPECT_NE(said(""), "");
}

// As a spreadsheet writes it: a mark of the byte order, CR LF, quotes and no line end at the end.
TEST_F(EdgeTables, OfASpreadsheetAreTheSame) {
  const NetworkGraph plain = read("from,to,bandwidth,class\nnpu0,leaf 1,50,a\nnpu1,leaf 1,25,b\n");
  const NetworkGraph other = read(
      "\xEF\xBB\xBF\"from\",\"to\",bandwidth,class\r\nnpu0,\"leaf 1\",50,a\r\n\r\nnpu1,leaf 1 ,\"25\",b");
  EXPECT_EQ(graph_file_fields().file_text(written_graph(other)),
            graph_file_fields().file_text(written_graph(plain)));
  EXPECT_EQ(other.node_name(2), "leaf 1");
}

std::size_t times(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// A link that leads one way only is drawn whichever way that is; a cable with two directions once.
TEST_F(EdgeTables, EveryLinkIsDrawn) {
  EXPECT_EQ(times(drawing_of(read("from,to,bandwidth,one_way\nnpu0,npu1,1,yes\nnpu2,npu0,1,yes\n")), "<path"),
            2U);
  EXPECT_EQ(times(drawing_of(read("from,to,bandwidth\nnpu0,npu1,1\nnpu2,npu0,1\nnpu0,npu1,1\n")), "<path"),
            3U);
  const NetworkGraph lone = read("from,to,bandwidth,class\nnpu0,npu1,1,\"a<b>&c\"\n");
  EXPECT_THAT(drawing_of(lone), HasSubstr("a&lt;b>&amp;c"));
}

// Nothing in a picture lies outside it, whatever the graph: two NPUs, one, or thousands.
TEST(Pictures, LieWithinTheirFrame) {
  for (const char* words :
       {"Torus(2)", "Torus(5x3x2)", "LeafSpine(1x1)", "FatTree(1024, radix 32)", "Mesh(40x2)"}) {
    const std::string svg = drawing_of(build_graph(words, {gb_per_s(50), Time()}));
    double width = 0.0;
    double height = 0.0;
    ASSERT_EQ(std::sscanf(svg.c_str() + svg.find("viewBox"), "viewBox=\"0 0 %lf %lf\"", &width, &height), 2);
    for (std::size_t at = svg.find("<circle"); at != std::string::npos; at = svg.find("<circle", at + 1)) {
      double x = -1.0;
      double y = -1.0;
      ASSERT_EQ(std::sscanf(svg.c_str() + at, "<circle cx=\"%lf\" cy=\"%lf\"", &x, &y), 2) << words;
      EXPECT_TRUE(x > 0.0 && x < width && y > 0.0 && y < height) << words << ": " << x << ", " << y;
    }
    EXPECT_EQ(svg.find("nan"), std::string::npos) << words;
    EXPECT_EQ(svg.find("inf"), std::string::npos) << words;
  }
}

// A unit of bandwidth is a factor: all that flows is as many times as much, and messages take the same ways.
TEST(Scaling, OfAllLinksScalesWhatFlows) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const NetworkGraph graph = random_graph(seed, seed % 2 == 0);
    NetworkGraph faster = graph;
    for (GraphLink& link : faster.links) link.bandwidth = link.bandwidth * 4.0;
    EXPECT_NEAR(between_halves(faster).value(), 4.0 * between_halves(graph).value(), 1e-6) << seed;
    Routes routes(graph, {.routing = Routing::Ecmp});
    Routes others(faster, {.routing = Routing::Ecmp});
    for (NodeId to = 1; to < graph.npus(); ++to) {
      Routes::Way way;
      Routes::Way other;
      const std::string none = refused([&] { return routes.find(0, to, 0, {}, way), 0; });
      EXPECT_EQ(refused([&] { return others.find(0, to, 0, {}, other), 0; }), none) << seed;
      ASSERT_EQ(other.steps.size(), way.steps.size()) << seed;
      for (std::size_t i = 0; i < way.steps.size(); ++i) EXPECT_EQ(other.steps[i].link, way.steps[i].link);
      EXPECT_EQ(other.latency, way.latency) << seed;
    }
  }
}

}  // namespace
}  // namespace bandwright
