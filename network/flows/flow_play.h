#pragma once
#include <span>
#include <vector>

#include "network/flows/flow_engine.h"

namespace bandwright {

// A flow that waits for no other. One without bytes, or that goes nowhere, ends when it starts.
struct PlannedFlow {
  Time start;
  std::int64_t bytes = 0;
  std::vector<FlowStep> way;
};

enum class Refill : std::uint8_t {
  Local,  // what changes
  All,    // everything, each time: the same times, slowly
};

// When each flow ends, over links of these capacities in byte/s. Throws InputError for times beyond the
// clock.
std::vector<Time> play_flows(std::span<const double> bytes_per_second, std::span<const PlannedFlow> flows,
                             Refill refill = Refill::Local);

}  // namespace bandwright
