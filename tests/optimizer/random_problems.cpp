#include "tests/optimizer/random_problems.h"

#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

double uniform(std::mt19937& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

int pick(std::mt19937& random, int count) { return std::uniform_int_distribution<int>(0, count - 1)(random); }

}  // namespace

double KnownCuts::at(std::span<const double> b) const {
  double worst = 0.0;
  for (const Cut& cut : cuts) worst = std::max(worst, cut.at(b));
  return worst;
}

Oracle KnownCuts::oracle() const {
  return [this](std::span<const double> b) {
    return *std::max_element(cuts.begin(), cuts.end(),
                             [&](const Cut& x, const Cut& y) { return x.at(b) < y.at(b); });
  };
}

KnownCuts random_cuts(int dimensions, std::mt19937& random) {
  KnownCuts known;
  const int count = 3 + pick(random, 10);
  for (int i = 0; i < count; ++i) {
    Cut cut{uniform(random, 0.0, 1e8), {}};
    for (int d = 0; d < dimensions; ++d) {
      if (uniform(random, 0, 1) < 0.6)
        cut.loads.push_back({only_dimension(d), 1e9 * std::exp(uniform(random, -4, 1))});
    }
    if (uniform(random, 0, 1) < 0.4) {
      const auto set = static_cast<DimensionSet>(1 + pick(random, (1 << dimensions) - 1));
      cut.loads.push_back({set, 1e9 * std::exp(uniform(random, -3, 1))});
    }
    known.cuts.push_back(cut);
  }
  return known;
}

std::vector<Constraint> random_constraints(int dimensions, std::mt19937& random) {
  const double budget = uniform(random, 100, 1000);
  const double even = budget / dimensions;
  std::vector<Constraint> constraints = {total_budget(dimensions, budget)};
  for (int d = 0; d < dimensions; ++d) {
    if (uniform(random, 0, 1) < 0.3)
      constraints.push_back(at_most(dimensions, d, even * uniform(random, 1.05, 3)));
    if (uniform(random, 0, 1) < 0.3)
      constraints.push_back(at_least(dimensions, d, even * uniform(random, 0, 0.95)));
  }
  const int a = pick(random, dimensions);
  const int b = (a + 1) % dimensions;
  std::vector<double> coefficients(static_cast<std::size_t>(dimensions), 0.0);
  coefficients[static_cast<std::size_t>(a)] = 1.0;
  if (uniform(random, 0, 1) < 0.3) {
    coefficients[static_cast<std::size_t>(b)] = -1.0;
    constraints.push_back({"order", coefficients, Sense::AtLeast, 0.0});
  } else if (dimensions > 2 && uniform(random, 0, 1) < 0.3) {
    coefficients[static_cast<std::size_t>(b)] = 1.0;
    constraints.push_back({"sum", coefficients, Sense::Equal, 2 * even});
  }
  return constraints;
}

bool feasible(const Problem& problem, std::span<const double> b, double tolerance) {
  for (const double value : b) {
    if (value < 0) return false;
  }
  for (const Constraint& constraint : problem.constraints) {
    double sum = -constraint.bound;
    for (std::size_t d = 0; d < b.size(); ++d) sum += constraint.coefficients[d] * b[d];
    if (constraint.sense != Sense::AtLeast && sum > tolerance) return false;
    if (constraint.sense != Sense::AtMost && sum < -tolerance) return false;
  }
  return true;
}

// A random direction from the equal split, kept on the equalities by moving bandwidth between dimensions, as
// far as a random share of the room that the inequalities leave.
std::vector<double> random_allocation(const Problem& problem, std::mt19937& random) {
  const auto n = static_cast<std::size_t>(problem.dimensions);
  std::vector<double> b(n, problem.constraints[0].bound / problem.dimensions);
  for (int move = 0; move < 4 * problem.dimensions; ++move) {
    std::vector<double> direction(n);
    for (double& value : direction) value = std::normal_distribution<double>()(random);
    double off = 1.0;  // alternating projections onto the equalities, until it lies on all of them
    for (int repeat = 0; repeat < 200 && off > 1e-14; ++repeat) {
      off = 0.0;
      for (const Constraint& constraint : problem.constraints) {
        if (constraint.sense != Sense::Equal) continue;
        double sum = 0.0;
        double square = 0.0;
        for (std::size_t d = 0; d < n; ++d) {
          sum += constraint.coefficients[d] * direction[d];
          square += constraint.coefficients[d] * constraint.coefficients[d];
        }
        off = std::max(off, std::abs(sum));
        for (std::size_t d = 0; d < n; ++d) direction[d] -= sum / square * constraint.coefficients[d];
      }
    }
    double length = uniform(random, 0, 1) * 1e3;
    for (int halving = 0; halving < 20; ++halving, length *= 0.5) {
      std::vector<double> moved = b;
      for (std::size_t d = 0; d < n; ++d) moved[d] += length * direction[d];
      if (!feasible(problem, moved, 1e-9)) continue;
      b = moved;
      break;
    }
  }
  return b;
}

}  // namespace bandwright
