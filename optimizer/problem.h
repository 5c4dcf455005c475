#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/cut.h"

namespace bandwright {

// How to divide bandwidth over the dimensions of a network: the optimizer sees step times only through the
// cuts an oracle returns (core/cut.h), and money only through a price per GB/s.
//
//   Perf:         minimise  T(b) + w C(b)  T(b) = sum of weight * step time, in ns; w: cost_weight, usually 0
//   PerfPerCost:  minimise  T(b) * C(b)    C(b) = fixed_cost + price . b, in $
//   over          b >= 0 and linear constraints on b, in GB/s per NPU.
//
// REQUIRES of every oracle: T is convex and never grows with bandwidth, and its answer is a supporting
// function of T (of a slightly smaller convex function at worst, never a larger one). Then every lower bound
// reported is a proof. It is asked at points where a bandwidth may be 0 only if no cut loads that dimension.
using Oracle = std::function<Cut(std::span<const double> gb_per_s)>;

struct StepTime {
  double weight = 1.0;  // positive
  Oracle cut;
};

enum class Sense { AtMost, Equal, AtLeast };

// coefficients . b  <=, =, >=  bound. The name stands for it in messages and among the shadow prices.
struct Constraint {
  std::string name;
  std::vector<double> coefficients;  // one per dimension
  Sense sense = Sense::AtMost;
  double bound = 0.0;
};

enum class Target { Perf, PerfPerCost };

struct Problem {
  int dimensions = 0;                   // 1..16
  std::vector<StepTime> step_times;     // one, or a group of models
  std::vector<Constraint> constraints;  // b >= 0 is understood
  std::vector<double> price;            // $ per GB/s of each dimension; may be empty for Perf
  double fixed_cost = 0.0;              // $ that no bandwidth changes
  Target target = Target::Perf;
  double cost_weight = 0.0;  // ns per $, for Perf: what is minimised with the time
};

// The usual constraints. A budget is spent exactly; with dollars, at most.
Constraint total_budget(int dimensions, double gb_per_s);
Constraint dollar_budget(const Problem& problem, double dollars);
Constraint at_most(int dimensions, int dimension, double gb_per_s);
Constraint at_least(int dimensions, int dimension, double gb_per_s);

// Throws InputError unless every number is finite and in range (coefficients of any sign, bounds of budgets
// positive, prices not negative), and the constraints keep every bandwidth finite.
void validate(const Problem& problem);

// The weighted sum of the oracles' cuts at b: one load per set of dimensions, sorted.
Cut step_time(const Problem& problem, std::span<const double> gb_per_s);
double cost(const Problem& problem, std::span<const double> gb_per_s);

}  // namespace bandwright
