#pragma once
#include <vector>

#include "simulator/scenario.h"

namespace bandwright {

// The time each of a graph's collectives takes when nothing else uses the network, indexed like
// Step::collectives; `after_collective` included. The graph's operations and their order do not matter.
// Throws InputError as plan_communication does.
std::vector<Time> lone_times(const Scenario& scenario);

}  // namespace bandwright
