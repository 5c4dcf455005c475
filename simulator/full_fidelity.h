#pragma once
#include "simulator/scenario.h"
#include "simulator/timeline.h"

namespace bandwright {

// Plays a step on every NPU by itself, and every message of every chunk. Each NPU runs the step graph, with
// its own compute factor; a phase of a chunk starts on a line when all NPUs of the line have come to it and
// the line is free, and ends for all when the last is done. With ports as the only shared resource and NPUs
// all alike, times equal simulate_folded's to the picosecond.
//
// The result describes the NPU that ends last; the timeline shows NPU 0 and its lines.
// Cost: time O(messages), one event each (one per link with network_model links); memory O(NPUs x
// (dimensions + operations) + lines x chunks x phases), about 64 bytes per NPU and dimension.
// Throws InputError as simulate_folded does, and for links that fail or do not exist.
StepResult simulate_full(const Scenario& scenario, Timeline* timeline = nullptr);

}  // namespace bandwright
