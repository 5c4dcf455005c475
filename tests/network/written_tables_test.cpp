// Ways over random graphs, tables of links of every builder, and words taken apart.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/io/files.h"
#include "network/builders.h"
#include "network/edge_list.h"
#include "network/routes.h"
#include "tests/network/random_graphs.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

double nobody(LinkId) { return 0.0; }

// Every routing that goes nearer with each hop takes a cheapest way over links that work, or says that there
// is none; a part of a message takes the same way each time.
TEST(RandomWays, AreCheapestOrNone) {
  int found = 0;
  int none = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const NetworkGraph graph = random_graph(seed, seed % 2 == 0);
    Distances distances(graph);
    for (const Routing routing :
         {Routing::Shortest, Routing::Ecmp, Routing::Adaptive, Routing::DirectionOrder}) {
      Routes routes(graph, {.routing = routing, .seed = seed});
      for (NodeId from = 0; from < graph.npus(); ++from) {
        for (NodeId to = 0; to < graph.npus(); ++to) {
          const std::uint16_t distance = distances.to(to)[from];
          Routes::Way way;
          const std::string problem = refused([&] { return routes.find(from, to, 3, nobody, way); });
          if (from != to && distance == Distances::unreachable) {
            ++none;
            ASSERT_EQ(problem, fmt::format("random: no way from {} to {} over links that work",
                                           graph.node_name(from), graph.node_name(to)));
            continue;
          }
          ASSERT_EQ(problem, "");
          ++found;
          int cost = 0;
          NodeId node = from;
          for (const FlowStep& step : way.steps) {
            const GraphLink& link = graph.links[step.link];
            ASSERT_EQ(link.from, node);
            ASSERT_FALSE(link.failed);
            ASSERT_EQ(step.share, FlowStep::whole);
            cost += link.cost;
            node = link.to;
          }
          ASSERT_EQ(node, to);
          ASSERT_EQ(cost, from == to ? 0 : distance);
          Routes::Way again;
          routes.find(from, to, 3, nobody, again);
          ASSERT_EQ(again.steps.size(), way.steps.size());
          for (std::size_t i = 0; i < way.steps.size(); ++i)
            ASSERT_EQ(again.steps[i].link, way.steps[i].link);
        }
      }
    }
  }
  EXPECT_GT(found, 1000);
  EXPECT_GT(none, 50);
}

// Sprayed, messages get there over the same nodes: through NPUs only where these pass messages on.
TEST(RandomWays, AreSprayedWhereThereIsOne) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const NetworkGraph graph = random_graph(seed, seed % 2 == 0);
    Distances distances(graph);
    Routes routes(graph, {.routing = Routing::Spray});
    for (NodeId from = 0; from < graph.npus(); ++from) {
      for (NodeId to = 0; to < graph.npus(); ++to) {
        Routes::Way way;
        const bool reached = from == to || distances.to(to)[from] != Distances::unreachable;
        ASSERT_EQ(refused([&] { return routes.find(from, to, 0, nobody, way); }).empty(), reached)
            << seed << ": " << from << " to " << to;
      }
    }
  }
}

// Three NPUs in a line pass nothing on unless the network says so.
TEST(RandomWays, NpusInALineAreEnds) {
  NetworkGraph graph{.name = "line"};
  graph.add_npus(3);
  const std::uint16_t only = graph.class_named("link", "Pod");
  graph.join(0, 1, {gb_per_s(1), Time(), only});
  graph.join(1, 2, {gb_per_s(1), Time(), only});
  for (const Routing routing : {Routing::Shortest, Routing::Spray, Routing::Valiant, Routing::Ugal}) {
    for (const bool forward : {false, true}) {
      graph.npus_forward = forward;
      Routes routes(graph, {.routing = routing});
      Routes::Way way;
      EXPECT_EQ(refused([&] { return routes.find(0, 1, 0, nobody, way); }), "");
      EXPECT_EQ(refused([&] { return routes.find(0, 2, 0, nobody, way); }),
                forward ? "" : "line: no way from NPU 0 to NPU 2 over links that work");
    }
  }
}

