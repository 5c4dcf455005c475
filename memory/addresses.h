#pragma once
#include <vector>

#include "memory/graph.h"
#include "memory/programs/schedule.h"

namespace bandwright {

// A stay in fast memory at an address.
struct Placed {
  Residency stay;
  Bytes offset;
};

struct AddressPlan {
  std::vector<Placed> blocks;
  Bytes high_water;  // one past the last byte used
};

// Offsets such that stays that meet in time never share a byte. Largest first, each at the lowest offset free
// for its whole stay (greedy by size: Pisarchyk and Lee, arXiv:2001.03288); while that ends above `limit`,
// again with what overflowed first. A plan can end above the peak of bytes in use: fragmentation.
AddressPlan assign_addresses(const TrainingGraph& graph, const Schedule& schedule, Bytes limit);

}  // namespace bandwright
