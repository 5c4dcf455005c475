#pragma once
#include <vector>

#include "network/routes.h"

namespace bandwright {

// When the latency of a message's way is charged.
enum class LatencyCharge : std::uint8_t {
  First,  // before its bytes share links
  Last,   // after they have
  Bulk,   // last where an NPU sends to several others at once, so that they all start and end together; else
          // first
};

// A network as it is built, on which NPU i of a step is NPU order[i].
struct FlowNetwork {
  NetworkGraph graph;
  RoutingOptions routing = {};
  LatencyCharge latency = LatencyCharge::Bulk;
  std::vector<NodeId> order = {};  // empty: each is itself
};

}  // namespace bandwright
