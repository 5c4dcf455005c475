// Is the certificate right? Every answer here is checked against solvers and points that share nothing with
// the optimizer: Ipopt on the known cuts, random allocations, and dense grids.
#include <gtest/gtest.h>

#include <cmath>

#include "optimizer/solver.h"
#include "tests/optimizer/ipopt_oracle.h"

namespace bandwright {
namespace {

double objective(const Problem& problem, const KnownCuts& known, std::span<const double> b) {
  return known.at(b) * (problem.target == Target::Perf ? 1.0 : cost(problem, b));
}

std::vector<double> random_prices(int dimensions, std::mt19937& random) {
  std::vector<double> price;
  for (int d = 0; d < dimensions; ++d)
    price.push_back(std::exp(std::uniform_real_distribution<double>(0, 4)(random)));
  return price;
}

class Certificate : public testing::TestWithParam<int> {};

// Ten instances per parameter, on 2 to 8 dimensions.
TEST_P(Certificate, HoldsAgainstIpoptAndRandomAllocations) {
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  for (int instance = 0; instance < 10; ++instance) {
    SCOPED_TRACE(instance);
    const int n = 2 + (GetParam() + instance) % 7;
    const KnownCuts known = random_cuts(n, random);
    Problem problem{n, {{1.0, known.oracle()}}, random_constraints(n, random), random_prices(n, random)};
    problem.target = GetParam() % 5 == 4 ? Target::PerfPerCost : Target::Perf;
    if (instance % 2 == 1) problem.fixed_cost = 500.0;
    const bool perf = problem.target == Target::Perf;

    const Summary summary = optimize(problem);

    ASSERT_EQ(summary.status, Status::Optimal);
    EXPECT_LE(summary.gap(), perf ? 1e-9 : 1e-6);
    EXPECT_GE(summary.gap(), 0.0);
    EXPECT_TRUE(feasible(problem, summary.gb_per_s, 1e-9 * problem.constraints[0].bound));
    EXPECT_NEAR(summary.objective, objective(problem, known, summary.gb_per_s), 1e-12 * summary.objective);

    const IpoptAnswer ipopt = solve_by_ipopt(problem, known, 3, random);
    ASSERT_FALSE(ipopt.gb_per_s.empty());
    const double ipopt_accuracy = 1e-6;
    EXPECT_LE(summary.lower_bound, ipopt.objective * (1.0 + ipopt_accuracy));
    EXPECT_LE(summary.objective, ipopt.objective * (1.0 + ipopt_accuracy));

    // Allocations as far from the optimum as possible and as near as 1e-6 of the way.
    std::vector<double> other;
    for (int i = 0; i < 500; ++i) {
      if (i % 10 == 0) other = random_allocation(problem, random);
      std::vector<double> b = other;
      if (i % 10 != 0) {
        const double share = std::pow(10.0, std::uniform_real_distribution<double>(-6, 0)(random));
        for (std::size_t d = 0; d < b.size(); ++d) {
          b[d] = (1.0 - share) * summary.gb_per_s[d] + share * other[d];
        }
      }
      EXPECT_LE(summary.lower_bound, objective(problem, known, b));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Certificate, testing::Range(0, 20));

// b1 + b2 (+ b3) = budget on a grid of `steps` divisions.
double best_on_grid(const Problem& problem, const KnownCuts& known, int steps) {
  const double step = problem.constraints[0].bound / steps;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 1; i < steps; ++i) {
    for (int j = 1; i + j <= steps; ++j) {
      std::vector<double> b = {i * step, (steps - i) * step};
      if (problem.dimensions == 3) b = {i * step, j * step, (steps - i - j) * step + 1e-9};
      best = std::min(best, objective(problem, known, b));
      if (problem.dimensions == 2) break;
    }
  }
  return best;
}

TEST(Certificate, HoldsOnDenseGrids) {
  std::mt19937 random(7);
  for (int instance = 0; instance < 20; ++instance) {
    SCOPED_TRACE(instance);
    const int n = 2 + instance % 2;
    const KnownCuts known = random_cuts(n, random);
    Problem problem{n, {{1.0, known.oracle()}}, {total_budget(n, 325)}, random_prices(n, random)};
    problem.target = instance % 4 < 2 ? Target::Perf : Target::PerfPerCost;
    const Summary summary = optimize(problem);
    const double best = best_on_grid(problem, known, n == 2 ? 20'000 : 200);
    EXPECT_LE(summary.lower_bound, best);
    EXPECT_NEAR(summary.objective / best, 1.0, n == 2 ? 1e-3 : 5e-2);
  }
}

TEST(Certificate, ShadowPricesAreTheDerivativesOfTheOptimum) {
  std::mt19937 random(11);
  int compared = 0;
  for (int instance = 0; instance < 20; ++instance) {
    const int n = 2 + instance % 4;
    const KnownCuts known = random_cuts(n, random);
    Problem problem{n, {{1.0, known.oracle()}}, random_constraints(n, random), random_prices(n, random)};
    problem.target = instance % 4 < 3 ? Target::Perf : Target::PerfPerCost;
    const Summary summary = optimize(problem);
    for (std::size_t k = 0; k < problem.constraints.size(); ++k) {
      const double h = 1e-4 * problem.constraints[0].bound;
      Problem less = problem;
      Problem more = problem;
      less.constraints[k].bound -= h;
      more.constraints[k].bound += h;
      const Summary low = optimize(less);
      const Summary high = optimize(more);
      if (low.status != Status::Optimal || high.status != Status::Optimal) continue;
      // Where the optimum has a kink, its one-sided derivatives enclose the price.
      const double left = (low.objective - summary.objective) / h;
      const double right = (summary.objective - high.objective) / h;
      const double slack =
          2e-3 * (std::abs(left) + std::abs(right)) + 1e-4 * summary.objective / problem.constraints[0].bound;
      EXPECT_LE(summary.shadow_prices[k].per_unit, std::max(left, right) + slack) << instance << " " << k;
      EXPECT_GE(summary.shadow_prices[k].per_unit, std::min(left, right) - slack) << instance << " " << k;
      ++compared;
    }
  }
  EXPECT_GT(compared, 40);
}

}  // namespace
}  // namespace bandwright
