// What any optimum must keep, whatever is optimized: more money never hurts, weights only scale, parts of an
// answer prove each other.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "optimizer/ranges.h"
#include "optimizer/solver.h"
#include "optimizer/steps.h"
#include "tests/optimizer/random_problems.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

std::vector<double> rising_prices(int n) {
  std::vector<double> price(static_cast<std::size_t>(n));
  std::iota(price.begin(), price.end(), 1.0);
  return price;
}

double gap_of(const Problem& problem) { return problem.target == Target::Perf ? 2e-9 : 2e-6; }

// A budget that grows: the time falls and bends upwards, T(100) - T(200) >= T(200) - T(300). A constraint
// more never helps, and what every other constraint implies changes nothing.
TEST(OptimumProperties, MoreIsNeverWorse) {
  std::mt19937 random(51);
  for (int instance = 0; instance < 16; ++instance) {
    const int n = 2 + instance % 4;
    const KnownCuts known = random_cuts(n, random);
    Problem problem{n, {{1.0, known.oracle()}}, {total_budget(n, 100)}};
    std::vector<double> at;
    for (const double budget : {100.0, 200.0, 300.0}) {
      problem.constraints[0].bound = budget;
      at.push_back(optimize(problem).objective);
    }
    EXPECT_LE(at[1], at[0] * (1.0 + 2e-9));
    EXPECT_LE(at[2], at[1] * (1.0 + 2e-9));
    EXPECT_GE(at[0] - at[1], at[1] - at[2] - 1e-8 * at[0]) << instance;
    Problem less = problem;
    less.constraints.push_back(at_most(n, 0, 300.0 / n));
    EXPECT_GE(optimize(less).objective, at[2] * (1.0 - 2e-9));
    less.constraints.back().bound = 300.0;  // as the budget says
    EXPECT_NEAR(optimize(less).objective / at[2], 1.0, 2e-9);
  }
}

// Every weight twice is the objective twice; two models of half the weight are one. With dollars for another
// currency a product scales, and the allocation of a time does not move.
TEST(OptimumProperties, WeightsAndCurrenciesOnlyScale) {
  std::mt19937 random(52);
  for (int instance = 0; instance < 12; ++instance) {
    const int n = 2 + instance % 3;
    const KnownCuts known = random_cuts(n, random);
    Problem problem{n, {{1.0, known.oracle()}}, {total_budget(n, 325)}, rising_prices(n), 40.0};
    problem.target = instance % 2 == 0 ? Target::Perf : Target::PerfPerCost;
    const double whole = optimize(problem).objective;
    Problem twice = problem;
    twice.step_times[0].weight = 2.0;
    EXPECT_NEAR(optimize(twice).objective / whole, 2.0, 2.0 * gap_of(problem));
    Problem halves = problem;
    halves.step_times = {{0.5, known.oracle()}, {0.5, known.oracle()}};
    EXPECT_NEAR(optimize(halves).objective / whole, 1.0, gap_of(problem));
    Problem cents = problem;
    for (double& each : cents.price) each *= 100.0;
    cents.fixed_cost *= 100.0;
    const double scale = problem.target == Target::Perf ? 1.0 : 100.0;
    EXPECT_NEAR(optimize(cents).objective / whole, scale, scale * gap_of(problem));
  }
}

// One dimension: all of the budget, T = c + L / b. Of a product with a fixed cost F the least of
// (c + L / b) (F + p b) is at b = sqrt(L F / (c p)).
TEST(OptimumProperties, OneDimensionByHand) {
  const KnownCuts known{{{3.0, {{1, 100.0}}}}};
  Problem problem{1, {{1.0, known.oracle()}}, {total_budget(1, 50)}};
  EXPECT_NEAR(optimize(problem).objective, 5.0, 1e-8);
  problem = {1, {{1.0, known.oracle()}}, {at_most(1, 0, 50)}, {2.0}, 6.0, Target::PerfPerCost};
  const Summary product = optimize(problem);
  EXPECT_NEAR(product.gb_per_s[0], 10.0, 1e-3);       // sqrt(100 x 6 / (3 x 2))
  EXPECT_NEAR(product.objective, 13.0 * 26.0, 1e-3);  // (3 + 10) (6 + 20)
  // With a weight on cost: 3 + 100 / b + w (6 + 2 b) is least at b = sqrt(100 / (2 w)).
  problem = {1, {{1.0, known.oracle()}}, {at_most(1, 0, 50)}, {2.0}, 6.0, Target::Perf, 2.0};
  EXPECT_NEAR(optimize(problem).gb_per_s[0], 5.0, 1e-3);
}

// The weighted sum of the cuts proves the bound by itself: of c + sum of L_d / b_d within a budget B the
// least is c + (sum of the roots of L_d)^2 / B, and no more than what was reported can be below.
TEST(OptimumProperties, WeightsOfCutsProveTheBound) {
  std::mt19937 random(53);
  for (int instance = 0; instance < 16; ++instance) {
    const int n = 2 + instance % 4;
    KnownCuts known = random_cuts(n, random);
    for (Cut& cut : known.cuts) {  // of single dimensions, so that the least is known
      std::erase_if(cut.loads, [](const Load& each) { return std::popcount(each.dims) > 1; });
      for (int d = 0; d < n; ++d) cut.loads.push_back({only_dimension(d), 1e7});
    }
    const Problem problem{n, {{1.0, known.oracle()}}, {total_budget(n, 325)}};
    const Summary summary = optimize(problem);
    ASSERT_EQ(summary.cut_weights.size(), summary.cuts.size());
    double weights = 0.0;
    double constant = 0.0;
    std::vector<double> bytes(static_cast<std::size_t>(n));
    for (std::size_t k = 0; k < summary.cuts.size(); ++k) {
      EXPECT_GE(summary.cut_weights[k], 0.0);
      weights += summary.cut_weights[k];
      constant += summary.cut_weights[k] * summary.cuts[k].constant_ns;
      for (const Load& each : summary.cuts[k].loads)
        bytes[static_cast<std::size_t>(std::countr_zero(each.dims))] += summary.cut_weights[k] * each.bytes;
    }
    EXPECT_NEAR(weights, 1.0, 1e-12);
    double roots = 0.0;
    for (const double each : bytes) roots += std::sqrt(each);
    EXPECT_NEAR((constant + roots * roots / 325.0) / summary.lower_bound, 1.0, 1e-8) << instance;
    EXPECT_LE(summary.lower_bound, summary.objective);
    EXPECT_LE(summary.gap(), 1e-9);
    EXPECT_NEAR(known.at(summary.gb_per_s) / summary.objective, 1.0, 1e-12);
  }
}

