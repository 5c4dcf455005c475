// What collectives put on classes of links: by hand, and against the flow engine.
#include "simulator/link_loads.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "network/builders.h"
#include "network/link_classes.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/player/player.h"
#include "simulator/transport/flow_network.h"

namespace bandwright {
namespace {

struct LoadCase {
  Step step;
  Network network;
  Library library;
  FlowNetwork built;
  std::vector<double> bandwidth;

  [[nodiscard]] Scenario scenario() const { return {step, network, library, bandwidth, {}, &built}; }
};

LoadCase load_case(std::string_view words, const std::string& algorithm, const Collective& collective,
                   Routing routing = Routing::Spray) {
  LoadCase one;
  one.built = {.graph = build_graph(words, {.bandwidth = gb_per_s(50)}), .routing = {.routing = routing}};
  const LogicalGrid grid = logical_grid(one.built.graph);
  one.network = grid.network;
  for (const Bandwidth b : grid.bandwidth) one.bandwidth.push_back(b.value());
  one.library.chunks = 1;
  one.library.network = NetworkModel::Flows;
  one.library.algorithms.by_kind["Switch"] = algorithm;
  one.step = lone_collective(one.network, collective);
  return one;
}

constexpr Collective all_reduce = {CollectiveKind::AllReduce, Bytes(320'000'000)};
constexpr Collective large_all_to_all = {CollectiveKind::AllToAll, Bytes(320'000'000)};

// Halving and doubling among 32: S/2, S/4, S/8 within a leaf of 8, S/16 and S/32 out of it, twice. So 28/32 S
// over the leaf's links, and then 3/32 S over whichever is narrower.
TEST(LinkLoads, RoundsFollowEachOther) {
  const LoadCase one = load_case("LeafSpine(4x8)", "halving-doubling", all_reduce);
  const LinkLoads loads = link_loads(one.scenario());
  const ClosedForm form(one.step, 2, WireLoads(one.step.collectives, loads.routed));
  for (const double spine : {1.0, 5.0, 20.0, 50.0, 100.0}) {
    const double expected = 2 * 320e6 * (28.0 / 32 / 50 + 3.0 / 32 / std::min(50.0, spine));
    EXPECT_NEAR(form.step_time_ns(std::vector{50.0, spine}), expected, 1e-6 * expected) << spine;
  }
}

// An NPU sends 2 x 31/32 S and each leaf 8 x 2 x 3/32 S to others: no routes carry that in less.
TEST(LinkLoads, CutsHoldForAnyRoutes) {
  const LoadCase one = load_case("LeafSpine(4x8)", "halving-doubling", all_reduce);
  const ClosedForm cut(one.step, 2, WireLoads(one.step.collectives, link_loads(one.scenario()).cut));
  EXPECT_NEAR(cut.step_time_ns(std::vector{50.0, 50.0}), 2 * 320e6 * 31 / 32 / 50, 1.0);
  EXPECT_NEAR(cut.step_time_ns(std::vector{50.0, 1.0}), 2 * 320e6 * 3 / 32 / 1.0, 1.0);
}

// In a ring of five there is one shortest way to everybody: parts that are routed each by itself all take it.
TEST(LinkLoads, PartsOfAMessageAreTheWholeOfIt) {
  LoadCase one = load_case("Torus(5)", "halving-doubling", large_all_to_all, Routing::Ecmp);
  const auto ns = [&] {
    return ClosedForm(one.step, 1, WireLoads(one.step.collectives, link_loads(one.scenario()).routed))
        .step_time_ns(std::vector{50.0});
  };
  const double whole = ns();
  EXPECT_GT(whole, 0.0);
  one.built.routing.queue_pairs = 4;
  EXPECT_NEAR(ns(), whole, 1e-9 * whole);
}

// The tangent is the form's value at the point, and below it elsewhere.
TEST(LinkLoads, TheirCutsAreTangents) {
  const LoadCase one = load_case("LeafSpine(4x8)", "halving-doubling", all_reduce);
  const ClosedForm form(one.step, 2, WireLoads(one.step.collectives, link_loads(one.scenario()).routed));
  const std::vector<std::vector<double>> points = {{50, 50}, {50, 5}, {10, 40}, {80, 20}};
  for (const auto& at : points) {
    const Cut tangent = form.cut(at);
    EXPECT_NEAR(tangent.at(at), form.step_time_ns(at), 1e-9 * tangent.at(at));
    for (const auto& other : points) {
      EXPECT_LE(tangent.at(other), form.step_time_ns(other) * (1 + 1e-12));
    }
  }
}

// Where all NPUs do alike on links alike, rounds are as long as their fullest link: the flow engine plays the
// same, at any bandwidths of the classes.
TEST(LinkLoads, FlowsPlayTheSameWhereRoundsAreEven) {
  for (const std::string_view words :
       {"LeafSpine(4x8)", "FatTree(64, radix 16)", "RailOptimised(4x8, inside 450)",
        "Dragonfly(9x4x2, global_links 2)"}) {
    for (const auto& [algorithm, collective] :
         {std::pair{"direct", large_all_to_all}, {"halving-doubling", all_reduce}}) {
      if (words.starts_with("Dragonfly") && collective.kind != CollectiveKind::AllToAll) continue;  // 72 NPUs
      LoadCase one = load_case(words, algorithm, collective);
      const auto classes = static_cast<int>(one.built.graph.classes.size());
      const ClosedForm form(one.step, classes,
                            WireLoads(one.step.collectives, link_loads(one.scenario()).routed));
      std::vector<double> b = class_gb_per_s(one.built.graph);
      for (const double share : {1.0, 0.4}) {
        b.back() *= share;
        one.built.graph = with_class_gb_per_s(one.built.graph, b);
        const double expected = form.step_time_ns(b);
        EXPECT_NEAR(to_ns(simulate_full(one.scenario()).step_time), expected, 1e-4 * expected)
            << words << " " << algorithm << " " << share;
      }
    }
  }
}

TEST(LinkLoads, WaysThatDependOnLoadAreRefused) {
  for (const Routing routing : {Routing::Adaptive, Routing::Ugal}) {
    const LoadCase one = load_case("LeafSpine(4x8)", "direct", large_all_to_all, routing);
    EXPECT_THROW(link_loads(one.scenario()), InputError);
  }
}

}  // namespace
}  // namespace bandwright
