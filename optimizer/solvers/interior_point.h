#pragma once
#include <Eigen/Core>
#include <vector>

#include "core/cut.h"

namespace bandwright {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

// A small smooth convex program, scaled so that its numbers are near 1:
//
//   minimise    cost . x
//   subject to  rows_i . x + sum_t loads_it / (x summed over sets_t) <= bounds_i
//               equalities . x = values
//
// The first loads.rows() rows are curved (cuts), the others linear. Variable d of a set is dimension d.
struct ConvexProgram {
  Vector cost;
  std::vector<DimensionSet> sets;
  Matrix loads;  // >= 0
  Matrix rows;
  Vector bounds;
  Matrix equalities;
  Vector values;
};

// The Lagrangian  cost . x + multipliers . (rows - bounds) + equality_multipliers . (equalities x - values)
// is stationary at x up to `error`, which also covers what is violated and the duality gap.
struct Stationary {
  Vector x;
  Vector multipliers;  // >= 0, of the rows
  Vector equality_multipliers;
  double error = 0.0;
  int steps = 0;  // of the method, some of which may have come after the best
};

// Mehrotra's predictor-corrector method (S. Mehrotra, SIAM J. Optim. 2(4), 1992, in the form of Nocedal and
// Wright, Numerical Optimization, 2nd ed., algorithm 16.4), on slacks s > 0 of the rows; the curvature of the
// rows enters the Newton matrix. REQUIRES: `start` satisfies the linear rows strictly (the equalities and the
// curved rows need not hold), and the equalities are independent.
Stationary minimize(const ConvexProgram& program, const Vector& start);

}  // namespace bandwright
