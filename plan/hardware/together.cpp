#include "plan/hardware/together.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace bandwright {
namespace {

constexpr double no_way = std::numeric_limits<double>::infinity();

// (constant + bytes / at) (start + usd at); of no bandwidth what it falls to.
double product_at(double at, double constant_ns, double bytes, double start, double usd) {
  if (bytes <= 0.0) return constant_ns * (start + usd * at);
  if (at > 0.0) return (constant_ns + bytes / at) * (start + usd * at);
  return start > 0.0 ? no_way : bytes * usd;
}

}  // namespace

double Together::least_usd(double gb_per_s) const {
  double usd = 0.0;
  for (const Tier& tier : tiers) {
    const double bought = std::min(tier.gb_per_s, gb_per_s);
    if (bought <= 0.0) break;
    usd += bought * tier.usd;
    gb_per_s -= bought;
  }
  return usd;
}

Together all_together(const HardwareSpace& space) {
  Together together{.most_gb_per_s = most_together(space)};
  for (std::size_t c = 0; c < space.hardware.classes.size(); ++c) {
    const HardwareClass& each = space.hardware.classes[c];
    together.classes.push_back(each.links);
    if (!each.links.software.copies) together.copying = 0.0;
    if (space.unit_usd.empty()) continue;
    const double usd = *std::min_element(space.unit_usd[c].begin(), space.unit_usd[c].end());
    if (std::isfinite(usd)) together.tiers.push_back({usd, each.most_gb_per_s});
  }
  std::stable_sort(together.tiers.begin(), together.tiers.end(),
                   [](const Together::Tier& a, const Together::Tier& b) { return a.usd < b.usd; });
  return together;
}

LeastTogether least_together(const FreeGoal& goal, const Together& together, double constant_ns,
                             double bytes) {
  const double most = together.most_gb_per_s;
  const double shortest = constant_ns + bytes / most;
  if (goal.objective == PlanObjective::StepTime) return {shortest, most};
  if (shortest > goal.longest_ns) return {no_way, most};
  const double enough = std::isinf(goal.longest_ns)
                            ? 0.0
                            : std::min(most, bytes / std::max(goal.longest_ns - constant_ns, 1e-300));
  if (goal.objective == PlanObjective::NetworkCost) return {together.least_usd(enough), enough};
  if (goal.spends_all()) return {goal.value(shortest, together.least_usd(most)), most};
  // Of each tier, where what was bought before is part of what is fixed: c fixed + l q + c q B + l fixed / B.
  LeastTogether least{no_way, most};
  double fixed = goal.fixed_usd;
  double from = 0.0;
  for (const Together::Tier& tier : together.tiers) {
    const double to = std::min(most, from + tier.gb_per_s);
    if (to <= from) break;
    const double start = fixed - tier.usd * from;
    double at = start > 0.0 && constant_ns > 0.0 && tier.usd > 0.0
                    ? std::sqrt(bytes * start / (constant_ns * tier.usd))
                    : (start > 0.0 ? to : from);
    at = std::clamp(at, std::max(from, std::min(to, enough)), to);
    const double value = product_at(at, constant_ns, bytes, start, tier.usd);
    if (to >= enough && value < least.value) least = {value, at};
    fixed += tier.usd * (to - from);
    from = to;
  }
  return least;
}

BoundWhatever bound_whatever(const FreeGoal& goal, const Together& together,
                             const std::function<PathTime(std::span<const double>)>& time) {
  constexpr int most = 3;
  constexpr double near = 0.02;
  BoundWhatever bound;
  double at = together.most_gb_per_s;
  for (int k = 0; k < most; ++k) {
    FreeBandwidths each;
    each.fill(at);
    const PathTime path = time(each);
    bound.path = {path.constant_ns(each), path.bytes};
    const double bytes = std::accumulate(path.bytes.begin(), path.bytes.end(), 0.0);
    const LeastTogether least = least_together(goal, together, bound.path.constant_ns, bytes);
    bound.value = std::max(bound.value, least.value);
    if (std::abs(least.gb_per_s - at) <= near * at || least.gb_per_s <= 0.0 || std::isinf(least.value)) break;
    at = least.gb_per_s;
  }
  return bound;
}

Network flat_network(std::int64_t npus) {
  Network flat;
  flat.dimensions.push_back({&dimension_kind("Switch"), static_cast<int>(npus), "Pod"});
  return flat;
}

}  // namespace bandwright
