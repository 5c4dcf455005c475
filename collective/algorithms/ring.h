#pragma once
#include "collective/algorithm.h"

namespace bandwright {

// Every NPU passes parts on to the next: n-1 rounds of D/n for a reduce-scatter, of D for an all-gather, both
// for an all-reduce. An all-to-all relays D/n over each distance, n(n-1)/2 rounds. Broadcast and reduce run
// through the chain in 4n segments. Serves any size.
//
//   0 -> 1 -> 2 -> 3 -> 0
//
// Source: Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms" (JPDC 2009).
CollectiveAlgorithm ring_algorithm();

// The same with half of each message in either direction; an all-to-all takes the shorter way round.
CollectiveAlgorithm ring_both_algorithm();

}  // namespace bandwright
