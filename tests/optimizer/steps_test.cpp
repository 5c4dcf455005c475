#include "optimizer/steps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "optimizer/solver.h"
#include "tests/optimizer/random_problems.h"

namespace bandwright {
namespace {

// Every allocation of three dimensions in multiples.
double best_by_enumeration(const Problem& problem, const KnownCuts& known, double step, double total) {
  double best = std::numeric_limits<double>::infinity();
  for (double x = step; x <= total; x += step) {
    for (double y = step; x + y < total; y += step) {
      const std::vector<double> b = {x, y, total - x - y};
      Problem rest = problem;
      rest.constraints[0].bound = total;
      if (!feasible(rest, b, 1e-9)) continue;
      best = std::min(best, known.at(b) * (problem.target == Target::Perf ? 1.0 : cost(problem, b)));
    }
  }
  return best;
}

TEST(Steps, AreAsGoodAsEnumeration) {
  std::mt19937 random(31);
  for (int instance = 0; instance < 20; ++instance) {
    SCOPED_TRACE(instance);
    KnownCuts known = random_cuts(3, random);
    for (int d = 0; d < 3; ++d) known.cuts[0].loads.push_back({only_dimension(d), 1e7});
    Problem problem{3, {{1.0, known.oracle()}}, {total_budget(3, 325), at_most(3, 0, 160)}, {1, 3, 9}};
    if (instance % 3 == 0) problem.constraints.push_back({"order", {0, 1, -1}, Sense::AtLeast, 0.0});
    problem.target = instance % 4 < 3 ? Target::Perf : Target::PerfPerCost;
    Summary optimum = optimize(problem);
    const SteppedSummary stepped = optimize_in_steps(problem, optimum, 12.5);
    ASSERT_EQ(stepped.status, Status::Optimal);
    EXPECT_NEAR(stepped.objective / best_by_enumeration(problem, known, 12.5, 325), 1.0, 2e-7);
    EXPECT_GE(stepped.loss, -1e-6);
    EXPECT_LE(stepped.lower_bound, stepped.objective);
    for (const double b : stepped.gb_per_s) EXPECT_NEAR(std::remainder(b, 12.5), 0.0, 1e-9);
  }
}

TEST(Steps, SpendTheLargestMultipleWithinTheBudget) {
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 1e9}, {4, 1e9}}}}};
  const Problem problem{3, {{1.0, known.oracle()}}, {total_budget(3, 340)}};
  Summary optimum = optimize(problem);
  const SteppedSummary stepped = optimize_in_steps(problem, optimum, 50);
  EXPECT_EQ(stepped.gb_per_s, (std::vector<double>{100, 100, 100}));
  EXPECT_NEAR(stepped.loss, 340.0 / 300 - 1, 1e-9);
}

// Caps of 90 GB/s hold 75 in steps of 25: 4 x 75 = 300 is all of the 325 that can be bought.
TEST(Steps, SpendLessWhereCapsDemandIt) {
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 1e9}, {4, 1e9}, {8, 1e9}}}}};
  Problem problem{4, {{1.0, known.oracle()}}, {total_budget(4, 325)}};
  for (int d = 0; d < 4; ++d) problem.constraints.push_back(at_most(4, d, 90));
  Summary optimum = optimize(problem);
  EXPECT_EQ(optimize_in_steps(problem, optimum, 25).gb_per_s, (std::vector<double>{75, 75, 75, 75}));
}

// Dollars are spent at most: of 1 and 4 $ per GB/s and steps of 10, what 300 $ allow, found by trying all.
TEST(Steps, SpendAtMostTheDollars) {
  std::mt19937 random(32);
  for (int instance = 0; instance < 12; ++instance) {
    SCOPED_TRACE(instance);
    KnownCuts known = random_cuts(2, random);
    for (int d = 0; d < 2; ++d) known.cuts[0].loads.push_back({only_dimension(d), 1e8});
    Problem problem{2, {{1.0, known.oracle()}}, {}, {1, 4}};
    problem.constraints = {dollar_budget(problem, 300)};
    // Any other equality with positive coefficients is kept as "at most" as well.
    if (instance % 2 == 1) problem.constraints.push_back({"mixed", {1, 2}, Sense::Equal, 155});
    Summary optimum = optimize(problem);
    const SteppedSummary stepped = optimize_in_steps(problem, optimum, 10);
    double best = std::numeric_limits<double>::infinity();
    for (double x = 10; x <= 300; x += 10) {
      for (double y = 10; x + 4 * y <= 300; y += 10) {
        if (instance % 2 == 1 && x + 2 * y > 155) continue;
        best = std::min(best, known.at(std::vector<double>{x, y}));
      }
    }
    ASSERT_EQ(stepped.status, Status::Optimal);
    EXPECT_NEAR(stepped.objective / best, 1.0, 1e-8);
    EXPECT_LE(stepped.lower_bound, best * (1 + 1e-12));
    EXPECT_NEAR(stepped.loss, stepped.objective / optimum.objective - 1.0, 1e-12);
  }
}

