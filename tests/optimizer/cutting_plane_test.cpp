#include "optimizer/solvers/cutting_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "optimizer/solver.h"
#include "tests/optimizer/random_problems.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

Problem with_cuts(const KnownCuts& known, int dimensions, std::vector<Constraint> constraints) {
  return {dimensions, {{1.0, known.oracle()}}, std::move(constraints)};
}

Load load(int dimension, double bytes) { return {only_dimension(dimension), bytes}; }

// minimise sum L_d / b_d with sum b_d = B: b_d proportional to sqrt(L_d), T = (sum sqrt L_d)^2 / B, and one
// more GB/s saves T / B.
TEST(CuttingPlane, SplitsASingleCutByTheSquareRootOfItsLoads) {
  const KnownCuts known{{{100.0, {load(0, 1e9), load(1, 4e9), load(2, 9e9)}}}};
  const Summary summary = optimize(with_cuts(known, 3, {total_budget(3, 600)}));
  ASSERT_EQ(summary.status, Status::Optimal);
  EXPECT_NEAR(summary.gb_per_s[0], 100, 1e-3);
  EXPECT_NEAR(summary.gb_per_s[1], 200, 1e-3);
  EXPECT_NEAR(summary.gb_per_s[2], 300, 1e-3);
  EXPECT_NEAR(summary.objective, 100.0 + 6e7, 1e-2);
  EXPECT_NEAR(summary.shadow_prices[0].per_unit, 1e5, 1);
}

// A collective that waits for its slowest dimension, max_d L_d / b_d: b_d proportional to L_d.
TEST(CuttingPlane, BalancesAMaximum) {
  const KnownCuts known{{{0.0, {load(0, 6e9)}}, {0.0, {load(1, 3e9)}}, {0.0, {load(2, 1e9)}}}};
  const Summary summary = optimize(with_cuts(known, 3, {total_budget(3, 100)}));
  EXPECT_NEAR(summary.gb_per_s[0], 60, 1e-6);
  EXPECT_NEAR(summary.gb_per_s[1], 30, 1e-6);
  EXPECT_NEAR(summary.gb_per_s[2], 10, 1e-6);
}

// (c + L / b) p b = p (c b + L) with the budget spent on either of two dimensions: 1 GB/s on dimension 0
// costs less by 9 $, so everything moves there until the load of dimension 1 stops it: with T = L0/b0 + L1/b1
// and b0 + b1 = B the product is checked against a fine search.
TEST(CuttingPlane, FindsTheCheapestProduct) {
  const KnownCuts known{{{1e6, {load(0, 1e9), load(1, 1e9)}}}};
  Problem problem = with_cuts(known, 2, {total_budget(2, 100)});
  problem.price = {1, 10};
  problem.target = Target::PerfPerCost;
  const Summary summary = optimize(problem);
  double best = std::numeric_limits<double>::infinity();
  for (double b = 0.001; b < 100; b += 0.001) {
    best = std::min(best, (1e6 + 1e9 / (100 - b) + 1e9 / b) * (100 - b + 10 * b));
  }
  EXPECT_NEAR(summary.objective / best, 1.0, 1e-8);
  EXPECT_LE(summary.objective, best * (1 + 1e-10));
  EXPECT_LE(summary.gap(), 1e-6);
}

TEST(CuttingPlane, GivesNothingToADimensionThatCarriesNothing) {
  const KnownCuts known{{{0.0, {load(0, 1e9), load(2, 1e9)}}}};
  EXPECT_THAT(optimize(with_cuts(known, 3, {total_budget(3, 100)})).gb_per_s,
              ElementsAre(testing::DoubleNear(50, 1e-5), 0.0, testing::DoubleNear(50, 1e-5)));
  const Summary floored = optimize(with_cuts(known, 3, {total_budget(3, 100), at_least(3, 1, 20)}));
  EXPECT_NEAR(floored.gb_per_s[1], 20, 1e-9);
  EXPECT_LT(floored.shadow_prices[1].per_unit, 0.0);
}

