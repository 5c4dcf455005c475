#include "optimizer/ranges.h"

#include <gtest/gtest.h>

#include <cmath>

#include "optimizer/solver.h"
#include "tests/optimizer/random_problems.h"

namespace bandwright {
namespace {

// L / b1 + L / b2 with b1 + b2 = B is L B / (b1 b2), least at b1 = B / 2. Within 1 %: b1 (B - b1) = B^2
// / 4.04, so b1 = B / 2 (1 +- sqrt(1 - 1 / 1.01)).
TEST(Ranges, SolveAQuadraticEquation) {
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 1e9}}}}};
  const Problem problem{2, {{1.0, known.oracle()}}, {total_budget(2, 200)}};
  Summary optimum = optimize(problem);
  const double reach = 100 * std::sqrt(1 - 1 / 1.01);
  for (const Range& range : ranges_within(problem, optimum)) {
    EXPECT_NEAR(range.low_gb_per_s, 100 - reach, 1e-5);
    EXPECT_NEAR(range.high_gb_per_s, 100 + reach, 1e-5);
  }
}

// Holding b_d at an end leaves an optimum of 1 + slack; beyond it, a worse one.
TEST(Ranges, EndWhereTheBestOfTheOthersReachesTheLimit) {
  std::mt19937 random(21);
  for (int instance = 0; instance < 12; ++instance) {
    const int n = 2 + instance % 4;
    const KnownCuts known = random_cuts(n, random);
    Problem problem{n, {{1.0, known.oracle()}}, random_constraints(n, random)};
    Summary optimum = optimize(problem);
    const std::vector<Range> ranges = ranges_within(problem, optimum, 0.02);
    const double limit = 1.02 * optimum.objective;
    for (int d = 0; d < n; ++d) {
      SCOPED_TRACE(testing::Message() << "instance " << instance << " dimension " << d);
      const auto [low, high] = ranges[static_cast<std::size_t>(d)];
      EXPECT_LE(low, optimum.gb_per_s[static_cast<std::size_t>(d)]);
      EXPECT_GE(high, optimum.gb_per_s[static_cast<std::size_t>(d)]);
      Problem within = problem;
      within.constraints.push_back(at_least(n, d, low + 0.999 * (high - low)));
      EXPECT_LE(optimize(within).objective, limit * (1 + 1e-7));
      Problem beyond = problem;
      beyond.constraints.push_back(at_least(n, d, high * 1.001 + 1e-3));
      EXPECT_GE(optimize(beyond).objective, limit * (1 - 1e-7));  // infinite when infeasible
      Problem below = problem;
      below.constraints.push_back(at_most(n, d, low * 0.999 - 1e-3));
      EXPECT_GE(optimize(below).objective, limit * (1 - 1e-7));
    }
  }
}

TEST(Ranges, OfAProductStayWithinItsLimit) {
  std::mt19937 random(22);
  for (int instance = 0; instance < 6; ++instance) {
    const KnownCuts known = random_cuts(3, random);
    Problem problem{3,    {{1.0, known.oracle()}}, {total_budget(3, 325)}, {1, 4, 20},
                    50.0, Target::PerfPerCost};
    Summary optimum = optimize(problem);
    const std::vector<Range> ranges = ranges_within(problem, optimum);
    for (int d = 0; d < 3; ++d) {
      const auto [low, high] = ranges[static_cast<std::size_t>(d)];
      ASSERT_LE(low, high);
      for (const double end : {low, high}) {
        Problem held = problem;
        held.constraints.push_back({"held", at_least(3, d, 0).coefficients, Sense::Equal, end});
        const Summary best = optimize(held);
        EXPECT_EQ(best.status, Status::Optimal);
        EXPECT_LE(best.lower_bound, 1.01 * optimum.objective * (1 + 1e-8));  // else the end is out of reach
      }
    }
  }
}

}  // namespace
}  // namespace bandwright
