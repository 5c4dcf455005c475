#pragma once
#include "memory/placement.h"

namespace bandwright {

// What the first-touch rule of a NUMA machine does with one tensor after another: when a kernel writes a
// tensor, it gets a block of fast memory if the best-fit allocator has one, else it lives in slow memory. A
// block is free again after the kernel that uses it last. A kept tensor has room at both ends of the step or
// lives in slow memory.
PlacementSummary first_touch(const PlacementProblem& problem, const PlacementOptions& options);

}  // namespace bandwright
