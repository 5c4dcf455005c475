#pragma once
#include <functional>
#include <string_view>

#include "simulator/scenario.h"
#include "simulator/timeline.h"
#include "step/ranked_step.h"

namespace bandwright {

// How many NPUs an event-driven run really plays.
enum class Fidelity : std::uint8_t {
  Auto,    // folded where that is exact, else full
  Folded,  // one for all
  Full,    // every one, and every port and link
};

// Throws InputError naming the choices.
Fidelity fidelity_named(std::string_view name);
std::string_view fidelity_name(Fidelity fidelity);

// What Auto stands for here. Throws InputError for what cannot be: folded NPUs that are not all alike or
// share links, links that differ where messages share ports only.
Fidelity resolved(Fidelity fidelity, const Scenario& scenario);

// The same for the step of traces: Auto is folded where that is exact, or where playing every NPU would take
// more than most_messages_by_default.
constexpr double most_messages_by_default = 2e7;  // a few seconds
Fidelity resolved(Fidelity fidelity, const Scenario& scenario, const RankedStep& step);

struct PlayCost;  // player/play_cost.h

// What playing every NPU may take, and who is told how far it is.
struct PlayLimits {
  bool force = false;                                 // also more than the machine has
  bool play_all = false;                              // phases whose time is known from before, too
  std::function<void(const PlayCost& cost)> on_cost;  // of what will be played, before it begins
  std::function<void(double share)> on_progress;      // 0 to 1, of the time expected
};

// Plays the scenario. REQUIRES a resolved fidelity. Throws InputError before it begins what would take more
// memory than there is, or more than a day (player/play_cost.h).
StepResult simulate(const Scenario& scenario, Fidelity fidelity, Timeline* timeline = nullptr,
                    const PlayLimits& limits = {});
// Says what planning collectives takes, where one NPU stands for all, or throws as above.
void tell_of_planning(const Scenario& scenario, const PlayLimits& limits);
// The same for the step of traces, whose `graph` is the scenario's with dependencies of one NPU only.
StepResult simulate(const Scenario& scenario, const RankedStep& step, Fidelity fidelity,
                    Timeline* timeline = nullptr, const PlayLimits& limits = {});

}  // namespace bandwright
