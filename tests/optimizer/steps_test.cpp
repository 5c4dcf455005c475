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
