#pragma once
#include "memory/graph.h"
#include "memory/programs/formulation.h"
#include "memory/tiers.h"

namespace bandwright {

// The least time of a step, in ns, by trying everything: for Static every choice of memories, otherwise
// dynamic programming over the kernels with the state of every live tensor (fast, both, slow) and every move
// of every tensor at every kernel. Infinite when nothing fits. For graphs of about ten tensors.
double least_ns(const TrainingGraph& graph, const TierPair& tiers, Bytes limit, Freedom freedom);

}  // namespace bandwright
