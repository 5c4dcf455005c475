#pragma once
#include "scaling/curve.h"
#include "training/division.h"
#include "workload/image_model.h"
#include "workload/model.h"
#include "workload/training_loop.h"

namespace bandwright {

// What can be played along a curve. All keep a copy of what they are given, but for the training loop.

// Images on data-parallel workers: every phase computes, then reduces its gradients while nothing else
// happens, at `flop_per_s` of one worker.
CurveWorkload image_workload(const ImageModel& model, const Machine& machine, double flop_per_s);

// What one NPU reaches at most with the model's own batch, for want of a measurement: in every layer of a
// forward pass the longer of its FLOP at the matrix units' speed and its input, output and weights through
// memory, one kernel each (Williams et al., "Roofline", CACM 2009). A backward pass does twice of both.
// A bound, not a prediction: frameworks pass over memory more often.
double roofline_flop_per_s(const ImageModel& model, const Npu& npu, Precision precision);

// A table of fixed work per replica; its item is a step of one replica. Collectives reach the machine's
// share of the bandwidth, without latency.
CurveWorkload table_workload(const Model& model, const Machine& machine, const TrainingLoop& loop);

// A transformer, as `estimate` sees it: divided at each worker count as `given` says, what is open chosen
// anew (training/division.h).
CurveWorkload transformer_workload(const TransformerArchitecture& model, const Machine& machine,
                                   const Parallelism& given, const OpenChoices& open);

}  // namespace bandwright
