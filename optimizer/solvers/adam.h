#pragma once
#include "optimizer/problem.h"
#include "optimizer/summary.h"

namespace bandwright {

// The gradient method of the LIBRA study's optimizer, to compare with: Adam (D. P. Kingma and J. Ba, ICLR
// 2015; beta 0.9 and 0.999, epsilon 1e-8) from the equal split, on the bandwidths of all dimensions but the
// last, which gets the rest of the budget. 500000 steps in double precision with learning rate 5e-3 for Perf
// and 3e-2 for PerfPerCost (github.com/willjwon/topology-bw-optimizer, src/runner/runner_single.py and
// src/model/model.py). The gradient is that of the cut at the current point.
//
// Two things are added: the best point seen is returned, not the last, and a bandwidth that a step would take
// below 1e-6 of the budget stays there. Throws InputError if there are constraints besides one total budget,
// which the method does not know.
Summary solve_by_adam(const Problem& problem, const Options& options);

}  // namespace bandwright
