#pragma once
#include <functional>
#include <limits>
#include <stop_token>
#include <string>
#include <vector>

#include "core/cut.h"

namespace bandwright {

enum class Status {
  Optimal,         // the gap asked for is certified; by a solver without certificate: it converged
  Infeasible,      // no bandwidths satisfy the constraints: see `conflict`
  IterationLimit,  // the best found so far
  Interrupted,     // stopped by the caller: the best found so far
};

// One row of the convergence trace. Objectives are ns (Perf) or ns * $ (PerfPerCost).
struct Iteration {
  int number = 0;                                                 // from 1
  double objective = 0.0;                                         // best so far
  double lower_bound = -std::numeric_limits<double>::infinity();  // proved so far
  int evaluations = 0;  // oracle calls so far, a group counting as one
};

struct Options {
  double gap = 1e-9;                // relative, for Perf
  double perf_per_cost_gap = 1e-6;  // relative, for PerfPerCost
  int max_iterations = 0;           // 0: the solver's own limit
  std::function<void(const Iteration&)> on_iteration;
  std::stop_token stop;
};

// What one more unit of a constraint's bound saves: -d objective / d bound, in objective per GB/s (per $ for
// a dollar budget). Positive for a cap or budget that binds, negative for a floor that binds, 0 otherwise.
struct ShadowPrice {
  std::string constraint;
  double per_unit = 0.0;
};

struct Summary {
  Status status = Status::Infeasible;
  std::vector<double> gb_per_s;  // empty when infeasible
  double objective = std::numeric_limits<double>::infinity();
  double lower_bound = -std::numeric_limits<double>::infinity();  // no allocation does better: a proof
  std::vector<ShadowPrice> shadow_prices;                         // one per constraint, in their order
  std::vector<std::string> conflict;  // a smallest set of constraints that no allocation satisfies together
  std::vector<Iteration> trace;
  int evaluations = 0;
  std::vector<Cut> cuts;  // everything learnt of T; their maximum is a lower model of it
  // Of Perf by cutting planes, one for each cut, with sum 1: the weighted sum of the cuts proves the lower
  // bound by itself, whatever T is. Empty otherwise.
  std::vector<double> cut_weights;

  // (objective - lower_bound) / objective.
  [[nodiscard]] double gap() const;
};

}  // namespace bandwright
