#include "plan/hardware/cut_bound.h"

#include <algorithm>
#include <cmath>

namespace bandwright {

double CutBound::height(const Cut& cut, const FreeBandwidths& at) const {
  double ns = cut.constant_ns;
  for (std::size_t d = 0; d < static_cast<std::size_t>(region_.dimensions); ++d) {
    if (cut.bytes[d] > 0.0) ns += cut.bytes[d] / at[d];
  }
  return ns;
}

LeastValue CutBound::least() const {
  double constant = 0.0;
  FreeBandwidths bytes{};
  for (const Cut& cut : cuts()) {
    if (cut.weight <= 0.0) continue;
    constant += cut.weight * cut.constant_ns;
    for (std::size_t d = 0; d < bytes.size(); ++d) bytes[d] += cut.weight * cut.bytes[d];
  }
  return least_value(region_, constant, bytes);
}

// As much weight as helps: the slope between two cuts falls as weight is moved.
void CutBound::move(std::size_t from, std::size_t to) {
  const double both = cuts_[from].weight + cuts_[to].weight;
  double low = cuts_[to].weight;
  double high = both;
  const auto slope = [&](double weight) {
    cuts_[to].weight = weight;
    cuts_[from].weight = both - weight;
    const LeastValue here = least();
    return height(cuts_[to], here.gb_per_s) - height(cuts_[from], here.gb_per_s);
  };
  if (slope(high) >= 0.0) return;
  double at_low = slope(low);
  double at_high = slope(high);
  for (int step = 0; step < 24 && high - low > 1e-12; ++step) {
    // The secant where it is inside, and a half every third time.
    double middle = step % 3 == 2 ? 0.5 * (low + high) : low + (high - low) * at_low / (at_low - at_high);
    middle = std::clamp(middle, low, high);
    const double here = slope(middle);
    if (std::abs(here) <= 1e-13 * least_.ns) return;
    if (here > 0.0) {
      low = middle;
      at_low = here;
    } else {
      high = middle;
      at_high = here;
    }
  }
  static_cast<void>(slope(low));
}

void CutBound::add(const PathTime& time, const FreeBandwidths& at) {
  if (count_ == most_cuts) return;
  Cut& cut = cuts_[count_++];
  cut = {.asked = at, .constant_ns = time.ns};
  for (std::size_t d = 0; d < static_cast<std::size_t>(region_.dimensions); ++d) {
    cut.bytes[d] = time.bytes[d];
    if (time.bytes[d] > 0.0) cut.constant_ns -= time.bytes[d] / at[d];
  }
  cut.constant_ns = std::max(0.0, cut.constant_ns);
  if (count_ == 1) {
    cut.weight = 1.0;
    least_ = least();
    return;
  }
  improve();
}

// The cuts that have weight, which are enough.
void CutBound::adopt(const CutBound& below) {
  for (const Cut& cut : below.cuts()) {
    if (cut.weight > 0.0) cuts_[count_++] = cut;
  }
  if (count_ > 0) improve();
}

void CutBound::improve() {
  least_ = least();
  constexpr int most_moves = 12;
  for (int moves = 0; moves < most_moves; ++moves) {
    least_ = least();
    if (std::isinf(least_.value)) return;
    std::size_t highest = 0;
    std::size_t lowest = most_cuts;
    std::array<double, most_cuts> values{};
    for (std::size_t k = 0; k < count_; ++k) {
      values[k] = height(cuts_[k], least_.gb_per_s);
      if (values[k] > values[highest]) highest = k;
      if (cuts_[k].weight > 0.0 && (lowest == most_cuts || values[k] < values[lowest])) lowest = k;
    }
    if (lowest == highest || values[highest] - values[lowest] <= 1e-11 * values[highest]) return;
    const std::array<double, 2> before = {cuts_[lowest].weight, cuts_[highest].weight};
    const double had = least_.value;
    move(lowest, highest);
    const LeastValue moved = least();
    if (moved.value < had) {  // rounding
      cuts_[lowest].weight = before[0];
      cuts_[highest].weight = before[1];
      return;
    }
    least_ = moved;
  }
}

}  // namespace bandwright
