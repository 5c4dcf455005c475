#pragma once
#include <string_view>

#include "simulator/scenario.h"
#include "simulator/timeline.h"

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

// What Auto stands for here. Throws InputError for folded NPUs that are not all alike.
Fidelity resolved(Fidelity fidelity, const Scenario& scenario);

// Plays the scenario. REQUIRES a resolved fidelity.
StepResult simulate(const Scenario& scenario, Fidelity fidelity, Timeline* timeline = nullptr);

}  // namespace bandwright
