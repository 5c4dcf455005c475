#pragma once
#include "simulator/scenario.h"
#include "simulator/timeline.h"
#include "step/ranked_step.h"

namespace bandwright {

// Plays a step whose NPUs do not all do the same, NPU by NPU and message by message, each over its own
// distance. An NPU goes through a collective's chunks at its own pace: it begins a phase when its port is
// free and its own chunk has come to it, sends, and waits only for the messages it receives. Where folding is
// exact (folds_exactly) times equal simulate_folded's.
//
//   NPU 0  [chunk 0    ][chunk 1    ]         the message from 3 to 0 is long under way: 0 waits for it,
//   NPU 1    [chunk 0    ][chunk 1    ]       1 a little later, and nobody else
//
// Fidelity: as ASTRA-sim 2's congestion-unaware network, but that a port sends one message at a time.
// The result describes the NPU that ends last, with bytes averaged over all; waiting for a message is
// overhead. The timeline shows the first NPU of each kind.
// REQUIRES that scenario.graph is step.graph, and that an NPU's dependencies put its collectives one after
// the other. Throws InputError as simulate_folded does.
// Cost: time O(messages); memory O(NPUs x operations of their kind).
StepResult simulate_ranked(const Scenario& scenario, const RankedStep& step, Timeline* timeline = nullptr);

// The messages it would play.
double ranked_messages(const Scenario& scenario, const RankedStep& step);

}  // namespace bandwright