// More slack, wider ranges, each around the optimum and within what the constraints leave; without any slack
// hardly a range.
TEST(OptimumProperties, RangesGrowWithTheirSlack) {
  std::mt19937 random(54);
  for (int instance = 0; instance < 8; ++instance) {
    const int n = 2 + instance % 3;
    KnownCuts known = random_cuts(n, random);
    for (int d = 0; d < n; ++d) known.cuts[0].loads.push_back({only_dimension(d), 1e8});
    Problem problem{n, {{1.0, known.oracle()}}, {total_budget(n, 325), at_most(n, 0, 200)}, rising_prices(n)};
    problem.target = instance % 4 == 3 ? Target::PerfPerCost : Target::Perf;
    Summary optimum = optimize(problem);
    std::vector<Range> before(static_cast<std::size_t>(n));
    for (const double slack : {0.001, 0.01, 0.1}) {
      const std::vector<Range> ranges = ranges_within(problem, optimum, slack);
      for (std::size_t d = 0; d < ranges.size(); ++d) {
        const double tolerance = 1e-4 * 325.0;
        EXPECT_LE(ranges[d].low_gb_per_s, optimum.gb_per_s[d] + tolerance);
        EXPECT_GE(ranges[d].high_gb_per_s, optimum.gb_per_s[d] - tolerance);
        EXPECT_GE(ranges[d].low_gb_per_s, -tolerance);
        EXPECT_LE(ranges[d].high_gb_per_s, (d == 0 ? 200.0 : 325.0) + tolerance);
        if (slack > 0.001) {
          EXPECT_LE(ranges[d].low_gb_per_s, before[d].low_gb_per_s + tolerance) << instance << " " << slack;
          EXPECT_GE(ranges[d].high_gb_per_s, before[d].high_gb_per_s - tolerance) << instance << " " << slack;
        }
      }
      before = ranges;
    }
  }
}

// Steps of half the size allow all that whole ones do, and nothing in steps is better than without.
TEST(OptimumProperties, FinerStepsAreNeverWorse) {
  std::mt19937 random(55);
  for (int instance = 0; instance < 10; ++instance) {
    KnownCuts known = random_cuts(3, random);
    for (int d = 0; d < 3; ++d) known.cuts[0].loads.push_back({only_dimension(d), 1e7});
    const Problem problem{3, {{1.0, known.oracle()}}, {total_budget(3, 300)}};
    Summary optimum = optimize(problem);
    double before = std::numeric_limits<double>::infinity();
    for (const double step : {50.0, 25.0, 12.5}) {
      const SteppedSummary stepped = optimize_in_steps(problem, optimum, step);
      ASSERT_EQ(stepped.status, Status::Optimal);
      EXPECT_LE(stepped.objective, before * (1.0 + 1e-8)) << instance << " " << step;
      EXPECT_GE(stepped.objective, optimum.objective * (1.0 - 2e-9));
      EXPECT_NEAR(known.at(stepped.gb_per_s) / stepped.objective, 1.0, 1e-12);
      before = stepped.objective;
    }
  }
}

// The catalogue: the first is the default, words are refused with the choices, and what another method finds
// is never below what is proved.
TEST(Solvers, AreFoundByName) {
  EXPECT_EQ(find_solver("cutting-plane").name, solvers()[0].name);
  const std::string said = refused([] { return find_solver("adan"); });
  EXPECT_NE(said.find("did you mean 'adam'?"), std::string::npos) << said;
  std::mt19937 random(56);
  const KnownCuts random_known = random_cuts(2, random);
  const Problem problem{2, {{1.0, random_known.oracle()}}, {total_budget(2, 325)}};
  const Summary proved = optimize(problem);
  const Summary other = optimize(problem, {}, find_solver("adam"));
  EXPECT_EQ(other.lower_bound, proved.lower_bound);
  EXPECT_GE(other.objective, proved.lower_bound);
  EXPECT_EQ(other.shadow_prices.size(), 1U);
  EXPECT_GE(other.gap(), 0.0);
  EXPECT_EQ(Summary{.objective = 0.0}.gap(), 0.0);
  // What is infeasible is so by any method, with the constraints that contradict each other.
  const KnownCuts known{{{0.0, {{1, 1e9}, {2, 1e9}}}}};
  const Problem none{2, {{1.0, known.oracle()}}, {total_budget(2, 100), at_least(2, 0, 120)}};
  for (const Solver& solver : solvers()) {
    const Summary summary = optimize(none, {}, solver);
    EXPECT_EQ(summary.status, Status::Infeasible) << solver.name;
    EXPECT_EQ(summary.conflict.size(), 2U) << solver.name;
    EXPECT_TRUE(summary.gb_per_s.empty()) << solver.name;
  }
}

}  // namespace
}  // namespace bandwright