TEST(CuttingPlane, SplitsEvenlyWhereNothingIsCarried) {
  const KnownCuts known{{{5.0, {}}}};
  const Summary summary = optimize(with_cuts(known, 4, {total_budget(4, 100)}));
  EXPECT_EQ(summary.status, Status::Optimal);
  EXPECT_EQ(summary.objective, 5.0);
  for (const double b : summary.gb_per_s) EXPECT_NEAR(b, 25, 1e-3);
}

// Caps that add up to the budget, and a floor that is also the cap, leave no interior.
TEST(CuttingPlane, AcceptsAllocationsWithoutAnyFreedom) {
  const KnownCuts known{{{0.0, {load(0, 1e9), load(1, 1e9)}}}};
  const Summary caps =
      optimize(with_cuts(known, 2, {total_budget(2, 100), at_most(2, 0, 30), at_most(2, 1, 70)}));
  ASSERT_EQ(caps.status, Status::Optimal);
  EXPECT_NEAR(caps.gb_per_s[0], 30, 1e-8);
  EXPECT_LE(caps.gap(), 1e-9);
  const Summary pinned =
      optimize(with_cuts(known, 2, {total_budget(2, 100), at_most(2, 0, 30), at_least(2, 0, 30)}));
  ASSERT_EQ(pinned.status, Status::Optimal);
  EXPECT_NEAR(pinned.gb_per_s[1], 70, 1e-8);
  const Summary twice = optimize(with_cuts(known, 2, {total_budget(2, 100), total_budget(2, 100)}));
  ASSERT_EQ(twice.status, Status::Optimal);
  EXPECT_NEAR(twice.gb_per_s[1], 50, 1e-5);
}

TEST(CuttingPlane, NamesTheConstraintsThatContradictEachOther) {
  const KnownCuts known{{{0.0, {load(0, 1e9), load(1, 1e9), load(2, 1e9)}}}};
  std::vector<Constraint> constraints = {total_budget(3, 325), at_least(3, 0, 5)};
  for (int d = 0; d < 3; ++d) constraints.push_back(at_most(3, d, 100));
  const Summary caps = optimize(with_cuts(known, 3, constraints));
  EXPECT_EQ(caps.status, Status::Infeasible);
  EXPECT_THAT(caps.conflict, UnorderedElementsAre("budget", "b1 <= 100", "b2 <= 100", "b3 <= 100"));
  EXPECT_TRUE(caps.gb_per_s.empty());
  const Summary pair = optimize(
      with_cuts(known, 3, {total_budget(3, 325), at_least(3, 1, 60), at_most(3, 1, 50), at_most(3, 2, 10)}));
  EXPECT_THAT(pair.conflict, UnorderedElementsAre("b2 >= 60", "b2 <= 50"));
  const Summary budgets = optimize(with_cuts(known, 3, {total_budget(3, 325), total_budget(3, 326)}));
  EXPECT_EQ(budgets.conflict.size(), 2U);
  const Summary starved = optimize(with_cuts(known, 3, {total_budget(3, 325), at_most(3, 1, 0)}));
  EXPECT_EQ(starved.status, Status::Infeasible);
  EXPECT_THAT(starved.conflict, ElementsAre("b2 <= 0"));
}

TEST(CuttingPlane, DollarBudgetIsPerfUnderAnotherConstraint) {
  const KnownCuts known{{{0.0, {load(0, 1e9), load(1, 1e9)}}}};
  Problem problem = with_cuts(known, 2, {});
  problem.price = {1, 4};  // L / b with p b = K: p_d b_d proportional to sqrt(L_d p_d), that is 1 to 2
  problem.constraints = {dollar_budget(problem, 300)};
  const Summary summary = optimize(problem);
  EXPECT_NEAR(summary.gb_per_s[0], 100, 1e-4);
  EXPECT_NEAR(summary.gb_per_s[1], 50, 1e-4);
}

