#include "plan/hardware/cut_bound.h"

#include <algorithm>
#include <cmath>

namespace bandwright {

LeastTime least_time(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes) {
  const auto n = static_cast<std::size_t>(region.dimensions);
  LeastTime least{constant_ns, region.most};
  std::array<double, max_free_dimensions> root{};  // sqrt(price l)
  double left = region.total;
  double sum = 0.0;
  unsigned open = 0;
  for (std::size_t d = 0; d < n; ++d) {
    root[d] = std::sqrt(region.price[d] * bytes[d]);
    sum += root[d];
    if (bytes[d] > 0.0) open |= 1U << d;
  }
  // Those that reach their most keep it; what is left goes to the others.
  for (bool changed = open != 0; changed;) {
    changed = false;
    for (std::size_t d = 0; d < n; ++d) {
      if ((open >> d & 1U) == 0) continue;
      least.gb_per_s[d] = left * root[d] / (sum * region.price[d]);
      if (least.gb_per_s[d] <= region.most[d]) continue;
      least.gb_per_s[d] = region.most[d];
      left -= region.most[d] * region.price[d];
      sum -= root[d];
      open &= ~(1U << d);
      changed = open != 0;
      break;
    }
  }
  for (std::size_t d = 0; d < n; ++d) {
    if (bytes[d] > 0.0) least.ns += bytes[d] / least.gb_per_s[d];
  }
  // What nothing loads gets a little, so that it can be asked there within what there is.
  constexpr double little = 0.02;
  double spent = 0.0;
  for (std::size_t d = 0; d < n; ++d) {
    if (bytes[d] <= 0.0)
      least.gb_per_s[d] = std::min(region.most[d], little * region.total / region.price[d]);
    spent += region.price[d] * least.gb_per_s[d];
  }
  if (spent > region.total) {
    for (std::size_t d = 0; d < n; ++d) least.gb_per_s[d] *= region.total / spent;
  }
  return least;
}

double CutBound::value(const Cut& cut, const FreeBandwidths& at) const {
  double ns = cut.constant_ns;
  for (std::size_t d = 0; d < static_cast<std::size_t>(region_.dimensions); ++d) {
    if (cut.bytes[d] > 0.0) ns += cut.bytes[d] / at[d];
  }
  return ns;
}

LeastTime CutBound::least() const {
  double constant = 0.0;
  FreeBandwidths bytes{};
  for (const Cut& cut : cuts()) {
    if (cut.weight <= 0.0) continue;
    constant += cut.weight * cut.constant_ns;
    for (std::size_t d = 0; d < bytes.size(); ++d) bytes[d] += cut.weight * cut.bytes[d];
  }
  return least_time(region_, constant, bytes);
}

// As much weight as helps: the slope between two cuts falls as weight is moved.
void CutBound::move(std::size_t from, std::size_t to) {
  const double both = cuts_[from].weight + cuts_[to].weight;
  double low = cuts_[to].weight;
  double high = both;
  const auto slope = [&](double weight) {
    cuts_[to].weight = weight;
    cuts_[from].weight = both - weight;
    const LeastTime here = least();
    return value(cuts_[to], here.gb_per_s) - value(cuts_[from], here.gb_per_s);
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
    std::size_t highest = 0;
    std::size_t lowest = most_cuts;
    std::array<double, most_cuts> values{};
    for (std::size_t k = 0; k < count_; ++k) {
      values[k] = value(cuts_[k], least_.gb_per_s);
      if (values[k] > values[highest]) highest = k;
      if (cuts_[k].weight > 0.0 && (lowest == most_cuts || values[k] < values[lowest])) lowest = k;
    }
    if (lowest == highest || values[highest] - values[lowest] <= 1e-11 * least_.ns) return;
    const std::array<double, 2> before = {cuts_[lowest].weight, cuts_[highest].weight};
    const double had = least_.ns;
    move(lowest, highest);
    const LeastTime moved = least();
    if (moved.ns < had) {  // rounding
      cuts_[lowest].weight = before[0];
      cuts_[highest].weight = before[1];
      return;
    }
    least_ = moved;
  }
}

}  // namespace bandwright
