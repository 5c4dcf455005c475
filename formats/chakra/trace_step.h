#pragma once
#include <optional>
#include <string>
#include <vector>

#include "formats/chakra/trace_teams.h"
#include "step/issue_order.h"
#include "step/ranked_step.h"
#include "topology/network.h"

namespace bandwright {

// How long a trace's compute nodes take. With a peak rate, by the roofline max(FLOP / peak, bytes / memory),
// cut to whole nanoseconds as ASTRA-sim 2 does; without one, as measured (a node without a measured time
// takes 1 ns).
struct TraceCompute {
  std::optional<FlopRate> peak;
  Bandwidth memory;  // of the NPU's own memory
  // Beyond the NPU: memory nodes take latency + bytes / bandwidth there, or no time without it.
  Time remote_latency;
  Bandwidth remote;
};

// How long one compute node takes. Throws InputError for more than 100 days.
Time compute_time(const TraceNode& node, const TraceCompute& compute);

// A trace set as one step graph. Every class of NPUs has its own operations, issued as ASTRA-sim 2 does: one
// CPU operation, one compute operation and one communication at a time per NPU (receives excepted), of those
// ready the one with the smallest node id first. A send and its receive are one message; a collective that
// NPUs of several classes take part in starts when all of them are there.
//
// Groups: formats/chakra/trace_teams.h; a ring of members is priced on one dimension:
// formats/chakra/trace_groups.h.
struct TraceStep {
  Step graph;  // in no order yet: fix_issue_order gives it one
  std::vector<Issue> issues;
  std::vector<std::string> ignored;  // what the trace holds and this does not play, one sentence each
  RankedStep ranks;                  // the same NPU by NPU, with the same operations and in no order either
};

// Throws InputError: the network's NPU count differs from the traces', a send without a receive, a group that
// is not what the classes say.
TraceStep trace_step(const TraceSet& traces, const Network& network, const TraceCompute& compute,
                     GroupRoute route);

}  // namespace bandwright
