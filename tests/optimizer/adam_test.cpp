#include "optimizer/solvers/adam.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "optimizer/solver.h"
#include "tests/optimizer/random_problems.h"

namespace bandwright {
namespace {

TEST(Adam, ArrivesWhereTheCertificateSays) {
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 4e9}}}, {0.0, {{2, 7e9}, {4, 1e9}}}}};
  Problem problem{3, {{1.0, known.oracle()}}, {total_budget(3, 60)}, {1, 2, 3}};
  for (const Target target : {Target::Perf, Target::PerfPerCost}) {
    problem.target = target;
    Options options;
    options.max_iterations = 20'000;
    const Summary summary = optimize(problem, options, find_solver("Adam"));
    EXPECT_EQ(summary.status, Status::Optimal);
    EXPECT_EQ(summary.evaluations, 20'000);
    EXPECT_GE(summary.gap(), 0.0);  // proved by cutting planes
    EXPECT_LE(summary.gap(), 1e-3);
    EXPECT_EQ(summary.trace.size(), 4U);
    EXPECT_EQ(summary.shadow_prices.size(), 1U);
  }
}

TEST(Adam, KnowsATotalBudgetOnly) {
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 1e9}}}}};
  const Problem problem{2, {{1.0, known.oracle()}}, {total_budget(2, 60), at_most(2, 0, 20)}};
  EXPECT_THROW(optimize(problem, {}, find_solver("adam")), InputError);
  EXPECT_THROW(find_solver("adan"), InputError);
}

TEST(Adam, NeverLeavesTheBudget) {
  const KnownCuts known{
      {{0.0, {{1, 1e3}, {2, 1e9}, {4, 1e3}}}}};  // all but everything belongs on dimension 2
  const Problem problem{3, {{1.0, known.oracle()}}, {total_budget(3, 1)}};
  Options options;
  options.max_iterations = 2'000;
  const Summary summary = optimize(problem, options, find_solver("adam"));
  EXPECT_TRUE(feasible(problem, summary.gb_per_s, 1e-9));
  EXPECT_GT(summary.gb_per_s[1], 0.9);
}

// A limit of one step is one step, after which nothing has converged.
TEST(Adam, TakesAsManyStepsAsItMay) {
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 4e9}}}}};
  const Problem problem{2, {{1.0, known.oracle()}}, {total_budget(2, 60)}};
  for (const int most : {1, 2, 7}) {
    Options options;
    options.max_iterations = most;
    EXPECT_EQ(optimize(problem, options, find_solver("adam")).evaluations, most);
  }
}

}  // namespace
}  // namespace bandwright
