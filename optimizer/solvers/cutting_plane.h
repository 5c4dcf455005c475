#pragma once
#include "optimizer/problem.h"
#include "optimizer/summary.h"

namespace bandwright {

// The default solver. Perf: minimize_time (search.h).
//
// PerfPerCost: the product T(b) C(b) is not convex, but  T*(k) = min { T(b) : C(b) <= k }  is, and does not
// increase; what is left is to minimise k T*(k) over one number. Solving a level k_i proves a line below T*,
//
//   T*(k) >= bound_i - slope_i (k - k_i)      slope_i the multiplier of C(b) <= k_i,
//
// and k times a line of falling slope is concave. So between two levels solved, k T*(k) is at least the least
// of: the value of either line at its own level, and of both where they cross. The next level is where this
// is smallest, until the best product found meets it. The best is then polished: the two intervals around it
// are divided further, down to a gap of 1e-10.
Summary solve_by_cutting_planes(const Problem& problem, const Options& options);

}  // namespace bandwright
