#pragma once
#include "core/units.h"
#include "network/graph.h"

namespace bandwright {

// What can flow from the first half of the NPUs (by id) to the second at once: no routing carries more.
// Failed links carry nothing, and an NPU that does not pass messages on only its own.
//
// The largest flow from the one half to the other (Dinic, 1970).
Bandwidth between_halves(const NetworkGraph& graph);

}  // namespace bandwright
