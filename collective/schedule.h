#pragma once
#include <functional>
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

// How long a phase takes on a line of a group's part. Whoever plans several collectives need not work it out
// for each, or not at all.
using PhaseTimer = std::function<Time(const GroupDimension& part, const Wire& wire, const Program& program)>;

// Plans a collective over a group: the phases of collective/phases.h in each chunk's order, by the algorithms
// in use. The data is 1/n of itself after a reduce-scatter and n times itself after an all-gather.
// `bandwidth` is per NPU and network dimension, in the library's unit. Throws InputError for a size of 0, or
// times beyond the clock.
CollectivePlan plan_collective(const Collective& collective, const Group& group, const Network& network,
                               const Library& library, std::span<const double> bandwidth,
                               const PhaseTimer& time_of = {});  // none: program_time

}  // namespace bandwright
