#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/units.h"
#include "step/step.h"

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
  Time exposed;              // waiting attributed to it as the busiest dimension of a collective
};

// How the chunks fared on one logical dimension, which serves one at a time. Empty in closed form.
struct QueueUse {
  std::string group;
  int dimension = 0;  // of the network
  int npus = 0;       // of the group along it
  std::int64_t chunks = 0;
  Time service;   // of all chunks: from start to end
  Time queueing;  // of all chunks: from when each could start to its start

  // Sums over so many become what one of them sees.
  void share_among(std::int64_t count) {
    chunks /= count;
    service = service / count;
    queueing = queueing / count;
  }
  [[nodiscard]] Time mean_service() const { return service / std::max<std::int64_t>(1, chunks); }
  [[nodiscard]] Time mean_queueing() const { return queueing / std::max<std::int64_t>(1, chunks); }
};

// A stretch of the critical path: operations that each started when the one before had ended. Where
// repetition was leapt over (leap.h), an operation that stands for all its executions on the path.
struct CriticalOperation {
  OperationId operation = 0;
  Time start;
  Time end;
};

// The answer of every engine for one step. step_time = compute_time + bubble + exposed_communication exactly;
// exposed_communication = the groups' exposures + overhead exactly.
struct StepResult {
  Time step_time;
  Time compute_time;
  Time bubble;  // other pipeline stages work or communicate, this one waits for them
  Time exposed_communication;
  Time overhead;  // of the training loop itself
  std::vector<GroupExposure> groups;
  std::vector<DimensionUse> dimensions;  // one per dimension of the network
  std::vector<QueueUse> queues;
  std::vector<CriticalOperation> critical_path;  // in order of time
  std::int64_t events = 0;                       // the engine handled; 0 in closed form
};

}  // namespace bandwright