TEST(CuttingPlane, AddsAGroupByWeight) {
  const KnownCuts first{{{1.0, {load(0, 1e9)}}}};
  const KnownCuts second{{{2.0, {load(1, 1e9)}}}};
  const Problem problem{2, {{4.0, first.oracle()}, {1.0, second.oracle()}}, {total_budget(2, 300)}};
  const Summary summary = optimize(problem);  // 4 / b1 + 1 / b2: b1 to b2 as 2 to 1
  EXPECT_NEAR(summary.gb_per_s[0], 200, 1e-4);
  EXPECT_NEAR(summary.objective, 6.0 + 4e9 / 200 + 1e9 / 100, 1e-1);
}

// T(b) depends on bytes / bandwidth only, and names of dimensions mean nothing.
TEST(CuttingPlane, DoesNotDependOnUnitsOrOrder) {
  std::mt19937 random(3);
  for (int instance = 0; instance < 10; ++instance) {
    const int n = 3 + instance % 4;
    const KnownCuts known = random_cuts(n, random);
    Problem problem = with_cuts(known, n, {total_budget(n, 325), at_most(n, 0, 100)});
    problem.target = instance % 2 == 0 ? Target::Perf : Target::PerfPerCost;
    for (int d = 0; d < n; ++d) problem.price.push_back(1.0 + d);
    const double certified = instance % 2 == 0 ? 1e-9 : 1e-6;
    const Summary summary = optimize(problem);

    KnownCuts scaled = known;
    for (Cut& cut : scaled.cuts) {
      for (Load& each : cut.loads) each.bytes *= 1000;
    }
    Problem larger = problem;
    larger.step_times = {{1.0, scaled.oracle()}};
    for (Constraint& constraint : larger.constraints) constraint.bound *= 1000;
    for (double& price : larger.price) price /= 1000;
    EXPECT_NEAR(optimize(larger).objective / summary.objective, 1.0, certified);

    KnownCuts turned = known;  // dimension d becomes n - 1 - d
    for (Cut& cut : turned.cuts) {
      for (Load& each : cut.loads) {
        DimensionSet dims = 0;
        for (int d = 0; d < n; ++d) dims |= contains(each.dims, d) ? only_dimension(n - 1 - d) : 0U;
        each.dims = dims;
      }
    }
    Problem reversed = problem;
    reversed.step_times = {{1.0, turned.oracle()}};
    reversed.constraints[1] = at_most(n, n - 1, 100);
    std::reverse(reversed.price.begin(), reversed.price.end());
    EXPECT_NEAR(optimize(reversed).objective / summary.objective, 1.0, certified);
  }
}

TEST(CuttingPlane, TraceImprovesAndReportsLive) {
  std::mt19937 random(5);
  const KnownCuts known = random_cuts(4, random);
  const Problem problem = with_cuts(known, 4, {total_budget(4, 325)});
  Options options;
  std::size_t seen = 0;
  options.on_iteration = [&](const Iteration& row) { EXPECT_EQ(row.number, static_cast<int>(++seen)); };
  const Summary summary = optimize(problem, options);
  ASSERT_EQ(summary.trace.size(), seen);
  ASSERT_GE(seen, 1U);
  for (std::size_t i = 1; i < seen; ++i) {
    EXPECT_LE(summary.trace[i].objective, summary.trace[i - 1].objective);
    EXPECT_GE(summary.trace[i].lower_bound, summary.trace[i - 1].lower_bound);
  }
}

// Below the gap asked for it goes on for as long as a round halves the gap, or to what doubles can tell
// apart.
TEST(CuttingPlane, GoesOnWhileARoundHalvesTheGap) {
  std::mt19937 random(8);
  int went_on = 0;
  for (int instance = 0; instance < 20; ++instance) {
    std::vector<KnownCuts> chain;
    for (int i = 0; i < 4; ++i) chain.push_back(random_cuts(4, random));
    Problem problem{4, {}, {total_budget(4, 325)}};
    for (const KnownCuts& known : chain) problem.step_times.push_back({1.0, known.oracle()});
    Options options;
    options.gap = 0.1;
    const Summary summary = optimize(problem, options);
    ASSERT_EQ(summary.status, Status::Optimal);
    std::vector<double> gaps;
    for (const Iteration& row : summary.trace) gaps.push_back(1.0 - row.lower_bound / row.objective);
    for (std::size_t i = 0; i + 1 < gaps.size(); ++i) {
      if (gaps[i] > 0.1) continue;
      EXPECT_TRUE(i == 0 || gaps[i] <= 0.5 * gaps[i - 1] + 1e-15) << "it went on after a round that did not";
      ++went_on;
    }
    EXPECT_LE(gaps.back(), 0.1);
  }
  EXPECT_GT(went_on, 5);
}

