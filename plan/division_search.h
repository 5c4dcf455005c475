#pragma once
#include <functional>
#include <string_view>
#include <vector>

#include "plan/division_space.h"
#include "plan/search_progress.h"
#include "runner/crew.h"

namespace bandwright {

// What is made small. On a machine that is there, everything but the step time follows from the number of
// NPUs: a weight w (DivisionSpace::weights) of each count.
enum class PlanObjective : std::uint8_t {
  StepTime,
  CostPerToken,  // NPU hours of a token: step time x NPUs
  PerfPerCost,   // step time x what the network costs
  NetworkCost,   // what the network costs; of equals, the step time
};
PlanObjective plan_objective(std::string_view name);  // throws InputError naming the choices
std::string_view plan_objective_name(PlanObjective objective);
bool needs_prices(PlanObjective objective);

struct DivisionSearch {
  PlanObjective objective = PlanObjective::StepTime;
  std::size_t best = 10;              // how many divisions are wanted, those that tie counted once
  double longest_step_ns = 0.0;       // only steps of at most this; 0: any
  double most_memory_bytes = 0.0;     // of an NPU; 0: what it has
  int threads = 0;                    // 0: as many as there are cores
  Crew* crew = nullptr;               // who does the work, at each of its ranks; else as many threads
  bool use_bound = true;              // else every division that fits is evaluated; the answer is the same
  std::function<bool()> interrupted;  // asked now and then; may be empty
  // Told at the first rank, a stage after the other; may be empty.
  SearchProgress progress;
};

struct RankedDivision {
  Parallelism parallelism;
  double step_ns = 0.0;
  double memory_bytes = 0.0;
  std::vector<Parallelism> ties;  // others with the same step time and value, in the order of the space
};

// Of how many combinations what became. Properties of the space, not of how it was searched.
struct DivisionCounts {
  double combinations = 0.0;  // all values of all decisions
  std::int64_t valid = 0;     // divide the model, the batch and the NPUs
  std::int64_t fit = 0;       // and fit into memory
  std::int64_t below = 0;     // of these, whose bound is not above the last one that is listed
};

struct RankedDivisions {
  std::vector<RankedDivision> best;  // the best first; of those that tie, the first in the space
  DivisionCounts counts;
  // The smallest bill of all that do not fit, where nothing does.
  std::vector<RankedDivision> smallest;  // at most one
  std::vector<std::string> obstacles;    // NPU counts the machine cannot have, with the reason
  std::int64_t evaluated = 0;            // steps: how much work it was
  bool interrupted = false;              // what was found until then
};

// Bytes that a division may take of an NPU.
double memory_limit(const DivisionSpace& space, const DivisionSearch& search);

// The best divisions of the space, exactly: the memory of every valid division is known without a step, a
// bound of its step (plan/division_bound.h) is cheap, and in the order of their bounds steps are evaluated
// until the next bound is above the last one that is listed. So nothing that was left out can be better. The
// same answer for any number of threads and ranks (at each of them). Step times are compared in whole
// picoseconds.
//
// Cost: 0.2 us per valid division, 1.5 us for each whose bound is below the answer, 20 us for passes of a
// layer that are new (plan/step_evaluator.h).
RankedDivisions best_divisions(const DivisionSpace& space, const DivisionSearch& search);

}  // namespace bandwright
