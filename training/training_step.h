#pragma once
#include "step/stream_builder.h"
#include "training/machine.h"
#include "training/parallelism.h"
#include "workload/architecture.h"

namespace bandwright {

// How much longer compute takes than with every tensor in the NPU's own memory, by phase. Recomputation is
// of the forward phase.
struct ComputeSlowdown {
  double forward = 1.0;
  double backward = 1.0;
  double update = 1.0;
};

// A model, where it runs, and how it is divided.
struct TrainingJob {
  TransformerArchitecture model;
  Machine machine;
  Parallelism parallelism;
  ComputeSlowdown slowdown;        // where tensors live in slow memory (memory/graphs/transformer_graph.h)
  double slow_memory_bytes = 0.0;  // of an NPU, which hold what its own memory does not
};

// The lines of a training step, and of its breakdown.
enum class StepLine : std::uint16_t {
  Projections,
  AttentionCore,
  Streaming,
  OutputLayer,
  Host,
  Copies,
  Optimizer,
  TensorParallel,
  ContextParallel,
  ExpertParallel,
  PipelineParallel,
  Gradients,
  Parameters,
};

// One step of one NPU of the slowest pipeline stage. With p stages, v chunks of layers per stage, m
// micro-batches, and F, B the passes of one chunk:
//
//   fill     (p-1) (F, send)          other stages work (bubble)
//   steady   m v (F, send, B, send)   with the embedding or the output layer where it is slower
//   drain    (p-1) (B, send)          bubble; its last B is the first stage's, which reduces its gradients
//   gradients over DP                 bucket by bucket beside the last backward pass when overlapped
//   optimizer, then gathering of divided weights
//
// Without communication the stage works m v (F + B), v chunks of each of m micro-batches, and has nothing to
// do while the first micro-batch comes down p-1 stages and the last goes back up: (p-1) F + (p-1) B. The
// bubble is (p-1) (F + B) / (m v (F + B)) = (p-1) / (v m) of its work; m micro-batches of F v and B v per
// stage without interleaving are v = 1. GPipe's order has the same bubble and keeps more activations. Source:
// Narayanan et al. (SC 2021), section 2.2. A collective's latency
// (training/collective_time.h) is a constant, so that the step time is convex in bandwidth. ZeRO 3 gathers
// each layer's weights one layer ahead and divides its gradients after its backward pass. Throws InputError
// for a job that cannot be run (validate(), and groups that do not fit the network).
Step training_step(const TrainingJob& job, const Network& network);

// What collectives reach of the bandwidth of each dimension, Step::wire_efficiency.
std::vector<double> wire_efficiency(const Machine& machine, const Network& network);

}  // namespace bandwright