// A total of some dimensions only, each counted twice: 2 b1 + 2 b2 = 130 in steps of 10 is 2 x 60; b3 has a
// cap.
TEST(Steps, ATotalMayBeOfSomeDimensions) {
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 1e9}, {4, 1e9}}}}};
  const Problem problem{
      3, {{1.0, known.oracle()}}, {{"pair", {2, 2, 0}, Sense::Equal, 130}, at_most(3, 2, 47)}};
  Summary optimum = optimize(problem);
  EXPECT_EQ(optimize_in_steps(problem, optimum, 10).gb_per_s, (std::vector<double>{30, 30, 40}));
}

// An equality that multiples cannot meet leaves nothing; one that they can is kept.
TEST(Steps, EqualitiesOfBothSignsHoldAsTheyStand) {
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 1e9}}}}};
  Problem problem{2, {{1.0, known.oracle()}}, {total_budget(2, 100), {"apart", {1, -1}, Sense::Equal, 20}}};
  Summary optimum = optimize(problem);
  const SteppedSummary met = optimize_in_steps(problem, optimum, 10);
  ASSERT_EQ(met.status, Status::Optimal);
  EXPECT_NEAR(met.gb_per_s[0], 60, 1e-9);
  EXPECT_NEAR(met.gb_per_s[1], 40, 1e-9);
  problem.constraints[1].bound = 15;
  optimum = optimize(problem);
  EXPECT_EQ(optimize_in_steps(problem, optimum, 10).status, Status::Infeasible);
}

// Stopped early it gives the best so far with a bound that still holds.
TEST(Steps, StoppedEarlyTheBoundHolds) {
  std::mt19937 random(33);
  for (int instance = 0; instance < 8; ++instance) {
    KnownCuts known = random_cuts(4, random);
    for (int d = 0; d < 4; ++d) known.cuts[0].loads.push_back({only_dimension(d), 1e7});
    const Problem problem{4, {{1.0, known.oracle()}}, {total_budget(4, 400)}};
    Summary optimum = optimize(problem);
    const SteppedSummary whole = optimize_in_steps(problem, optimum, 5);
    for (const int boxes : {1, 2, 5}) {
      Options options;
      options.max_iterations = boxes;
      const SteppedSummary some = optimize_in_steps(problem, optimum, 5, options);
      EXPECT_LE(some.lower_bound, whole.objective * (1 + 1e-9));
      EXPECT_GE(some.objective, whole.objective * (1 - 1e-9));
      EXPECT_TRUE(some.status == Status::Optimal || some.status == Status::IterationLimit);
    }
    std::stop_source source;
    source.request_stop();
    Options stopped;
    stopped.stop = source.get_token();
    const SteppedSummary none = optimize_in_steps(problem, optimum, 5, stopped);
    EXPECT_TRUE(none.status == Status::Interrupted || none.status == Status::Optimal);
    EXPECT_LE(none.lower_bound, whole.objective * (1 + 1e-9));
  }
}

// Boxes that are bounded are what a search costs; likewise.
TEST(Steps, BoundFewBoxes) {
  std::mt19937 random(34);
  int perf = 0;
  int product = 0;
  for (int instance = 0; instance < 12; ++instance) {
    KnownCuts known = random_cuts(3, random);
    for (int d = 0; d < 3; ++d) known.cuts[0].loads.push_back({only_dimension(d), 1e7});
    Problem problem{3, {{1.0, known.oracle()}}, {total_budget(3, 325)}, {1, 3, 9}};
    Summary optimum = optimize(problem);
    perf += optimize_in_steps(problem, optimum, 12.5).boxes;
    problem.target = Target::PerfPerCost;
    optimum = optimize(problem);
    product += optimize_in_steps(problem, optimum, 25).boxes;
  }
  EXPECT_LE(perf, 12 * 5.7);  // of 350 allocations that spend the budget
  EXPECT_LE(product, 12 * 4);
}

TEST(Steps, RejectAStepThatBuysNothing) {
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 1e9}}}}};
  const Problem problem{2, {{1.0, known.oracle()}}, {total_budget(2, 100)}};
  Summary optimum = optimize(problem);
  EXPECT_EQ(optimize_in_steps(problem, optimum, 60).status, Status::Infeasible);
  EXPECT_EQ(optimize_in_steps(problem, optimum, 1000).status, Status::Infeasible);
  for (const double step : {0.0, -1.0, 1e-9, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(optimize_in_steps(problem, optimum, step), InputError) << step;
  }
}

}  // namespace
}  // namespace bandwright
