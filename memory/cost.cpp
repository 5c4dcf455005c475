#include "memory/cost.h"

#include <algorithm>

namespace bandwright {

Money memory_cost(const TierPair& tiers, Bytes fast, Bytes total) {
  const double fast_gb = to_double(std::min(fast, total)) * 1e-9;
  const double slow_gb = to_double(total) * 1e-9 - fast_gb;
  return dollars(fast_gb * tiers.fast.dollars_per_gb + slow_gb * tiers.slow.dollars_per_gb);
}

std::vector<bool> pareto_front(std::span<const Offer> offers) {
  std::vector<bool> front;
  for (const Offer& offer : offers) {
    front.push_back(std::none_of(offers.begin(), offers.end(), [&](const Offer& other) {
      const bool no_worse = other.cost <= offer.cost && other.time <= offer.time;
      return no_worse && (other.cost < offer.cost || other.time < offer.time);
    }));
  }
  return front;
}

}  // namespace bandwright
