#pragma once
#include "memory/graph.h"
#include "memory/replay.h"
#include "memory/tiers.h"
#include "training/training_step.h"

namespace bandwright {

// One micro-batch of a step on one NPU of a job, as placement sees it, with its share of the update; layers
// are dealt evenly to at most `most_blocks` blocks, which keeps the program small. For a block b with weights
// W, gradients G, optimizer state S, kept activations A, output Y and its gradient D:
//
//   hold      b = 1..n                 -> W_b, S_b          no time: what the step before left
//   forward   b = 1..n   W_b, Y_b-1    -> A_b, Y_b
//   again     b = n..1   W_b, A_b      -> B_b               with full recomputation; else B is A
//   backward  b = n..1   W_b, B_b, D_b -> G_b, D_b-1
//   update    b = 1..n   G_b, S_b      -> W'_b, S'_b
//   leave     b = 1..n   W'_b, S'_b                         no time; W' is the next step's W, S' its S
//
// with the embedding as block 0 and, without a pipeline, the output layer (its weights are the embedding's)
// between the passes. Kernels in fast memory take what training/layers/layer_cost.h says; an argument in slow
// memory adds its bytes at the slow tier's bandwidth (the linear tier model). Bytes are those of
// training/memory_bill.h; its buffers and allowance stay in fast memory beside the limit. With a pipeline the
// activations of all micro-batches in flight are one tensor, of which a pass touches one micro-batch's share
// but which moves as a whole. Sparse layers and dense ones are averaged. An updated tensor lies beside the
// old one while its block is updated. With m micro-batches an update takes 1/m of its time here; copies of
// what only updates use count in full, m times their due, so that the programs make few of them.
// Communication and its buffers are not part of it.
TrainingGraph training_graph(const TrainingJob& job, const TierPair& tiers);
constexpr std::int64_t most_blocks = 10;

// How much longer each phase takes than with all tensors in fast memory, copies the processor waits for
// included: a copy counts for the kernel it stands before, beside or after. Of a graph made by the above.
ComputeSlowdown compute_slowdown(const TrainingGraph& graph, const Replay& replay);

}  // namespace bandwright
