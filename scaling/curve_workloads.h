#pragma once
#include <functional>

#include "scaling/curve.h"
#include "training/estimate.h"
#include "training/undivided.h"

namespace bandwright {

// What can be played along a curve. All keep a copy of what they are given, but for the training loop.

// Images on data-parallel workers, at `flop_per_s` of one worker (training/undivided.h).
CurveWorkload image_workload(const ImageModel& model, const Machine& machine, double flop_per_s);

// A table of fixed work per replica; its item is a step of one replica.
CurveWorkload table_workload(const Model& model, const Machine& machine, const TrainingLoop& loop);

// How a job is divided over so many NPUs; its own division says what is given. Throws InputError where it
// cannot be.
using Divide = std::function<Parallelism(const TrainingJob& job, std::int64_t npus)>;

// The job's own division, with DP as what is left.
Parallelism divide_as_given(const TrainingJob& job, std::int64_t npus);

// A transformer, as `estimate` sees it, divided anew at each worker count.
CurveWorkload transformer_workload(const TransformerArchitecture& model, const Machine& machine,
                                   const Parallelism& given, Divide divide = divide_as_given);

}  // namespace bandwright
