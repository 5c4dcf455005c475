#pragma once
#include "collective/algorithm.h"

namespace bandwright {

// Any number of NPUs in the rounds that a power of two takes: in round k everyone sends to the NPU 2^k
// further on, around the end. An all-gather passes on all shards it has by then, 1, 2, 4 ... and in the last
// round what is missing: n - 1 in all, as any algorithm. An all-to-all passes on the parts whose way to go
// has bit k: the n/2 or so of D/n each, in fewer messages but more bytes than one for each other NPU.
//
//   n = 6:  +1  shards 1   parts for +1 +3 +5
//           +2         2             +2 +3
//           +4         2             +4 +5
//
// Source: Bruck, Ho, Kipnis, Upfal and Weathersby, "Efficient algorithms for all-to-all communications in
// multiport message-passing systems" (IEEE TPDS 1997).
CollectiveAlgorithm bruck_algorithm();

}  // namespace bandwright
