#pragma once
#include "topology/dimension_kind.h"

namespace bandwright {

// Every NPU has a link to the next and one to the previous; messages take the shorter way round.
//
//   0 <--> 1 <--> 2 <--> 3      links 0 .. n-1 go up (i to i+1), links n .. 2n-1 go down (n+i from i to i-1);
//   '------<----->-------'      with two NPUs both neighbours are the same NPU, one hop away.
//
// A message is striped over both of the NPU's cables, so it gets all of the NPU's bandwidth.
DimensionKind ring_kind();

}  // namespace bandwright
