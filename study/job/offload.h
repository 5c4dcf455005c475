#pragma once
#include "memory/placement.h"
#include "study/job/job.h"
#include "study/watch.h"
#include "training/training_step.h"

namespace bandwright {

// Tensors of a transformer that live in a second, slower memory: --tiers, --fast and --offload.

constexpr double offload_gap = 1e-3;  // far below the error of the tier model
constexpr double offload_seconds = 60.0;

// How a job's tensors were placed.
struct Offload {
  TierPair tiers;
  Bytes fast;  // for tensors
  PlacementSummary placement;
  ComputeSlowdown slowdown;
};

// Places the tensors of one micro-batch's step (memory/graphs/transformer_graph.h) and slows the job's
// compute down by what that costs. Throws InputError when there is no placement.
Offload offload(const Job& job, TrainingJob& training, const Watch& watch = {});

}  // namespace bandwright
