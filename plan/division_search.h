#pragma once
#include <functional>
#include <string_view>
#include <vector>

#include "plan/division_space.h"

namespace bandwright {

// What is made small. Both come down to step time x NPUs^k, so that one bound serves.
enum class PlanObjective : std::uint8_t {
  StepTime,
  CostPerToken,  // NPU hours of a token
};
PlanObjective plan_objective(std::string_view name);  // throws InputError naming the choices
std::string_view plan_objective_name(PlanObjective objective);

struct DivisionSearch {
  PlanObjective objective = PlanObjective::StepTime;
  std::size_t best = 10;              // how many divisions are wanted
  double longest_step_ns = 0.0;       // only steps of at most this; 0: any
  int threads = 0;                    // 0: as many as there are cores
  std::function<bool()> interrupted;  // asked now and then; may be empty
};

struct RankedDivision {
  Parallelism parallelism;
  double step_ns = 0.0;
  double memory_bytes = 0.0;
};

// Of how many combinations what became. Properties of the space, not of how it was searched.
struct DivisionCounts {
  double combinations = 0.0;  // all values of all decisions
  std::int64_t valid = 0;     // divide the model, the batch and the NPUs
  std::int64_t fit = 0;       // and fit into memory
  std::int64_t below = 0;     // of these, whose bound is below the last one that is listed
};

struct RankedDivisions {
  std::vector<RankedDivision> best;  // the best first; of equals the one that comes first in the space
  DivisionCounts counts;
  // The smallest bill of all that do not fit, where nothing does.
  std::vector<RankedDivision> smallest;  // at most one
  std::vector<std::string> obstacles;    // NPU counts the machine cannot have, with the reason
  bool interrupted = false;              // what was found until then
};

// The best divisions of the space, exactly: the memory of every valid division is known without a step, a
// bound of its step (plan/division_bound.h) is cheap, and in the order of their bounds steps are evaluated
// until the next bound is above the last one that is listed. So nothing that was left out can be better. The
// same answer for any number of threads. Step times are those of estimate().
//
// Cost: 0.5 us per valid division, 5 us for each whose bound is below the answer.
RankedDivisions best_divisions(const DivisionSpace& space, const DivisionSearch& search);

}  // namespace bandwright
