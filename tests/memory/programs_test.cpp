// Are the programs' answers optimal, honest and possible?
#include <gtest/gtest.h>

#include "memory/placement.h"
#include "tests/memory/exhaustive.h"
#include "tests/memory/random_graph.h"

namespace bandwright {
namespace {

PlacementProblem random_problem(unsigned seed, int most_tensors) {
  TrainingGraph graph = random_graph(seed, most_tensors, seed % 2 == 0);
  const std::int64_t peak = peak_live(graph).value();
  const Bytes limit = bytes(peak * static_cast<std::int64_t>(seed % 5) / 4);
  return {std::move(graph), test_tiers(), limit};
}

PlacementSummary solve(const PlacementProblem& problem, std::string_view policy) {
  return place(problem, find_policy(policy), {.gap = 1e-9});
}

class RandomPlacement : public ::testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, RandomPlacement, ::testing::Range(0U, 20U));

TEST_P(RandomPlacement, StaticIsTheBestOfAllChoices) {
  const PlacementProblem problem = random_problem(GetParam(), 10);
  const double least = least_ns(problem.graph, problem.tiers, problem.fast_limit, Freedom::Static);
  EXPECT_NEAR(solve(problem, "static").ns, least, 1e-6 * least);
}

TEST_P(RandomPlacement, SynchronousIsTheBestOfAllSchedules) {
  const PlacementProblem problem = random_problem(GetParam(), 10);
  const double least = least_ns(problem.graph, problem.tiers, problem.fast_limit, Freedom::Synchronous);
  EXPECT_NEAR(solve(problem, "synchronous").ns, least, 1e-6 * least);
}

TEST_P(RandomPlacement, AsynchronousIsTheBestOfAllSchedules) {
  const PlacementProblem problem = random_problem(GetParam(), 8);
  const double least = least_ns(problem.graph, problem.tiers, problem.fast_limit, Freedom::Asynchronous);
  EXPECT_NEAR(solve(problem, "asynchronous").ns, least, 1e-6 * least);
}

TEST_P(RandomPlacement, ReplayGivesTheObjectiveWithinTheLimit) {
  const PlacementProblem problem = random_problem(GetParam(), 10);
  for (const std::string_view policy : {"first-touch", "static", "synchronous", "asynchronous"}) {
    const PlacementSummary summary = solve(problem, policy);
    ASSERT_TRUE(summary.replay.has_value()) << policy;
    EXPECT_EQ(summary.replay->fault, "") << policy;
    // Kernels and copies are rounded to picoseconds each: a few hundredths of a ns in all.
    EXPECT_NEAR(to_ns(summary.replay->total), summary.ns, 0.1) << policy;
    EXPECT_LE(summary.peak_fast, problem.fast_limit) << policy;
    if (summary.placed) {
      EXPECT_LE(summary.placed->addresses.high_water, problem.fast_limit) << policy;
      EXPECT_EQ(summary.placed->replay.fault, "") << policy;
      EXPECT_GE(to_ns(summary.placed->replay.total), summary.bound_ns - 0.1) << policy;
    }
  }
}

TEST_P(RandomPlacement, MoreFreedomIsNeverSlower) {
  const PlacementProblem problem = random_problem(GetParam(), 10);
  const PlacementSummary fixed = solve(problem, "static");
  const PlacementSummary synchronous = solve(problem, "synchronous");
  const PlacementSummary asynchronous = solve(problem, "asynchronous");
  EXPECT_LE(synchronous.ns, fixed.ns);
  EXPECT_LE(asynchronous.ns, synchronous.ns);
  EXPECT_LE(fixed.ns, solve(problem, "first-touch").ns * (1 + 1e-9));
}

TEST_P(RandomPlacement, OverlappedTimeIsAtLeastComputeAndAtLeastTransfer) {
  const PlacementProblem problem = random_problem(GetParam(), 10);
  const PlacementSummary summary = solve(problem, "asynchronous");
  Time copies;
  for (const Span& span : summary.replay->spans) {
    if (span.tensor >= 0) copies += span.end - span.start;
  }
  EXPECT_GE(summary.replay->total, summary.replay->kernels);
  EXPECT_GE(summary.replay->total, copies);
  EXPECT_EQ(summary.replay->total,
            summary.replay->kernels + summary.replay->copy_stall + summary.replay->overlap_stall);
}

TEST(Programs, TimeNeverGrowsWithFastMemory) {
  for (const std::string_view policy : {"static", "synchronous", "asynchronous"}) {
    PlacementProblem problem = random_problem(3, 10);
    double before = never;
    for (int part = 0; part <= 8; ++part) {
      problem.fast_limit = bytes(peak_live(problem.graph).value() * part / 8);
      const double ns = solve(problem, policy).ns;
      EXPECT_LE(ns, before * (1 + 1e-9)) << policy << " with " << part << "/8";
      before = ns;
    }
    // Linear times: all in fast memory is the least, and all in slow memory the only choice without any.
    EXPECT_DOUBLE_EQ(before, solve(problem, "all-fast").ns);
    problem.fast_limit = bytes(0);
    EXPECT_DOUBLE_EQ(solve(problem, policy).ns, solve(problem, "all-slow").ns);
  }
}

// Two kernels, a -> b -> end: a writes t (1 page), which b reads. b runs only with t in fast memory and a
// only with t in slow memory: the tensor has to be fetched, which static cannot.
TEST(Programs, StaticWithoutAPlacementSaysSo) {
  PlacementProblem problem{.tiers = test_tiers(), .fast_limit = page};
  problem.graph.tensors = {{"t", page}};
  problem.graph.kernels = {
      {.name = "a", .arguments = {0}, .outputs_from = 0, .fast_ns = never, .measured = {{1, 100}}},
      {.name = "b", .arguments = {0}, .outputs_from = 1, .fast_ns = 50, .measured = {{0, 50}}}};
  EXPECT_EQ(solve(problem, "static").status, PlacementStatus::Infeasible);
  EXPECT_NE(solve(problem, "static").reason, "");
  // 100 ns + 4096 B at 20 GB/s + 50 ns
  EXPECT_NEAR(solve(problem, "synchronous").ns, 100 + 4096 / 20.0 + 50, 1e-6);
}

}  // namespace
}  // namespace bandwright