// A constraint that is far from the optimum is worth nothing, exactly.
TEST(CuttingPlane, WhatDoesNotBindIsWorthNothing) {
  const KnownCuts known{{{0.0, {load(0, 1e9), load(1, 1e9)}}}};
  const Summary summary =
      optimize(with_cuts(known, 2, {total_budget(2, 100), at_most(2, 0, 99), at_least(2, 1, 1)}));
  EXPECT_GT(summary.shadow_prices[0].per_unit, 0.0);
  EXPECT_EQ(summary.shadow_prices[1].per_unit, 0.0);
  EXPECT_EQ(summary.shadow_prices[2].per_unit, 0.0);
}

// How often oracles are asked is what an optimisation costs: in the mean over 40 problems of the kinds above.
// What makes it ask much more often is a fault of the search, though every answer stays right.
TEST(CuttingPlane, AsksSparingly) {
  std::mt19937 random(9);
  int perf = 0;
  int product = 0;
  for (int instance = 0; instance < 40; ++instance) {
    const int n = 2 + instance % 6;
    const KnownCuts known = random_cuts(n, random);
    Problem problem = with_cuts(known, n, random_constraints(n, random));
    for (int d = 0; d < n; ++d) problem.price.push_back(1.0 + 3.0 * d);
    perf += optimize(problem).evaluations;
    problem.target = Target::PerfPerCost;
    product += optimize(problem).evaluations;
  }
  // One for each of 4.4 dimensions and one inside, and 4 more; a product is a dozen levels of two.
  EXPECT_LE(perf, 40 * 9.4);
  EXPECT_LE(product, 40 * 29);
}

TEST(CuttingPlane, StopsWhenAskedTo) {
  std::mt19937 random(6);
  std::vector<KnownCuts> chain;  // a sum of maxima has more cuts than the first questions reveal
  for (int i = 0; i < 12; ++i) chain.push_back(random_cuts(4, random));
  Problem problem{4, {}, {total_budget(4, 325)}};
  for (const KnownCuts& known : chain) problem.step_times.push_back({1.0, known.oracle()});
  ASSERT_GE(optimize(problem).trace.size(), 2U);
  std::stop_source source;
  Options options;
  options.stop = source.get_token();
  source.request_stop();
  const Summary stopped = optimize(problem, options);
  EXPECT_EQ(stopped.status, Status::Interrupted);
  EXPECT_TRUE(feasible(problem, stopped.gb_per_s, 1e-6));
  Options one;
  one.max_iterations = 1;
  const Summary limited = optimize(problem, one);
  EXPECT_EQ(limited.status, Status::IterationLimit);
  EXPECT_LE(limited.lower_bound, optimize(problem).objective);
}

// A budget is spent to the last bit that a sum of doubles has, though the interior point method ends near it
// only.
TEST(CuttingPlanes, SpendABudgetExactly) {
  std::mt19937 random(77);
  double off = 0.0;
  for (int instance = 0; instance < 40; ++instance) {
    const int n = 2 + instance % 4;
    const KnownCuts known = random_cuts(n, random);
    const Summary summary = optimize({n, {{1.0, known.oracle()}}, {total_budget(n, 325.0)}});
    double sum = 0.0;
    for (const double b : summary.gb_per_s) sum += b;
    off = std::max(off, std::abs(sum - 325.0));
  }
  EXPECT_LE(off, 4.0 * 325.0 * std::numeric_limits<double>::epsilon());
  const KnownCuts known{{{1.0, {{1, 1e9}}}}};
  EXPECT_EQ(optimize(with_cuts(known, 1, {at_most(1, 0, 300.0)})).gb_per_s, std::vector{300.0});
}

}  // namespace
}  // namespace bandwright
