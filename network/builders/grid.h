#pragma once
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// A grid such as Ring(4)_Switch(8), link by link: an NPU's id is its positions in mixed radix, the first
// dimension fastest, and a message between NPUs that differ in several dimensions passes through NPUs.
//
//   Ring(n)            a link to the next and one to the previous NPU, each of the dimension's bandwidth
//   FullyConnected(n)  a link to each other, of an (n - 1)-th of it
//   Switch(n)          a switch for each line, and a link of all of it to it
//
// `bandwidth` is an NPU's in every dimension, `bandwidth_2` in the second; latencies likewise, of a link. On
// a grid proper an NPU's port into a ring is of the dimension's bandwidth as well, for both neighbours
// together.
NetworkGraph build_grid(BuilderArguments& arguments);

}  // namespace bandwright
