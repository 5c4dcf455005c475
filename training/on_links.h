#pragma once
#include "step/step.h"
#include "training/machine.h"

namespace bandwright {

// What the machine's links and its library make of a step's collectives (training/collective_time.h).
Step on_links_of(const Machine& machine, const Network& network, Step step);

}  // namespace bandwright
