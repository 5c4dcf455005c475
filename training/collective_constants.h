#pragma once

// The numbers of training/collective_time.h's formulas, which training/collective_curve.h shares.
namespace bandwright {

constexpr double overlap_power = 1.5;       // of the steps' and the bytes' time in a large message
constexpr double own_speed = 1.6;           // of passing on what does not cross a link, in links' speed
constexpr double low_latency_steps = 0.1;   // time of a step without fences (NCCL: 1.9 us against 3.4 and up)
constexpr double copying_gb_per_s = 680.0;  // of the copying kernels of an all-to-all
constexpr double all_to_all_speed = 0.85;   // of its many partners at a time, in a ring's
constexpr double chunk_ramp = 0.4;
// Of the nominal bandwidth between machines when one NPU sends to one other: 24 GB/s of an adapter of 25
// (NCCL, issue 687). `efficiency` is that of rings, which also wait for each other.
constexpr double send_speed = 0.96;
constexpr double tree_hop = 5.0;  // in ring steps (NCCL's tuner, network: 50 us against 9.6 us)
// Bytes per other NPU of the group above which the protocol for small messages is left.
constexpr double low_latency_bytes = 2.5e6;
// Of an NPU's processors, those that copy (collective_time.h, copying_share).
constexpr double copying_processors = 20.0 / 132.0;

}  // namespace bandwright
