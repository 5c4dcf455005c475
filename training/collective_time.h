#pragma once
#include "collective/traffic.h"
#include "topology/group.h"
#include "training/collective_constants.h"
#include "training/machine.h"

namespace bandwright {

// What a collective over a group of a machine takes:
//
//   latency + wire bytes / (bandwidth * efficiency * speed)
//
// The latency is a constant of the group and the size: it is priced at nominal bandwidth, so that the time of
// a training step stays convex in bandwidth.
struct CollectivePrice {
  double latency_ns = 0.0;
  double speed = 1.0;  // what groups can use of the links, what the library's ways gain on the plan
};

// With w the nanoseconds the plan's bytes (collective/traffic.h) take at the efficiency's share of the
// bandwidth, f the steps of a ring (of
// a tree where that has fewer) times step_us, over all dimensions:
//
//   large       latency + (f^1.5 + (w + own)^1.5)^(2/3)   steps hide behind big messages, as chunks follow
//                                                         each other; own: passing the NPU's own share on
//   small       latency + f/10 + w / low_latency          a protocol without fences between the steps, up
//                                                         to 2.5 MB per other NPU where it is faster
//   all-to-all  latency + 0.4 sqrt(step_us w) + w/0.85    no steps; the ramp of a pipeline of chunks of the
//                                                         best size; not faster than NPUs copy
//   send        latency/2 + the same ramp + w, between machines at 0.96 of the bandwidth for the efficiency
//
// and an all-reduce in one switch that reduces sends S (n+1)/n instead of 2 S (n-1)/n, broadcast and reduce
// pass S through chains in slices so small that it takes S. Sources: Hu et al.,
// "Demystifying NCCL" (arXiv 2507.04786) for protocols, rings and trees; NCCL, src/graph/tuning.cc, for the
// relative speeds; the numbers in collective_time.cpp are fits to curves of five kinds of NVLink at once.
CollectivePrice collective_price(const Machine& machine, const Network& network, const Group& group,
                                 const Collective& collective);

// The collective whose bytes take as long without the price's speed.
Collective at_full_speed(const Collective& collective, const CollectivePrice& price);

// How many times fewer bytes an all-reduce of the group sends where the switch reduces (NVLS); 1 where it
// does not.
double in_switch_gain(const Machine& machine, const Group& group, CollectiveKind kind);

// The whole of it at nominal bandwidth.
double collective_ns(const Machine& machine, const Network& network, const Group& group,
                     const Collective& collective);

// Of an NPU's processors, those that copy for a collective: 20 of an H800's 132 (DeepSeek-V3 technical
// report, arXiv 2412.19437, section 3.2.2); none where hardware moves the data.
double copying_share(const Machine& machine);

}  // namespace bandwright
