#pragma once
#include "collective/algorithm.h"

namespace bandwright {

// NPUs exchange with partners at distances 1, 2, 4 ... (ids that differ in one bit), halving the data in a
// reduce-scatter; an all-gather goes back, doubling. log2 n rounds each way. A receiver reduces the half it
// sends on next before sending it, and the rest beside it, so that the reduction of the last round is hidden:
// after the message of m bytes it takes the time of m/2. An all-to-all sends D/n to the NPU at
// distance 1, 2 .. n-1 in turn. Broadcast is a binomial scatter and an all-gather, reduce a reduce-scatter
// and a binomial gather. Serves powers of two.
//
//   0 <-> 1   2 <-> 3        then        0 <-> 2   1 <-> 3
//
// Source: Thakur, Rabenseifner and Gropp, "Optimization of collective communication operations in MPICH"
// (2005).
CollectiveAlgorithm halving_doubling_algorithm();

}  // namespace bandwright
