#pragma once
#include <array>
#include <limits>

#include "plan/merit.h"
#include "training/collective_curve.h"

namespace bandwright {

using FreeBandwidths = std::array<double, max_free_dimensions>;

// What is minimized where a network is bought, of the time T of a step and the cost C of the network:
//
//   StepTime       T
//   CostPerToken   T (fixed_usd + C)    what NPUs cost, and the network, in the years that it is used
//   PerfPerCost    T C                  where the budget is spent to the last GB/s
//   NetworkCost    C
//
// with T at most longest_ns. T is convex in bandwidth, C a sum over dimensions; in logarithms of bandwidth
// products of the two are convex as well, so that weighted cuts close every one of these.
struct FreeGoal {
  PlanObjective objective = PlanObjective::StepTime;
  double fixed_usd = 0.0;
  double longest_ns = std::numeric_limits<double>::infinity();

  // Infinite beyond the longest step, but for StepTime, of which it is an ordinary limit.
  [[nodiscard]] double value(double ns, double usd) const;
  // To which an optimum is certified: cost is no better known than the time it buys, most of which it does
  // not.
  [[nodiscard]] double gap() const {
    const bool limited =
        objective != PlanObjective::StepTime && longest_ns < std::numeric_limits<double>::infinity();
    return limited ? 1e-6 : 1e-9;
  }
  [[nodiscard]] bool spends_all() const { return objective == PlanObjective::PerfPerCost; }
};

// The bandwidths that may be bought: sum of price_d b_d <= total (= total, where the goal spends all), b_d <=
// most_d.
struct FreeRegion {
  int dimensions = 0;
  FreeBandwidths price{};  // 1 under a budget in GB/s
  double total = 0.0;
  FreeBandwidths most{};
  FreeBandwidths usd{};  // of a GB/s, where the goal asks
  bool dollars = false;  // the budget's prices are those
  FreeGoal goal = {};

  [[nodiscard]] double cost(const FreeBandwidths& gb_per_s) const;
  // What a step that takes so long with these bandwidths is worth.
  [[nodiscard]] double value(double ns, const FreeBandwidths& gb_per_s) const {
    return goal.value(ns, cost(gb_per_s));
  }
};

// A lower bound of the goal over a region where T >= c + sum of l_d / b_d, and where it is met, if T is that.
// Infinite where no bandwidths of the region are fast enough.
//
//   StepTime     b_d = min(most_d, t sqrt(l_d / price_d)), with the t that spends all there is
//   NetworkCost  b_d = min(most_d, t sqrt(l_d / usd_d)), with the t that takes the longest step
//   a product    x y = least over r of (x + r y)^2 / 4r, x the time and y the cost; and for any multiplier nu
//   of
//                the budget, of r and what is left of it (nu >= 0, where it need not be spent)
//
//                  x + r y >= c + r fixed - r nu total + sum over d of  least of l_d / b + r (usd_d + nu
//                  price_d) b
//
//                with the r that makes the least of that, the root of a piecewise linear function, and the nu
//                that makes the most of it, by halves: whatever nu is, it is a bound.
struct LeastValue {
  double value = 0.0;
  double ns = 0.0;  // of T, there
  FreeBandwidths gb_per_s{};
};
LeastValue least_value(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes);

// That of StepTime, whatever the goal.
LeastValue least_time(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes);

// Of all that may be bought, as many GB/s of each dimension, within caps.
FreeBandwidths evenly(const FreeRegion& region);

}  // namespace bandwright
