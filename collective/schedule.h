#pragma once
#include <map>
#include <vector>

#include "collective/algorithm.h"
#include "collective/chunk_scheduler.h"

namespace bandwright {

// What one chunk does on one dimension of a group, before it moves on to the next phase.
struct Phase {
  CollectiveKind kind = CollectiveKind::AllReduce;  // how the dimension's line runs it
  std::uint32_t part = 0;                           // index into the group's dimensions
  Time duration;                                    // of a line whose NPUs start together
  double bytes = 0.0;                               // an NPU sends, on average
  Program program;
};

// The phases of one chunk, in order.
using ChunkPlan = std::vector<Phase>;

// A collective cut into chunks: chunk i follows plans[plan_of_chunk[i]].
struct CollectivePlan {
  std::vector<ChunkPlan> plans;
  std::vector<std::uint32_t> plan_of_chunk;
};

// Plans a collective over a group. Hierarchical, over dimensions d1 .. dk of n1 .. nk NPUs in a chunk's
// order:
//
//   all-reduce       reduce-scatter d1 .. d(k-1), all-reduce dk, all-gather d(k-1) .. d1
//   reduce-scatter, all-to-all, reduce, point-to-point    d1 .. dk
//   all-gather, broadcast                                 dk .. d1
//
// and plain: the same kind with all the data on d1 .. dk. The data is 1/n of itself after a reduce-scatter
// and n times itself after an all-gather. Source: semantics of ASTRA-sim 1.0's "localBWAware" and "baseline".
// `bandwidth` is per NPU and network dimension, in the system's unit. Throws InputError for a size of 0,
// an algorithm that does not serve a dimension, or times beyond the clock.
CollectivePlan plan_collective(const Collective& collective, const Group& group, const Network& network,
                               const System& system, std::span<const double> bandwidth);

}  // namespace bandwright
