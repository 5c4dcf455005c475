#pragma once
#include "memory/placement.h"

namespace bandwright {

// Fast memory as a hardware-managed cache in front of slow memory, idealised: direct mapped, lines of 64 kB,
// write-allocate and write-back, a step repeated until it is steady (the second of two). Tensors lie in slow
// memory where a best-fit allocator puts them. A kernel takes its time in fast memory, plus the lines it
// misses at copies.to_fast and the dirty lines they evict at copies.to_slow; a line written as a whole is not
// fetched. Real caches of this kind add tag traffic and conflicts inside a kernel: expect them to be slower.
PlacementSummary cache_model(const PlacementProblem& problem, const PlacementOptions& options);

}  // namespace bandwright
