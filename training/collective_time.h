#pragma once
#include "collective/collective.h"
#include "training/machine.h"

namespace bandwright {

// What a collective over a group of a machine takes besides its bytes at the efficiency's share of the
// bandwidth: the outermost fabric's latency and the slowest fabric's ramp (FabricConstants), at nominal
// bandwidth. Half the latency for a point-to-point message.
double collective_latency_ns(const Machine& machine, const Group& group, const Collective& collective);

// The share of the group's dimensions that so small a group can use; multiplies its bandwidth.
double usable_share(const Machine& machine, const Group& group);

// The whole of it at nominal bandwidth.
double collective_ns(const Machine& machine, const Group& group, const Collective& collective);

}  // namespace bandwright
