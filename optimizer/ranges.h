#pragma once
#include <vector>

#include "optimizer/problem.h"
#include "optimizer/summary.h"

namespace bandwright {

// How freely one bandwidth may be chosen: for each dimension d the interval of b_d for which some choice of
// the others keeps the constraints and an objective of at most (1 + slack) times the optimum.
//
// For Perf these are the extremes of b_d over the convex set { T(b) <= (1 + slack) T* }, found by cutting
// planes that begin with the cuts of the optimisation. For PerfPerCost the set { T(b) C(b) <= limit } is not
// convex: it is approximated from inside by { T(b) <= tangent of limit / C }, moved along until it stands
// still, so that every value reported is attained.
struct Range {
  double low_gb_per_s = 0.0;
  double high_gb_per_s = 0.0;
};

// REQUIRES: `optimum` is a Summary of `problem` that is not infeasible. Adds what it learns to optimum.cuts.
std::vector<Range> ranges_within(const Problem& problem, Summary& optimum, double slack = 0.01);

}  // namespace bandwright
