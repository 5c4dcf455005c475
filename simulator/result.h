#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/units.h"

namespace bandwright {

// Time the compute stream stood still waiting for one group's collectives.
struct GroupExposure {
  std::string group;  // "TP", "DP" ...
  Time exposed;
};

// What one physical dimension did for one NPU during the step.
struct DimensionUse {
  double bytes = 0.0;        // sent
  double utilization = 0.0;  // of its bandwidth over the whole step, 0 to 1
  Time exposed;              // waiting attributed to it as the slowest dimension of a collective
};

// The answer of either engine for one step. step_time = compute_time + exposed_communication exactly;
// exposed_communication = the groups' exposures + overhead.
struct StepResult {
  Time step_time;
  Time compute_time;  // sum of the compute operations
  Time exposed_communication;
  Time overhead;  // of the training loop itself
  std::vector<GroupExposure> groups;
  std::vector<DimensionUse> dimensions;  // one per dimension of the network
};

}  // namespace bandwright
