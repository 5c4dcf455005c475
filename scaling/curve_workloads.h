#pragma once
#include "scaling/curve.h"
#include "scaling/image_model.h"
#include "training/division.h"
#include "workload/model.h"
#include "workload/training_loop.h"

namespace bandwright {

// What can be played along a curve. All keep a copy of what they are given, but for the training loop.

// Images on data-parallel workers: every phase computes, then reduces its gradients while nothing else
// happens, at `flop_per_s` of one worker.
CurveWorkload image_workload(const ImageModel& model, const Machine& machine, double flop_per_s);

// A table of fixed work per replica; its item is a step of one replica. Collectives reach the machine's
// share of the bandwidth, without latency.
CurveWorkload table_workload(const Model& model, const Machine& machine, const TrainingLoop& loop);

// A transformer, as `estimate` sees it: divided at each worker count as `given` says, what is open chosen
// anew (training/division.h).
CurveWorkload transformer_workload(const TransformerArchitecture& model, const Machine& machine,
                                   const Parallelism& given, const OpenChoices& open);

}  // namespace bandwright
