#pragma once
#include <string>
#include <vector>

#include "topology/group.h"
#include "topology/route.h"

namespace bandwright {

// One ring of some NPUs (ascending ids). Each neighbour pair has its dimension, the innermost or outermost it
// differs in; the ring is priced on the outermost of these, at the largest number of hops between a pair's
// positions on it. How far the last member is from the first follows from the even spacing.
Group ring_of(const Network& network, std::string name, const std::vector<int>& members, Crossing crossing);

// Two NPUs: a line of two positions on each dimension that their messages cross.
Group pair_of(const Network& network, int from, int to, Crossing crossing);

}  // namespace bandwright
