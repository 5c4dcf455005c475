#pragma once
#include <string>
#include <string_view>

#include "simulator/player/player.h"
#include "simulator/scenario.h"
#include "step/ranked_step.h"

namespace bandwright {

// What playing a step NPU by NPU would take, before it is played: an estimate within a factor of about two
// (docs/engine.md has what it rests on).
struct PlayCost {
  double messages = 0.0;    // of all NPUs
  double events = 0.0;      // handled one by one
  double worked_out = 0.0;  // messages that are no events (collective/phase_time.h)
  double seconds = 0.0;     // of one core
  double bytes = 0.0;       // of memory
};
// REQUIRES that scenario.graph is step.graph.
PlayCost play_cost(const Scenario& scenario, const RankedStep& step);
// Of what is worked out while collectives are planned, on one line of each kind, whoever plays them: phases
// on parts of rings.
PlayCost planning_cost(const Scenario& scenario);

// How much of that is behind, 0 to 1.
double share_played(const PlayCost& cost, const PlayedSoFar& so_far);

// "every NPU by itself would take 1.1e+12 messages, about 0.11 GB and 8.8e+03 s"
std::string described(const PlayCost& cost);

// Throws InputError, with the estimate and what to do instead, for more memory than the machine has or more
// than a day.
void require_affordable(const PlayCost& cost, std::string_view instead = "--npu-fidelity folded, or --force");

}  // namespace bandwright
