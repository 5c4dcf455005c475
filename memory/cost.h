#pragma once
#include <span>
#include <vector>

#include "core/units.h"
#include "memory/tiers.h"

namespace bandwright {

// A memory system that holds `total` bytes, `fast` of them (at most all) in the fast tier, at the tiers'
// prices. With slow memory 2.1 times cheaper and R bytes of it per fast byte that is (R / 2.1 + 1) / (R + 1)
// of all-fast.
Money memory_cost(const TierPair& tiers, Bytes fast, Bytes total);

struct Offer {
  double cost = 0.0;
  double time = 0.0;
};
// For each offer, whether no other is at least as good in both and better in one.
std::vector<bool> pareto_front(std::span<const Offer> offers);

}  // namespace bandwright
