#include "plan/hardware/free_region.h"

#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

constexpr double no_value = std::numeric_limits<double>::infinity();

std::size_t size_of(const FreeRegion& region) { return static_cast<std::size_t>(region.dimensions); }

double time_at(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes,
               const FreeBandwidths& at) {
  double ns = constant_ns;
  for (std::size_t d = 0; d < size_of(region); ++d) {
    if (bytes[d] > 0.0) ns += bytes[d] / at[d];
  }
  return ns;
}

// What nothing loads gets a little, so that it can be asked there within what there is.
void give_a_little(const FreeRegion& region, const FreeBandwidths& bytes, FreeBandwidths& at) {
  constexpr double little = 0.02;
  double spent = 0.0;
  for (std::size_t d = 0; d < size_of(region); ++d) {
    const double some = std::min(region.most[d], little * region.total / region.price[d]);
    if (bytes[d] <= 0.0) at[d] = region.goal.spends_all() ? std::max(at[d], some) : some;
    spent += region.price[d] * at[d];
  }
  if (spent <= region.total) return;
  for (std::size_t d = 0; d < size_of(region); ++d) at[d] *= region.total / spent;
}

// The least cost with which a step takes no longer than the longest.
LeastValue least_cost(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes) {
  LeastValue least{no_value, region.goal.longest_ns, region.most};
  double left = region.goal.longest_ns - constant_ns;
  double sum = 0.0;  // of sqrt(l usd), of those that are not at their most
  unsigned open = 0;
  for (std::size_t d = 0; d < size_of(region); ++d) {
    if (bytes[d] <= 0.0) {
      least.gb_per_s[d] = 0.0;
    } else if (region.usd[d] <= 0.0) {
      left -= bytes[d] / region.most[d];
    } else {
      sum += std::sqrt(bytes[d] * region.usd[d]);
      open |= 1U << d;
    }
  }
  for (bool changed = true; changed && open != 0;) {
    if (left <= 0.0) return least;
    changed = false;
    for (std::size_t d = 0; d < size_of(region) && !changed; ++d) {
      if ((open >> d & 1U) == 0) continue;
      least.gb_per_s[d] = std::sqrt(bytes[d] / region.usd[d]) * sum / left;
      if (least.gb_per_s[d] <= region.most[d]) continue;
      least.gb_per_s[d] = region.most[d];
      left -= bytes[d] / region.most[d];
      sum -= std::sqrt(bytes[d] * region.usd[d]);
      open &= ~(1U << d);
      changed = true;
    }
  }
  if (left < 0.0) return least;
  least.value = region.cost(least.gb_per_s);
  if (region.dollars && least.value > region.total * (1.0 + 1e-12)) least.value = no_value;
  least.ns = time_at(region, constant_ns, bytes, least.gb_per_s);
  give_a_little(region, bytes, least.gb_per_s);
  return least;
}

// The product of time and cost, under a multiplier of the budget that is `per_usd` of the one between time
// and cost.
class ProductBound {
 public:
  ProductBound(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes)
      : region_(region), constant_(constant_ns), bytes_(bytes) {}

  // Whether the budget is not enough for what is best then.
  bool over_budget(double per_usd) {
    per_usd_ = per_usd;
    ratio_ = ratio();
    double spent = 0.0;
    for (std::size_t d = 0; d < size_of(region_); ++d) spent += region_.price[d] * best(d);
    return spent > region_.total;
  }
  [[nodiscard]] double fixed(double per_usd) const {
    return region_.goal.fixed_usd - per_usd * region_.total;
  }

  // Of what was asked last.
  [[nodiscard]] LeastValue least() const {
    double sum = constant_ + ratio_ * fixed(per_usd_);
    LeastValue least;
    for (std::size_t d = 0; d < size_of(region_); ++d) {
      least.gb_per_s[d] = best(d);
      sum += ratio_ * price(d) * least.gb_per_s[d];
      if (bytes_[d] > 0.0) sum += bytes_[d] / least.gb_per_s[d];
    }
    least.value = sum > 0.0 ? sum * sum / (4.0 * ratio_) : 0.0;
    least.ns = time_at(region_, constant_, bytes_, least.gb_per_s);
    return least;
  }

 private:
  [[nodiscard]] double price(std::size_t d) const { return region_.usd[d] + per_usd_ * region_.price[d]; }
  [[nodiscard]] bool at_most(std::size_t d, double ratio) const {
    const double here = price(d);
    if (bytes_[d] <= 0.0) return here < 0.0;
    return here <= 0.0 || ratio * here * region_.most[d] * region_.most[d] < bytes_[d];
  }
  [[nodiscard]] double best(std::size_t d) const {
    if (at_most(d, ratio_)) return region_.most[d];
    return bytes_[d] > 0.0 ? std::sqrt(bytes_[d] / (ratio_ * price(d))) : 0.0;
  }
  // The root of  r fixed = c + sum over those at their most of (l / most - r price most): from below, where
  // it is concave and rises, Newton's method is exact after as many steps as there are dimensions.
  [[nodiscard]] double ratio() const {
    double r = 1e-300;
    for (std::size_t step = 0; step <= 2 * size_of(region_) + 1; ++step) {
      double above = constant_;
      double below = fixed(per_usd_);
      for (std::size_t d = 0; d < size_of(region_); ++d) {
        if (!at_most(d, r)) continue;
        if (bytes_[d] > 0.0) above += bytes_[d] / region_.most[d];
        below += price(d) * region_.most[d];
      }
      const double next = below > 0.0 ? above / below : r;
      if (next <= r) break;
      r = next;
    }
    return std::max(r, 1e-300);
  }

