#include "plan/hardware/search/leaders.h"

#include <algorithm>

namespace bandwright {

Leaders::Leaders(std::size_t divisions) : reached_(divisions) {
  for (std::atomic<double>& each : reached_) each = unreached;
}

void Leaders::want(std::size_t divisions) {
  wanted_ = divisions;
  best_.clear();
  last_ = unreached;
  for (std::uint32_t c = 0; c < reached_.size(); ++c) {
    if (reached_[c].load() < last_.load()) lead(reached_[c].load(), c);
  }
}

void Leaders::reach(std::uint32_t division, double value) {
  double before = reached_[division].load();
  while (value < before && !reached_[division].compare_exchange_weak(before, value)) {
  }
  if (value >= last_.load()) return;
  const std::scoped_lock lock(mutex_);
  lead(value, division);
}

// Divisions that may tie count once: so many different values are wanted, and one more or less of those that
// are nearly the same costs work only.
void Leaders::lead(double value, std::uint32_t division) {
  constexpr double alike = 1.0 + 1e-6;
  const auto own =
      std::find_if(best_.begin(), best_.end(), [&](const auto& leader) { return leader.second == division; });
  if (own != best_.end()) {
    if (own->first <= value) return;
    best_.erase(own);
  }
  const std::pair<double, std::uint32_t> one(value, division);
  best_.insert(std::upper_bound(best_.begin(), best_.end(), one), one);
  std::size_t different = 0;
  double last = -1.0;
  for (std::size_t i = 0; i < best_.size(); ++i) {
    if (best_[i].first <= last * alike) continue;
    last = best_[i].first;
    if (different++ < wanted_) continue;
    best_.resize(i);
    break;
  }
  if (different >= wanted_) last_ = best_.back().first;
}

}  // namespace bandwright
