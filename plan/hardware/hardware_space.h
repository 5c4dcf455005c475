#pragma once
#include <functional>
#include <string>
#include <vector>

#include "plan/division_search.h"
#include "plan/hardware/free_hardware.h"
#include "plan/hardware/free_region.h"

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
  FreeGoal goal;
  std::vector<std::string> constraints;  // optimizer/constraint_text.h; of dimensions that a shape has
};

struct HardwareSearch {
  std::size_t best = 10;           // divisions, each on its best network; those that tie counted once
  double longest_step_ns = 0.0;    // only steps of at most this; 0: any; of StepTime, else the goal has it
  double most_memory_bytes = 0.0;  // of an NPU; 0: what it has
  int threads = 0;                 // 0: as many as there are cores
  Crew* crew = nullptr;            // who does the work, at each of its ranks; else as many threads
  std::function<bool()> interrupted;
  // Told at the first rank, a stage after the other; may be empty.
  SearchProgress progress;
  [[nodiscard]] bool asked_to_stop() const { return interrupted && interrupted(); }

  // What is not needed for the answer, and may be left out to see what it is good for.
  bool use_aggregate = true;  // bounds of divisions, whatever the shape
  bool use_path = true;       // a path of a division, on the shapes of a family
  bool use_cuts = true;       // bounds of a division on a shape from cuts
  bool relax_kinds = true;    // shapes of all kinds of dimensions at once first
  bool guess = true;          // looks for a good answer before the search
};

std::vector<std::vector<double>> unit_prices_of(const FreeHardware& hardware, std::int64_t npus,
                                                const PriceList& prices);
// What may be bought of a shape, or of all shapes of a family.
FreeRegion region_of(const HardwareSpace& space, const ShapeFamily& family);
// Most bandwidth of all dimensions together that any shape can have.
double most_together(const HardwareSpace& space);

}  // namespace bandwright
