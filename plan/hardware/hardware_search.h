#pragma once
#include <functional>
#include <string>
#include <vector>

#include "plan/division_search.h"
#include "plan/hardware/free_hardware.h"

namespace bandwright {

// Which network to buy, and how to divide a training step over it: every shape of the families, order of the
// groups over its dimensions, division and bandwidths within the budget.
struct HardwareSpace {
  DivisionSpace divisions;  // one NPU count; the machine is its NPU's
  FreeHardware hardware;
  std::vector<ShapeFamily> families;
  bool any_placement = true;  // else the job's
  PriceList prices;
  // Dollars for a GB/s per NPU, by class and kind; infinite where there is none. unit_prices_of() has them.
  std::vector<std::vector<double>> unit_usd;
  bool dollars = false;  // of `budget`, for the whole network; else GB/s per NPU
  double budget = 0.0;
  std::vector<std::string> constraints;  // optimizer/constraint_text.h; of dimensions that a shape has
};

struct HardwareSearch {
  std::size_t best = 10;           // divisions, each on its best network; those that tie counted once
  double longest_step_ns = 0.0;    // only steps of at most this; 0: any
  double most_memory_bytes = 0.0;  // of an NPU; 0: what it has
  int threads = 0;                 // 0: as many as there are cores
  std::function<bool()> interrupted;

  // What is not needed for the answer, and may be left out to see what it is good for.
  bool use_aggregate = true;  // bounds of divisions, whatever the shape
  bool use_cuts = true;       // bounds of a division on a shape from cuts
  bool relax_kinds = true;    // shapes of all kinds of dimensions at once first
  bool guess = true;          // looks for a good answer before the search
};

struct RankedHardware {
  Parallelism parallelism;  // with its placement
  ShapeFamily shape;
  std::vector<double> gb_per_s;
  double step_ns = 0.0;
  double bound_ns = 0.0;  // proved of this division on this shape
  double memory_bytes = 0.0;
  std::vector<Parallelism> ties;  // exactly as fast, on the same network
};

// Of how many points what became: properties of the space.
struct HardwareCounts {
  double divisions = 0.0;  // combinations
  std::int64_t valid = 0;  // divisions
  std::int64_t fit = 0;    // of these, into memory
  double shapes = 0.0;
  double points = 0.0;      // a division that fits, a shape, and an order of its groups over it, each once
  double algorithms = 0.0;  // the same with a collective algorithm for each part of a group
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
//   cuts        of a division on a shape, all kinds of dimensions at once, then each (cut_bound.h)
//   optimum     of what is left, by the optimizer, certified to 1e-9
//
// A pair is dropped only where its bound is above the last one listed, or above what its division reaches on
// another network, by more than 1e-9; so the answer does not depend on the order of work or the threads.
RankedHardwares best_hardware(const HardwareSpace& space, const HardwareSearch& search);

std::vector<std::vector<double>> unit_prices_of(const FreeHardware& hardware, std::int64_t npus,
                                                const PriceList& prices);
// What may be bought of a shape, or of all shapes of a family.
FreeRegion region_of(const HardwareSpace& space, const ShapeFamily& family);
// Most bandwidth of all dimensions together that any shape can have.
double most_together(const HardwareSpace& space);

}  // namespace bandwright
