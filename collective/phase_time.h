#pragma once
#include <functional>
#include <vector>

#include "collective/algorithm.h"

namespace bandwright {

// How long a phase takes on a line whose NPUs begin it together and share nothing but ports, those of
// position p `speeds[p]` times as fast (empty: all alike).
//
// Nothing is decided while it runs, so no message is an event: with x_p the time at which position p begins a
// round and f_p the time at which its port is free, a round of one message each is, for every p,
//
//   f_p = max(x_p, f_p) + occupancy          then      x_q = max(x_q, f_p + latency) + delay + reduction
//
// where q is p's receiver: a recurrence in max-plus algebra over arrays of NPUs. Times are what the same
// messages as events give. Cost: O(messages) time, O(NPUs) memory (NPUs^2 with a port for each peer).
// Throws InputError beyond the clock. `on_messages` is told now and then how many more have been gone
// through.
Time phase_time(const Wire& wire, const Program& program, const std::vector<double>& speeds = {},
                const std::function<void(std::int64_t)>& on_messages = {});

}  // namespace bandwright
