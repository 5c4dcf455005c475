#pragma once
#include <vector>

#include "core/units.h"

namespace bandwright {

// Spans that overlap in time on one track cannot be drawn: each goes to the first lane that is free. REQUIRES
// spans in the order of their starts.
class Lanes {
 public:
  int lane_of(Time start, Time end) {
    std::size_t lane = 0;
    while (lane < free_at_.size() && free_at_[lane] > start) ++lane;
    if (lane == free_at_.size()) free_at_.emplace_back();
    free_at_[lane] = end;
    return static_cast<int>(lane);
  }
  [[nodiscard]] int count() const { return static_cast<int>(free_at_.size()); }

 private:
  std::vector<Time> free_at_;
};

}  // namespace bandwright