// What flows share has the capacity of its links that work, in byte/s.
TEST(RandomWays, ShareTheCapacityOfLinksThatWork) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const NetworkGraph graph = random_graph(seed, true);
    double works = 0.0;
    for (const GraphLink& link : graph.links) works += link.failed ? 0.0 : link.bandwidth.value() * 1e9;
    for (const Routing routing : {Routing::Shortest, Routing::Spray}) {
      const Routes routes(graph, {.routing = routing});
      double sum = 0.0;
      for (const double each : routes.capacities()) sum += each;
      EXPECT_NEAR(sum, works, 1e-6 * works) << seed;
    }
  }
}

TEST(Routings, HaveNames) {
  for (const RoutingInfo& info : routings()) {
    EXPECT_EQ(routing_named(info.name), info.routing);
    EXPECT_EQ(routing_name(info.routing), info.name);
  }
  EXPECT_THAT(refused([] { return routing_named("guess"); }), HasSubstr("ecmp"));
}

// A table of the links of a graph, each direction a row.
std::string table_of(const NetworkGraph& graph) {
  std::map<NodeId, std::string> names;
  for (NodeId node = 0; node < graph.nodes.size(); ++node) {
    const char* kind = graph.nodes[node].kind == NodeKind::Npu    ? "npu"
                       : graph.nodes[node].kind == NodeKind::Port ? "port"
                                                                  : "switch";
    names[node] = fmt::format("{}{}", kind, node);
  }
  std::string text = "from,to,bandwidth,latency,class,price,cables,one_way\n";
  for (const GraphLink& link : graph.links) {
    const LinkClass& of = graph.classes[link.link_class];
    text += fmt::format("{},{},{} GB/s,{} ps,{},{},{},yes\n", names[link.from], names[link.to],
                        link.bandwidth.value(), link.latency.value(), of.name, of.price_class, link.cables);
  }
  return text;
}

// Written as a table and read again, every builder's network has the same links in the same order.
TEST(LinkTables, OfEveryBuilderAreReadAgain) {
  const TemporaryFolder folder;
  for (const char* given :
       {"FatTree(16, radix 4)", "LeafSpine(4x8, spines 1, oversubscription 2)",
        "RailOptimised(4x4, machines_per_leaf 2, inside 450)", "Torus(3x4)",
        "Dragonfly(5x2x2, global_links 2)", "HyperX(3x3, npus 2)", "Rack(3x4, npus_per_nic 2)"}) {
    const NetworkGraph graph = build_graph(given, {gb_per_s(50), nanoseconds(500)});
    write_whole(folder / "net.csv", table_of(graph));
    ASSERT_TRUE(is_edge_list(folder / "net.csv"));
    const NetworkGraph again = read_edge_list(folder / "net.csv");
    EXPECT_EQ(again.name, "net");
    ASSERT_EQ(again.npus(), graph.npus()) << given;
    ASSERT_EQ(again.nodes.size(), graph.nodes.size()) << given;
    ASSERT_EQ(again.links.size(), graph.links.size()) << given;
    for (LinkId i = 0; i < graph.links.size(); ++i) {
      EXPECT_EQ(again.links[i].bandwidth, graph.links[i].bandwidth) << given;
      EXPECT_EQ(again.links[i].latency, graph.links[i].latency) << given;
      EXPECT_EQ(again.links[i].cables, graph.links[i].cables) << given;
      EXPECT_EQ(again.classes[again.links[i].link_class], graph.classes[graph.links[i].link_class]) << given;
      EXPECT_EQ(again.nodes[again.links[i].to].kind, graph.nodes[graph.links[i].to].kind) << given;
      if (graph.links[i].from < graph.npus()) {
        EXPECT_EQ(again.links[i].from, graph.links[i].from) << given;
      }
    }
  }
  EXPECT_FALSE(is_edge_list("net.yaml"));
  EXPECT_TRUE(is_edge_list("NET.CSV"));
}

