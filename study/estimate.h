#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "study/job/job.h"
#include "study/job/offload.h"
#include "study/job/undivided_step.h"
#include "study/job/workload.h"
#include "study/watch.h"
#include "training/estimate.h"
#include "training/interval.h"

namespace bandwright {

// How long a step takes on a machine in closed form, where it goes, and whether it fits.

struct TransformerEstimate {
  TrainingJob job;
  TrainingEstimate result;
  StepInterval interval;           // of the step
  std::optional<Offload> offload;  // where --tiers gives a second memory
  std::vector<std::string> notes;
};

// Of a network on images or a layer table.
struct UndividedEstimate {
  UndividedStep step;
  GraphEstimate result;
  double items_per_s = 0.0;
  std::optional<double> tflop_per_s_per_npu;
  std::optional<double> mfu;
  double usd_per_million_items = 0.0;  // 0: the machine has no price

  [[nodiscard]] double memory_capacity() const { return step.machine.npu.memory_bytes; }
  [[nodiscard]] std::optional<bool> fits() const;  // nothing: its memory is not known
};

using EstimateAnswer = std::variant<TransformerEstimate, UndividedEstimate>;

// Throws InputError for words that cannot be read, and for a job that cannot be run. One that does not fit is
// an answer.
EstimateAnswer estimate(const Job& job, const Watch& watch = {});
// Of a workload and a machine that are at hand.
EstimateAnswer estimate(const Job& job, const Workload& workload, const Machine& machine,
                        const Watch& watch = {});

// The same in numbers that every kind of job has.
struct EstimateFacts {
  double step_ns = 0.0;
  double exposed_ns = 0.0;  // communication
  double memory_bytes = 0.0;
  double memory_capacity = 0.0;
  bool fits = true;
  std::string remedy;  // what would make it fit
};
EstimateFacts facts_of(const EstimateAnswer& answer);

// The step, operation by operation.
StepTimeline timeline_of(const Job& job, const EstimateAnswer& answer);

}  // namespace bandwright
