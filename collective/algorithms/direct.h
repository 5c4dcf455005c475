#pragma once
#include "collective/algorithm.h"

namespace bandwright {

// Everyone sends to everyone at once: one round of D/n for a reduce-scatter or an all-to-all, of D for an
// all-gather, two for an all-reduce. Broadcast is a scatter by the root and an all-gather, reduce a
// reduce-scatter and a gather. Serves any size.
//
// Where each peer has a port of its own (fully connected) the messages of a round travel side by side; on one
// port they follow each other.
CollectiveAlgorithm direct_algorithm();

}  // namespace bandwright
