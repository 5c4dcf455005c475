#pragma once
#include <optional>
#include <string>
#include <vector>

#include "training/estimate.h"
#include "workload/image_model.h"
#include "workload/model.h"
#include "workload/training_loop.h"

namespace bandwright {

// Models that no option divides: networks on images, of which every NPU has all, and tables, which say
// themselves how they are divided. Their steps on a machine, where a collective takes what
// training/collective_time.h says.

// Images on data-parallel NPUs, so many on each: every phase computes, at `flop_per_s` of one NPU, then
// reduces its gradients while nothing else happens.
Step image_step(const ImageModel& model, const Machine& machine, const Network& network, double images,
                double flop_per_s);

// A table's own compute times, whatever the NPU. Throws InputError where the network has no whole number of
// replicas.
Step table_step(const Model& model, const Machine& machine, const Network& network, const TrainingLoop& loop,
                const LoopOptions& options = {});

// What one NPU reaches at most with the model's own batch, for want of a measurement: in every layer of a
// forward pass the longer of its FLOP at the matrix units' speed and its input, output and weights through
// memory, one kernel each (Williams et al., "Roofline", CACM 2009). A backward pass does twice of both.
// A bound, not a prediction: frameworks pass over memory more often.
double roofline_flop_per_s(const ImageModel& model, const Npu& npu, Precision precision);

// Weights, gradients, optimizer state and activations of `images` on one NPU; nothing else is known.
MemoryBill memory_bill(const ImageModel& model, std::int64_t images);

// Where a step's time goes: compute by direction (a network's by phase), communication by direction and
// group. The exposed times add up to `step_ns` (simulator/closed_form/exposure.h).
struct GraphEstimate {
  double step_ns = 0.0;
  std::vector<BreakdownLine> breakdown;  // the longest first
  Timeline timeline;
};
GraphEstimate estimate(const Step& graph, const Network& network, const std::vector<double>& gb_per_s);

}  // namespace bandwright
