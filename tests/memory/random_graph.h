#pragma once
#include <random>

#include "memory/graph.h"
#include "memory/tiers.h"

namespace bandwright {

// A small training graph with 2 to `most_tensors` tensors: every kernel writes one or two tensors and reads
// up to two earlier ones, with linear times or a time for every configuration. The same seed gives the same
// graph.
TrainingGraph random_graph(unsigned seed, int most_tensors, bool measured);

// Tiers whose copies cost about as much as the kernels of random_graph().
TierPair test_tiers();

}  // namespace bandwright