  const FreeRegion& region_;
  double constant_;
  const FreeBandwidths& bytes_;
  double per_usd_ = 0.0;
  double ratio_ = 0.0;
};

LeastValue least_product(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes) {
  ProductBound bound(region, constant_ns, bytes);
  double dearest = 0.0;
  double caps = 0.0;
  for (std::size_t d = 0; d < size_of(region); ++d) {
    dearest = std::max(dearest, region.usd[d] / region.price[d]);
    caps += region.price[d] * region.most[d];
  }
  const bool all = region.goal.spends_all();
  if (all && caps < region.total * (1.0 - 1e-12)) return {no_value, no_value, region.most};
  if (!all && !bound.over_budget(0.0)) {
    LeastValue least = bound.least();
    give_a_little(region, bytes, least.gb_per_s);
    return least;
  }
  if (!all && region.dollars) {  // as much as there is
    LeastValue least = least_time(region, constant_ns, bytes);
    least.value = least.ns * (region.goal.fixed_usd + region.cost(least.gb_per_s));
    return least;
  }
  double low = all ? -dearest : 0.0;
  double high = region.goal.fixed_usd / region.total;
  for (int k = 0; k < 60 && high - low > 1e-11 * std::max(std::abs(low), std::abs(high)); ++k) {
    const double middle = 0.5 * (low + high);
    (bound.over_budget(middle) ? low : high) = middle;
  }
  static_cast<void>(bound.over_budget(high));
  LeastValue least = bound.least();
  give_a_little(region, bytes, least.gb_per_s);
  if (!all) return least;
  // To the last GB/s, in proportion, within caps.
  for (int k = 0; k < max_free_dimensions; ++k) {
    double spent = 0.0;
    double open = 0.0;
    for (std::size_t d = 0; d < size_of(region); ++d) {
      spent += region.price[d] * least.gb_per_s[d];
      if (least.gb_per_s[d] < region.most[d]) open += region.price[d] * least.gb_per_s[d];
    }
    if (open <= 0.0) break;
    const double times = std::max(0.0, 1.0 + (region.total - spent) / open);
    for (std::size_t d = 0; d < size_of(region); ++d) {
      if (least.gb_per_s[d] < region.most[d])
        least.gb_per_s[d] = std::min(region.most[d], least.gb_per_s[d] * times);
    }
  }
  return least;
}

}  // namespace

double FreeGoal::value(double ns, double usd) const {
  switch (objective) {
    case PlanObjective::StepTime:
      return ns;
    case PlanObjective::NetworkCost:
      return ns <= longest_ns * (1.0 + 1e-11) ? usd : no_value;
    default:
      return ns <= longest_ns * (1.0 + 1e-11) ? ns * (fixed_usd + usd) : no_value;
  }
}

double FreeRegion::cost(const FreeBandwidths& gb_per_s) const {
  double all = 0.0;
  for (std::size_t d = 0; d < size_of(*this); ++d) all += usd[d] * gb_per_s[d];
  return all;
}

LeastValue least_time(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes) {
  LeastValue least{constant_ns, constant_ns, region.most};
  std::array<double, max_free_dimensions> root{};  // sqrt(price l)
  double left = region.total;
  double sum = 0.0;
  unsigned open = 0;
  for (std::size_t d = 0; d < size_of(region); ++d) {
    root[d] = std::sqrt(region.price[d] * bytes[d]);
    sum += root[d];
    if (bytes[d] > 0.0) open |= 1U << d;
  }
  // Those that reach their most keep it; what is left goes to the others.
  for (bool changed = open != 0; changed;) {
    changed = false;
    for (std::size_t d = 0; d < size_of(region); ++d) {
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
  least.value = least.ns = time_at(region, constant_ns, bytes, least.gb_per_s);
  for (std::size_t d = 0; d < size_of(region); ++d) {
    if (bytes[d] <= 0.0) least.gb_per_s[d] = 0.0;
  }
  give_a_little(region, bytes, least.gb_per_s);
  return least;
}

LeastValue least_value(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes) {
  const FreeGoal& goal = region.goal;
  if (goal.objective == PlanObjective::StepTime) return least_time(region, constant_ns, bytes);
  if (goal.objective == PlanObjective::NetworkCost) return least_cost(region, constant_ns, bytes);
  const LeastValue product = least_product(region, constant_ns, bytes);
  if (product.ns <= goal.longest_ns) return product;
  LeastValue least = least_cost(region, constant_ns, bytes);
  least.value = goal.longest_ns * (goal.fixed_usd + least.value);
  return least;
}

FreeBandwidths evenly(const FreeRegion& region) {
  FreeBandwidths even{};
  even.fill(1.0);
  return least_time(region, 0.0, even).gb_per_s;
}

}  // namespace bandwright
