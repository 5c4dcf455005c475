#pragma once
#include <cstdint>
#include <functional>

#include "simulator/scenario.h"
#include "simulator/timeline.h"
#include "step/ranked_step.h"

namespace bandwright {

// How far a step is that is played.
struct PlayedSoFar {
  std::int64_t events = 0;
  std::int64_t messages = 0;  // that were no events, but worked out (collective/phase_time.h)
};
using OnPlayed = std::function<void(const PlayedSoFar&)>;

// Plays a step on every NPU by itself, with its own compute factor, over a transport (transport/transport.h):
// `ports` where those are all that messages share, `flows` where their routes share links. An operation
// starts on an NPU when all it depends on have ended there; a send ends when its message has arrived and lets
// its receive go; collectives go as their NPUs' pace has it (pace.h). With ports and NPUs that are all alike,
// times equal simulate_folded's to the picosecond.
//
//   step's operations, NPU by NPU  ->  pace: chunks and phases  ->  seats: rounds  ->  transport: messages
//
// The result describes the NPU that ends last, with bytes averaged over all; what it waits for besides its
// own operations is overhead. The timeline shows the first NPU of each kind.
// REQUIRES that scenario.graph is step.graph, and where teams are given, that an NPU's dependencies put its
// collectives one after the other.
// Cost: time O(NPUs x (operations + chunks x phases) + messages); memory O(NPUs x (operations + logical
// dimensions)). Throws InputError as simulate_folded does, and for links that fail or do not exist.
// `on_progress` is told now and then how far it is. Phases that take as long as when they
// were played before are not played again, but for `play_all`: the same times.
StepResult simulate_full(const Scenario& scenario, const RankedStep& step, Timeline* timeline = nullptr,
                         const OnPlayed& on_progress = {}, bool play_all = false);
// The same for a step that all NPUs do alike.
StepResult simulate_full(const Scenario& scenario, Timeline* timeline = nullptr);

// Such a step: one kind, which is all that its graph says.
RankedStep of_one_kind(const Scenario& scenario);

}  // namespace bandwright
