#pragma once
#include <string_view>

#include "simulator/scenario.h"
#include "step/ranked_step.h"

namespace bandwright {

// What playing a step NPU by NPU would take, before it is played: an estimate within a factor of about two
// (docs/engine.md has what it rests on).
struct PlayCost {
  double messages = 0.0;  // of all NPUs
  double events = 0.0;    // handled one by one
  double seconds = 0.0;   // of one core
  double bytes = 0.0;     // of memory
};
// REQUIRES that scenario.graph is step.graph.
PlayCost play_cost(const Scenario& scenario, const RankedStep& step);

// Throws InputError, with the estimate and what to do instead, for more memory than the machine has or more
// than a day.
void require_affordable(const PlayCost& cost, std::string_view instead = "--npu-fidelity folded, or --force");

}  // namespace bandwright
