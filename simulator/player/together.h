#pragma once
#include <span>
#include <vector>

#include "simulator/scenario.h"
#include "step/ranked_step.h"

namespace bandwright {

// A step of one of several jobs on one network as it is built: on NPUs of its own (FlowNetwork::order), from
// a time on.
struct JobScenario {
  Scenario
      scenario;  // of a step without blocks that all its NPUs do alike, unless `ranks` says what each does
  Time start;
  const RankedStep* ranks = nullptr;  // of traces, whose graph is the scenario's
};

// Plays them over the same links at the same time; what each took, from its own start on. REQUIRES that all
// have the same graph and routing. Throws InputError as simulate_full does.
std::vector<StepResult> simulate_together(std::span<const JobScenario> jobs);

}  // namespace bandwright
