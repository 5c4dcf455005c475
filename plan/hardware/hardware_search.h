#pragma once
#include <functional>
#include <string>
#include <vector>

#include "plan/division_search.h"
#include "plan/hardware/candidates.h"

namespace bandwright {

struct RankedHardware {
  Parallelism parallelism;  // with its placement
  ShapeFamily shape;
  std::vector<double> gb_per_s;
  double step_ns = 0.0;
  double value = 0.0;  // of the goal (plan/hardware/free_region.h); of StepTime the step's
  double bound = 0.0;  // of the value, proved of this division on this shape
  double memory_bytes = 0.0;
  std::vector<Parallelism> ties;  // exactly as fast, on the same network
};

// How much work it was.
struct HardwareWork {
  std::int64_t left_by_aggregate = 0;  // divisions
  std::int64_t families = 0;           // pairs of a division and a family of shapes that were looked at
  std::int64_t shapes = 0;             // pairs with a shape
  std::int64_t steps = 0;              // evaluated
  std::int64_t solved = 0;             // pairs solved to the end
};

struct RankedHardwares {
  std::vector<RankedHardware> best;  // the best first; of those that tie, the first in the space
  HardwareCounts counts;
  HardwareWork work;
  std::optional<RankedDivision> smallest;  // bill of memory, where nothing fits
  std::string obstacle;                    // what no bandwidths satisfy
  bool interrupted = false;
};

// The best of the space, exactly, by branch and bound:
//
//   memory      of every division
//   aggregate   a lower bound of its step whatever the shape (training/collective_curve.h, aggregate_curve)
//   cuts        of a division on a shape, all kinds of dimensions at once, then those of one dimension after
//               the other (cut_bound.h)
//   optimum     of what is left, by the optimizer, certified to 1e-9
//
// A pair is dropped only where its bound is above the last one listed, or above what its division reaches on
// another network, by more than 1e-9; so the answer does not depend on the order of work or the threads.
RankedHardwares best_hardware(const HardwareSpace& space, const HardwareSearch& search);

}  // namespace bandwright