// Words of a builder: sizes in front, then keys with values, each asked for once.
TEST(BuilderWords, AreTakenApart) {
  BuilderArguments given(" Thing( 4x8 , radix 48, share=0.5, pxn: Yes, bandwidth 0.1 TB/s, latency 2 us ) ",
                         {});
  EXPECT_EQ(given.name(), "Thing");
  EXPECT_EQ(given.first_word(), "4x8");
  EXPECT_THAT(given.extents(1, 3, "sizes"), ElementsAre(4, 8));
  EXPECT_EQ(given.whole("radix", 1, 2, 64), 48);
  EXPECT_EQ(given.whole("levels", 3, 1, 9), 3);  // as usual
  EXPECT_EQ(given.number("share", 1.0, 0.0, 1.0), 0.5);
  EXPECT_TRUE(given.yes("PXN", false));
  EXPECT_FALSE(given.yes("other", false));
  EXPECT_EQ(given.bandwidth(), gb_per_s(100));
  EXPECT_EQ(given.bandwidth("inside", gb_per_s(450)), gb_per_s(450));
  EXPECT_EQ(given.latency(), nanoseconds(2000));
  EXPECT_EQ(refused([&] { return given.finish(); }), "");
}

TEST(BuilderWords, WhatIsLeftOutIsTheDefaults) {
  BuilderArguments given("Thing(3)", {gb_per_s(7), nanoseconds(9)});
  EXPECT_EQ(given.bandwidth(), gb_per_s(7));
  EXPECT_EQ(given.latency(), nanoseconds(9));
  EXPECT_EQ(given.latency("local", nanoseconds(5)), nanoseconds(5));
  BuilderArguments shape("Grid(Ring(4)_Switch(2), bandwidth_1 100)", {});
  EXPECT_EQ(shape.first_word(), "Ring(4)_Switch(2)");
}

TEST(BuilderWords, ProblemsNameTheBuilderAndTheKey) {
  const auto said = [](const char* text, auto ask) {
    return refused([&] {
      BuilderArguments given(text, {});
      ask(given);
      given.finish();
    });
  };
  const auto nothing = [](BuilderArguments&) {};
  EXPECT_THAT(said("Thing", nothing), HasSubstr("'Thing': expected NAME(SIZE, key value, ...)"));
  EXPECT_THAT(said("Thing(1,,2)", nothing), HasSubstr("nothing between two commas"));
  EXPECT_THAT(said("Thing(1, 2)", nothing), HasSubstr("'2': expected a key and a value"));
  EXPECT_THAT(said("Thing(1, a 2, A 3)", nothing), HasSubstr("'A' is given twice"));
  EXPECT_EQ(said("Thing(1, radx 2)", [](BuilderArguments& w) { w.whole("radix", 1, 1, 9); }),
            "Thing: unknown key 'radx'; did you mean 'radix'? (choices: radix)");
  EXPECT_THAT(said("Thing(1x2x3)", [](BuilderArguments& w) { w.extents(1, 2, "LEAVES x NPUS"); }),
              HasSubstr("Thing: expected LEAVES x NPUS"));
  EXPECT_THAT(said("Thing(1x0)", [](BuilderArguments& w) { w.extents(1, 2, "sizes"); }),
              testing::StartsWith("Thing: '0'"));
  EXPECT_THAT(said("Thing(1, n 10)", [](BuilderArguments& w) { w.whole("n", 1, 1, 9); }),
              testing::StartsWith("Thing: n: "));
  EXPECT_THAT(said("Thing(1, n x)", [](BuilderArguments& w) { w.number("n", 1, 0, 9); }),
              testing::StartsWith("Thing: n: "));
  EXPECT_EQ(said("Thing(1, n x)", [](BuilderArguments& w) { w.yes("n", true); }),
            "Thing: n: 'x', expected yes or no");
  EXPECT_THAT(said("Thing(1)", [](BuilderArguments& w) { w.bandwidth(); }),
              HasSubstr("Thing: no bandwidth is given"));
  EXPECT_EQ(said("Thing(1, inside 0)", [](BuilderArguments& w) { w.bandwidth("inside", gb_per_s(1)); }),
            "Thing: inside: a bandwidth of 0");
  EXPECT_THAT(said("Thing(1, latency soon)", [](BuilderArguments& w) { w.latency(); }),
              testing::StartsWith("Thing: latency: "));
}

}  // namespace
}  // namespace bandwright
