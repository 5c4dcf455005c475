// Optima of random problems, as they were: which of allocations that are equally good is chosen must not
// change unseen, nor how often the oracle is asked.
#include <cmath>
#include <numeric>

#include "optimizer/ranges.h"
#include "optimizer/solver.h"
#include "optimizer/steps.h"
#include "tests/optimizer/random_problems.h"
#include "tests/support/as_it_was.h"

namespace bandwright {
namespace {

std::string list(std::span<const double> numbers) {
  std::string text;
  for (const double number : numbers) {
    text += fmt::format("{}{:.10g}", text.empty() ? "" : " ", std::abs(number) < 1e-9 ? 0.0 : number);
  }
  return text;
}

Oracle counted(const KnownCuts& known, int& asked) {
  return [oracle = known.oracle(), &asked](std::span<const double> gb_per_s) {
    ++asked;
    return oracle(gb_per_s);
  };
}

TEST(Optima, AreWhatTheyWere) {
  expect_as_it_was("optima", 1e-8, [](const std::string& seed) {
    const int number = std::stoi(seed);
    std::mt19937 random(static_cast<unsigned>(number));
    const int n = 2 + number % 4;
    int asked = 0;
    const KnownCuts one = random_cuts(n, random);
    const KnownCuts other = random_cuts(n, random);
    Problem problem{n, {{1.0, counted(one, asked)}}, random_constraints(n, random), {}, 40.0};
    problem.price.resize(static_cast<std::size_t>(n));
    std::iota(problem.price.begin(), problem.price.end(), 1.0);
    if (number % 3 == 0) problem.step_times.push_back({0.5, counted(other, asked)});
    if (number % 5 < 2) problem.target = Target::PerfPerCost;
    if (number % 5 == 2) problem.cost_weight = 1e3;
    if (number % 7 == 0) problem.constraints.push_back(dollar_budget(problem, 400.0 * n));
    if (number % 6 == 1) {  // held where it is
      problem.constraints.push_back(at_most(n, 0, 20.0));
      problem.constraints.push_back(at_least(n, 0, 20.0));
    }
    if (number % 9 == 2) problem.constraints.erase(problem.constraints.begin() + 1);
    if (number % 11 == 3) {  // no budget: caps only, and money decides
      problem.constraints = {at_most(n, 0, 300.0)};
      for (int d = 1; d < n; ++d) problem.constraints.push_back(at_most(n, d, 90.0 * d));
    }
    Summary optimum = optimize(problem);
    const std::vector<double> gb_per_s = optimum.gb_per_s;
    std::vector<std::string> cells = {seed, list(std::vector{optimum.objective}),
                                      list(std::vector{optimum.lower_bound}),
                                      std::to_string(optimum.evaluations)};
    std::vector<double> shadow_prices;
    for (const ShadowPrice& each : optimum.shadow_prices) shadow_prices.push_back(each.per_unit);
    double seen = 0.0;
    for (const Iteration& each : optimum.trace) {
      seen += each.objective + (std::isfinite(each.lower_bound) ? each.lower_bound : 0.0);
    }
    cells.insert(cells.end(),
                 {list(std::vector{seen}), list(gb_per_s), list(shadow_prices), list(optimum.cut_weights)});
    for (const std::string& name : optimum.conflict) cells.back() += name + " ";
    std::vector<double> ranges;
    SteppedSummary stepped;
    std::string questions = std::to_string(asked);  // how often asked after the optimum, ranges and steps
    if (optimum.status == Status::Optimal) {
      for (const Range& each : ranges_within(problem, optimum)) {
        ranges.insert(ranges.end(), {each.low_gb_per_s, each.high_gb_per_s});
      }
      questions += fmt::format(" {}", asked);
      stepped = optimize_in_steps(problem, optimum, n < 4 ? 12.5 : 25.0);
    }
    Problem total_only = problem;
    total_only.constraints = {total_budget(n, 325.0)};
    total_only.cost_weight = 0.0;
    Options few;
    few.max_iterations = 40;
    const double adam = optimize(total_only, few, find_solver("adam")).objective;
    questions += fmt::format(" {}", asked);
    cells.insert(cells.end(), {list(ranges), list(stepped.gb_per_s), list(std::vector{stepped.lower_bound}),
                               std::to_string(stepped.boxes), list(std::vector{adam}), questions});
    return cells;
  });
}

}  // namespace
}  // namespace bandwright
