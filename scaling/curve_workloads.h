#pragma once
#include "scaling/curve.h"
#include "training/division.h"
#include "training/undivided.h"

namespace bandwright {

// What can be played along a curve. All keep a copy of what they are given, but for the training loop.

// Images on data-parallel workers, at `flop_per_s` of one worker (training/undivided.h).
CurveWorkload image_workload(const ImageModel& model, const Machine& machine, double flop_per_s);

// A table of fixed work per replica; its item is a step of one replica.
CurveWorkload table_workload(const Model& model, const Machine& machine, const TrainingLoop& loop);

// A transformer, as `estimate` sees it: divided at each worker count as `given` says, what is open chosen
// anew (training/division.h).
CurveWorkload transformer_workload(const TransformerArchitecture& model, const Machine& machine,
                                   const Parallelism& given, const OpenChoices& open);

}  // namespace bandwright
