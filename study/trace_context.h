#pragma once
#include "simulator/picture/chrome_trace.h"
#include "training/training_step.h"

namespace bandwright {

// What a timeline's picture should know of the job: its pipeline, and the memory of its first stage.
TraceContext trace_context(const TrainingJob& job);

}  // namespace bandwright
