// A budget divided over the classes of links of a network as it is built: by hand, and against a sweep that
// is played.
#include "study/built/graph_design.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "network/builders.h"
#include "network/link_classes.h"
#include "study/optimize.h"

namespace bandwright {
namespace {

constexpr double bytes = 320e6;

Design leaf_spine(const std::string& algorithm, CollectiveKind kind, Money budget) {
  FlowNetwork built{.graph = build_graph("LeafSpine(4x8, bandwidth 50)"),
                    .routing = {.routing = Routing::Spray}};
  const LogicalGrid grid = logical_grid(built.graph);
  Design design{.network = grid.network, .loop = &training_loops().front(), .prices = load_price_list()};
  design.library.chunks = 1;
  design.library.algorithms.by_kind["Switch"] = algorithm;
  design.built = graph_design(std::move(built), {50.0});
  design.models = {{.name = algorithm}};
  design.steps = {lone_collective(grid.network, {kind, Bytes(static_cast<std::int64_t>(bytes))})};
  design.budget = budget;
  return design;
}

// A leaf's link costs a cable, a port and a NIC (7.8 + 18 + 31.6 dollars per GB/s), one between switches a
// cable and two ports.
constexpr double leaf_price = 32 * 57.4;
constexpr double spine_price = 32 * 43.8;

// Everyone sends 31/32 S over its own link and 24/32 S to other leaves, at once: max(31/B, 24/b) S/32 is
// least where the two are the same, at an oversubscription of 31/24. The leaves' cuts say the same for any
// routes.
TEST(GraphDesign, AllToAllIsOversubscribedByWhatStaysInside) {
  const DesignSummary summary =
      solve(leaf_spine("direct", CollectiveKind::AllToAll, Money(100'000)), {.play = true});
  const double leaf = 100'000 / (leaf_price + spine_price * 24 / 31);
  ASSERT_EQ(summary.solution.status, Status::Optimal);
  EXPECT_NEAR(summary.optimum.gb_per_s[0], leaf, 1e-5 * leaf);
  EXPECT_NEAR(summary.optimum.gb_per_s[1], leaf * 24 / 31, 1e-5 * leaf);
  EXPECT_LT(summary.solution.gap(), 1e-8);
  const double time = bytes * 31 / 32 / leaf;
  EXPECT_NEAR(summary.optimum.step_ns[0], time, 1e-6 * time);
  ASSERT_TRUE(summary.any_routes_bound);
  EXPECT_NEAR(*summary.any_routes_bound, time, 1e-6 * time);
  ASSERT_TRUE(summary.played);
  EXPECT_NEAR(summary.played->optimum_ns[0], time, 1e-4 * time);
  ASSERT_TRUE(summary.as_built && summary.as_built->cost);
  EXPECT_NEAR(summary.as_built->cost->value(), 50 * (leaf_price + spine_price), 1.0);
}

// Halving and doubling: 56/32 S in rounds within leaves, then 6/32 S in rounds between them. a/B + c/b at a
// given price is least at b/B = sqrt(c P/(a p)).
TEST(GraphDesign, HalvingAndDoublingByTheRootRule) {
  const DesignSummary summary =
      solve(leaf_spine("halving-doubling", CollectiveKind::AllReduce, Money(100'000)), {.play = true});
  const double ratio = std::sqrt(6.0 * leaf_price / (56.0 * spine_price));
  EXPECT_NEAR(summary.optimum.gb_per_s[1] / summary.optimum.gb_per_s[0], ratio, 1e-4);
  ASSERT_TRUE(summary.played);
  EXPECT_NEAR(summary.played->optimum_ns[0], summary.optimum.step_ns[0], 1e-4 * summary.optimum.step_ns[0]);
  EXPECT_LT(*summary.any_routes_bound, summary.optimum.step_ns[0]);
}

// A hundred splits of the money, each played: none is more than 5 % better than the optimum played.
TEST(GraphDesign, NoSplitOfASweepBeatsTheOptimum) {
  for (const auto& [algorithm, kind] : {std::pair{"direct", CollectiveKind::AllToAll},
                                        {"halving-doubling", CollectiveKind::AllReduce},
                                        {"ring", CollectiveKind::AllReduce}}) {
    const Design design = leaf_spine(algorithm, kind, Money(100'000));
    const DesignSummary summary = solve(design, {.ranges = false, .play = true});
    ASSERT_TRUE(summary.played);
    double best = summary.played->optimum_ns[0];
    for (int i = 1; i <= 100; ++i) {
      const double share = i / 101.0;  // of the money, for spines
      const auto time = played_ns(*design.built, design.steps[0], design.network, design.library,
                                  {100'000 * (1 - share) / leaf_price, 100'000 * share / spine_price});
      ASSERT_TRUE(time);
      best = std::min(best, *time);
    }
    EXPECT_GE(best, summary.played->optimum_ns[0] / 1.05) << algorithm;
  }
}

// A machine's step over rails: what it costs is within the budget, no routes go below what is proved.
TEST(GraphDesign, AMachinesStepOverRails) {
  const OptimizeQuestion question{
      .jobs = {{.model = "llama3-8b",
                .machine = "dgx-h100",
                .npus = "32",
                .network = "RailOptimised(4x8, inside 450, bandwidth 50, machines_per_leaf 2)",
                .tp = "8",
                .global_batch = "8"}},
      .budget = Money(500'000)};
  const DesignAnswer answer = optimize(question);
  ASSERT_EQ(answer.summary.solution.status, Status::Optimal);
  ASSERT_EQ(answer.summary.optimum.gb_per_s.size(), 3U);  // inside, rail, spine
  EXPECT_LE(answer.summary.optimum.cost->value(), 500'000 * (1 + 1e-9));
  EXPECT_LE(*answer.summary.any_routes_bound, answer.summary.optimum.step_ns[0] * (1 + 1e-9));
  EXPECT_GE(answer.summary.speedup(), 1.0);
}

TEST(GraphDesign, WhatCannotBeDividedIsRefused) {
  OptimizeQuestion question{
      .jobs = {{.collective = "all-reduce", .size = "1 MiB", .network = "LeafSpine(4x8, bandwidth 50)"}},
      .budget = Money(100'000)};
  question.routing.routing = Routing::Adaptive;
  EXPECT_THROW(optimize(question), InputError);
  question.routing.routing = Routing::Spray;
  EXPECT_NO_THROW(optimize(question));
}

}  // namespace
}  // namespace bandwright
