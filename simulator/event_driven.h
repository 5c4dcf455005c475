#pragma once
#include "simulator/round_watch.h"
#include "simulator/scenario.h"
#include "simulator/timeline.h"

namespace bandwright {

// Plays a step chunk by chunk, one NPU standing for all ("folded"): exact when all NPUs do the same and only
// senders' ports are shared. An operation starts when all it depends on have ended; a collective's chunks
// then join the queue of their first phase's logical dimension. A dimension serves one chunk at a time, for
// the duration of its phase, and takes the next from its queue at once: the collective of the highest rank
// first, then the smallest phase (if the library says so), then the first that came. All that ends at a
// moment joins before any dimension chooses. A collective ends `after_collective` after its last chunk.
//
// Cost: time O(operations + chunks x phases x log(waiting chunks)), whatever the NPU count.
// Throws InputError as plan_communication does, and when the step is longer than the clock.
// A repetition is told the state at each of its rounds: leap.h.
StepResult simulate_folded(const Scenario& scenario, Timeline* timeline = nullptr,
                           RoundWatch* repetition = nullptr);

}  // namespace bandwright
