#pragma once
#include <vector>

#include "optimizer/problem.h"
#include "optimizer/summary.h"

namespace bandwright {

// The best allocation in whole multiples of a step: what can be bought when links come in one size.
//
// Branch and bound over boxes of multiples; a box is bounded by the continuous optimum over it of the cuts
// known so far; the oracle is asked at multiples only. Exact: when status is Optimal no allowed
// allocation is better.
//
// Multiples cannot meet every equality. One whose coefficients are all alike (a total) is met at the largest
// multiple of the step within its bound, or, if no allocation reaches that, at the largest below; a dollar
// budget is kept as "at most"; any other must hold as it stands.
struct SteppedSummary {
  Status status = Status::Infeasible;
  std::vector<double> gb_per_s;
  double objective = 0.0;
  double lower_bound = 0.0;  // of any allocation in multiples
  double loss = 0.0;         // objective / continuous optimum - 1
  int boxes = 0;             // bounded
};

// REQUIRES: `optimum` is a Summary of `problem`. Throws InputError unless step is positive and finite and at
// most a million steps fit into any bandwidth. Adds what it learns to optimum.cuts.
SteppedSummary optimize_in_steps(const Problem& problem, Summary& optimum, double step_gb_per_s,
                                 const Options& options = {});

}  // namespace bandwright
