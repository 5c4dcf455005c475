#pragma once
#include <functional>
#include <limits>
#include <vector>

#include "plan/hardware/hardware_space.h"

namespace bandwright {

// The optimum of a division on a shape, by the optimizer from where it always begins; infinite where no
// bandwidths satisfy the constraints.
struct SolvedShape {
  double step_ns = std::numeric_limits<double>::infinity();
  double bound_ns = 0.0;
  std::vector<double> gb_per_s;
};
SolvedShape solve_shape(const HardwareSpace& space, const Parallelism& p, const ShapeFamily& shape,
                        FreeStep& step);

// Asks a step at bandwidths, from `at` on always where its cuts have their least next, until their bound is
// above the limit: true; or what was asked meets it within a gap, or so many were asked: false. `asked` is
// told of each step. The limit is asked for anew each time.
struct CutSearch {
  double gap = 1e-9;
  int most = CutBound::most_cuts;
  std::function<double()> limit;
  std::function<void(const PathTime&)> asked;
};
bool above_limit(CutBound& cuts, FreeStep& step, int dimensions, FreeBandwidths& at, const CutSearch& search);

// Sums are rounded: a bound holds for that much less.
constexpr double bound_rounding = 1.0 - 1e-12;

// Of all that may be bought, as many GB/s of each dimension, within caps.
FreeBandwidths evenly(const FreeRegion& region);

}  // namespace bandwright
