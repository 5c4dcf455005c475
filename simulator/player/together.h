#pragma once
#include <span>
#include <vector>

#include "simulator/scenario.h"

namespace bandwright {

// A step of one of several jobs on one network as it is built: on NPUs of its own (FlowNetwork::order), from
// a time on.
struct JobScenario {
  Scenario scenario;  // of a step without blocks that all its NPUs do alike
  Time start;
};

// Plays them over the same links at the same time; what each took, from its own start on. REQUIRES that all
// have the same graph and routing. Throws InputError as simulate_full does.
std::vector<StepResult> simulate_together(std::span<const JobScenario> jobs);

}  // namespace bandwright
