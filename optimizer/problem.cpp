#include "optimizer/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "optimizer/region.h"

namespace bandwright {
namespace {

constexpr double largest_coefficient = 1e15;

void require(bool holds, std::string_view problem) {
  if (!holds) throw InputError(std::string(problem));
}

bool in_range(double value) { return std::abs(value) <= largest_coefficient; }  // false for NaN

void validate(const Constraint& constraint, int dimensions) {
  const std::string& name = constraint.name;
  require(!name.empty(), "a constraint without a name");
  require(static_cast<int>(constraint.coefficients.size()) == dimensions,
          fmt::format("constraint '{}': {} coefficients for {} dimensions", name,
                      constraint.coefficients.size(), dimensions));
  double largest = 0.0;
  for (const double a : constraint.coefficients) {
    require(in_range(a), fmt::format("constraint '{}': a coefficient of {}, expected a number up to {:g}",
                                     name, a, largest_coefficient));
    largest = std::max(largest, std::abs(a));
  }
  require(largest > 1.0 / largest_coefficient, fmt::format("constraint '{}': every coefficient is 0", name));
  require(in_range(constraint.bound),
          fmt::format("constraint '{}': a bound of {}, expected a number up to {:g}", name, constraint.bound,
                      largest_coefficient));
}

Constraint on_one(std::string name, int dimensions, int dimension, Sense sense, double bound) {
  std::vector<double> coefficients(static_cast<std::size_t>(dimensions), 0.0);
  coefficients.at(static_cast<std::size_t>(dimension)) = 1.0;
  return {std::move(name), std::move(coefficients), sense, bound};
}

}  // namespace

Constraint total_budget(int dimensions, double gb_per_s) {
  require(gb_per_s > 0 && in_range(gb_per_s),
          fmt::format("a budget of {} GB/s, expected a positive one", gb_per_s));
  return {"budget", std::vector<double>(static_cast<std::size_t>(dimensions), 1.0), Sense::Equal, gb_per_s};
}

Constraint dollar_budget(const Problem& problem, double dollars) {
  require(
      dollars > problem.fixed_cost && in_range(dollars),
      fmt::format("a budget of ${}, expected more than the fixed cost of ${}", dollars, problem.fixed_cost));
  return {"dollar budget", problem.price, Sense::AtMost, dollars - problem.fixed_cost};
}

Constraint at_most(int dimensions, int dimension, double gb_per_s) {
  return on_one(fmt::format("b{} <= {:g}", dimension + 1, gb_per_s), dimensions, dimension, Sense::AtMost,
                gb_per_s);
}

Constraint at_least(int dimensions, int dimension, double gb_per_s) {
  return on_one(fmt::format("b{} >= {:g}", dimension + 1, gb_per_s), dimensions, dimension, Sense::AtLeast,
                gb_per_s);
}

void validate(const Problem& problem) {
  const int n = problem.dimensions;
  require(n >= 1 && n <= max_dimensions, fmt::format("{} dimensions, expected 1 to {}", n, max_dimensions));
  require(!problem.step_times.empty(), "no step time to optimise");
  for (const StepTime& step : problem.step_times) {
    require(step.weight > 0 && in_range(step.weight),
            fmt::format("a weight of {}, expected a positive number", step.weight));
    require(step.cut != nullptr, "a step time without an oracle");
  }
  for (const Constraint& constraint : problem.constraints) validate(constraint, n);
  const bool priced = static_cast<int>(problem.price.size()) == n;
  require(priced || (problem.price.empty() && problem.target == Target::Perf),
          fmt::format("{} prices for {} dimensions", problem.price.size(), n));
  double most = problem.fixed_cost;
  for (const double price : problem.price) {
    require(price >= 0 && in_range(price),
            fmt::format("a price of {}, expected $ per GB/s, 0 or more", price));
    most = std::max(most, price);
  }
  require(problem.fixed_cost >= 0 && in_range(problem.fixed_cost),
          fmt::format("a fixed cost of {}, expected $, 0 or more", problem.fixed_cost));
  require(problem.target == Target::Perf || most > 0, "PerfPerCost of a network that costs nothing");
  const std::vector<double> upper = upper_bounds(problem);
  for (int d = 0; d < n; ++d) {
    require(std::isfinite(upper[static_cast<std::size_t>(d)]),
            fmt::format("nothing limits the bandwidth of dimension {}: add a budget or a cap", d + 1));
  }
}

Cut step_time(const Problem& problem, std::span<const double> gb_per_s) {
  Cut sum;
  std::map<DimensionSet, double> bytes;
  for (const StepTime& step : problem.step_times) {
    const Cut cut = step.cut(gb_per_s);
    sum.constant_ns += step.weight * cut.constant_ns;
    for (const Load& load : cut.loads) {
      require(load.bytes >= 0, "a step time with a negative load");
      if (load.bytes > 0) bytes[load.dims] += step.weight * load.bytes;
    }
  }
  for (const auto& [dims, carried] : bytes) sum.loads.push_back({dims, carried});
  require(std::isfinite(sum.at(gb_per_s)), "the step time is not a finite number");
  return sum;
}

double cost(const Problem& problem, std::span<const double> gb_per_s) {
  double dollars = problem.fixed_cost;
  for (std::size_t d = 0; d < problem.price.size(); ++d) dollars += problem.price[d] * gb_per_s[d];
  return dollars;
}

}  // namespace bandwright
