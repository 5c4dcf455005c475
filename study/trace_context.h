#pragma once
#include <functional>
#include <string_view>

#include "simulator/picture/chrome_trace.h"
#include "study/job/job_step.h"
#include "training/training_step.h"

namespace bandwright {

// What a timeline's picture should know of the job: its pipeline, and the memory of its first stage.
TraceContext trace_context(const TrainingJob& job);

// The algorithm that a phase of a step's collectives follows on a dimension. The step outlives what is
// returned.
std::function<std::string_view(const LogicalDimension& where, CollectiveKind phase)> algorithms_of(
    const JobStep& step);

}  // namespace bandwright
