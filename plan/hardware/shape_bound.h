#pragma once
#include <functional>
#include <limits>
#include <vector>

#include "plan/hardware/cut_bound.h"
#include "plan/hardware/free_step.h"
#include "plan/hardware/hardware_space.h"

namespace bandwright {

// What a step takes at bandwidths, one per dimension.
using StepAt = std::function<PathTime(std::span<const double> gb_per_s)>;

// The optimum of a division on a shape, by the optimizer from where it always begins; infinite where no
// bandwidths satisfy the constraints, or none are fast enough.
struct SolvedShape {
  double value = std::numeric_limits<double>::infinity();  // of the goal
  double step_ns = std::numeric_limits<double>::infinity();
  double bound = 0.0;  // of the value, proved
  std::vector<double> gb_per_s;
  // Steps asked for, of which so much of each proves the bound; without constraints, by least_value() alone.
  struct Cut {
    double weight = 0.0;
    FreeBandwidths asked{};
    PathTime time;
  };
  std::vector<Cut> cuts;
};
// A product of time and cost is solved as  T + r C  with the r that makes it that: at the optimum r is their
// ratio. The least cost of a step of at most some time is that within which the least time is no longer.
SolvedShape solve_shape(const HardwareSpace& space, const ShapeFamily& shape, const StepAt& time);
SolvedShape solve_shape(const HardwareSpace& space, const Parallelism& p, const ShapeFamily& shape,
                        FreeStep& step);

// Asks a step at bandwidths, from `at` on always where its cuts have their least next, until their bound is
// above the limit: true; or what was asked meets it within a gap, or so many were asked: false. `asked` is
// told of each step. The limit is asked for anew each time.
struct CutSearch {
  double gap = 1e-9;  // of what was asked
  int most = CutBound::most_cuts;
  std::function<double()> limit;
  std::function<void(const PathTime&, const FreeBandwidths&)> asked;
};
bool above_limit(CutBound& cuts, const FreeRegion& region, const StepAt& time, FreeBandwidths& at,
                 const CutSearch& search);

// Whether a bound is above a limit. Sums are rounded: it holds for a little less. One that is infinite is
// above any limit.
inline bool above(double bound, double limit) {
  constexpr double rounding = 1.0 - 1e-12;
  return rounding * bound > limit || bound == std::numeric_limits<double>::infinity();
}

}  // namespace bandwright
