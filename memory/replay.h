#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "memory/graph.h"
#include "memory/programs/schedule.h"
#include "memory/tiers.h"

namespace bandwright {

// Something that took time: a kernel, or a copy of a tensor.
struct Span {
  int kernel = 0;
  int tensor = -1;  // -1: the kernel itself
  Move move = Move::Fetch;
  bool overlapped = false;
  Time start;
  Time end;
  std::uint32_t slow = 0;  // kernels: the arguments in slow memory
};

struct Replay {
  Time total;
  Time kernels;        // the kernels' own time
  Time copy_stall;     // the processor waits for copies before or after a kernel
  Time overlap_stall;  // a kernel has ended and the copies beside it have not
  Bytes to_fast;
  Bytes to_slow;
  Bytes peak_fast;  // whole pages
  Bytes peak_slow;
  double fast_share = 0.0;  // of the bytes kernels read and write
  std::vector<Span> spans;  // by start
  std::string fault;  // the first rule broken: capacity, or a tensor that is not where it is needed or left
};

// Plays a schedule event by event, in picoseconds, on one processor and one copy engine:
//
//   fetches, one by one | kernel          | write-backs, one by one | drops, tensors no longer used
//                       | copies beside it, one by one
//
// It follows every byte and knows nothing of programs, windows or objectives: the time it returns is the
// check of the time a policy promised. Every change of fast memory is checked against `limit`, and that the
// step leaves kept tensors where it found them.
Replay replay(const TrainingGraph& graph, const TierPair& tiers, const Schedule& schedule, Bytes limit);

}  // namespace bandwright
