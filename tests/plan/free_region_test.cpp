// The least of what is minimized over the bandwidths that may be bought, against random bandwidths, and
// against what it says of its own.
#include "plan/hardware/free_region.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "plan/hardware/cut_bound.h"

namespace bandwright {
namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  double between(double low, double high) {
    return std::exp(std::uniform_real_distribution<double>(std::log(low), std::log(high))(engine_));
  }
  int upto(int n) { return std::uniform_int_distribution<int>(1, n)(engine_); }

 private:
  std::mt19937 engine_;
};

FreeRegion random_region(PlanObjective objective, Random& random) {
  FreeRegion region{.dimensions = random.upto(4)};
  region.dollars = objective == PlanObjective::NetworkCost ||
                   (objective != PlanObjective::PerfPerCost && random.upto(2) == 1);
  region.goal.objective = objective;
  if (objective == PlanObjective::CostPerToken) region.goal.fixed_usd = random.between(1e2, 1e6);
  for (int d = 0; d < region.dimensions; ++d) {
    const auto i = static_cast<std::size_t>(d);
    region.usd[i] = random.between(10.0, 1e3);
    region.price[i] = region.dollars ? region.usd[i] : 1.0;
    region.most[i] = random.between(50.0, 5e3);
  }
  region.total = region.dollars ? random.between(1e3, 1e6) : random.between(20.0, 2e3);
  return region;
}

// Spends all of the budget, or some, within caps; nothing where caps leave some and all is to be spent.
bool random_bandwidths(const FreeRegion& region, Random& random, FreeBandwidths& at) {
  double sum = 0.0;
  const auto n = static_cast<std::size_t>(region.dimensions);
  for (std::size_t d = 0; d < n; ++d) {
    at[d] = random.between(1e-3, 1.0) / region.price[d];
    sum += region.price[d] * at[d];
  }
  const double share = region.goal.spends_all() ? 1.0 : random.between(1e-2, 1.0);
  for (std::size_t d = 0; d < n; ++d) at[d] *= share * region.total / sum;
  for (std::size_t d = 0; d < n; ++d) {
    if (at[d] > region.most[d]) {
      if (region.goal.spends_all()) return false;
      at[d] = region.most[d];
    }
  }
  return true;
}

double time_of(const FreeRegion& region, double constant, const FreeBandwidths& bytes,
               const FreeBandwidths& at) {
  double ns = constant;
  for (std::size_t d = 0; d < static_cast<std::size_t>(region.dimensions); ++d) ns += bytes[d] / at[d];
  return ns;
}

constexpr std::array goals = {PlanObjective::StepTime, PlanObjective::CostPerToken,
                              PlanObjective::PerfPerCost, PlanObjective::NetworkCost};

TEST(FreeRegion, LeastIsBelowEverythingAndMetWhereItSays) {
  Random random(3);
  int met = 0;
  for (int i = 0; i < 4000; ++i) {
    FreeRegion region = random_region(goals[static_cast<std::size_t>(i) % goals.size()], random);
    const double constant = random.between(1.0, 1e3);
    FreeBandwidths bytes{};
    for (int d = 0; d < region.dimensions; ++d) bytes[static_cast<std::size_t>(d)] = random.between(1.0, 1e5);
    const FreeGoal& goal = region.goal;
    const bool limited =
        goal.objective == PlanObjective::NetworkCost ||
        (goal.objective == PlanObjective::CostPerToken && region.dollars && random.upto(2) == 1);
    if (limited) region.goal.longest_ns = constant * random.between(1.0, 10.0);
    const LeastValue least = least_value(region, constant, bytes);
    for (int k = 0; k < 100; ++k) {
      FreeBandwidths at{};
      if (!random_bandwidths(region, random, at)) continue;
      EXPECT_LE(least.value * (1.0 - 1e-12), region.value(time_of(region, constant, bytes, at), at))
          << i << " " << plan_objective_name(goal.objective);
    }
    if (std::isinf(least.value)) continue;
    ++met;
    const double ns = std::min(time_of(region, constant, bytes, least.gb_per_s), region.goal.longest_ns);
    EXPECT_NEAR(region.value(ns, least.gb_per_s) / least.value, 1.0, 1e-8)
        << i << " " << plan_objective_name(goal.objective) << " " << region.dimensions;
    double spent = 0.0;
    for (int d = 0; d < region.dimensions; ++d) {
      const auto k = static_cast<std::size_t>(d);
      spent += region.price[k] * least.gb_per_s[k];
      EXPECT_LE(least.gb_per_s[k], region.most[k] * (1.0 + 1e-12));
    }
    EXPECT_LE(spent, region.total * (1.0 + 1e-9));
    EXPECT_GE(spent, goal.spends_all() ? region.total * (1.0 - 1e-9) : 0.0);
  }
  EXPECT_GT(met, 2000);
}

// Dimensions that nothing loads: still a bound.
TEST(FreeRegion, LeastIsBelowEverythingWhereADimensionIsNotLoaded) {
  Random random(5);
  for (int i = 0; i < 2000; ++i) {
    FreeRegion region = random_region(goals[static_cast<std::size_t>(i) % goals.size()], random);
    const double constant = random.between(1.0, 1e3);
    FreeBandwidths bytes{};
    for (int d = 0; d < region.dimensions; ++d) {
      if (random.upto(2) == 1) bytes[static_cast<std::size_t>(d)] = random.between(1.0, 1e5);
    }
    if (region.goal.objective == PlanObjective::NetworkCost)
      region.goal.longest_ns = constant * random.between(1.0, 10.0);
    const LeastValue least = least_value(region, constant, bytes);
    for (int k = 0; k < 100; ++k) {
      FreeBandwidths at{};
      if (!random_bandwidths(region, random, at)) continue;
      EXPECT_LE(least.value * (1.0 - 1e-12), region.value(time_of(region, constant, bytes, at), at)) << i;
    }
  }
}

// Of cuts of a maximum of such times: below it, and the better the more there are.
TEST(FreeRegion, WeightedCutsAreBelowAMaximum) {
  Random random(9);
  for (int i = 0; i < 1200; ++i) {
    FreeRegion region = random_region(goals[static_cast<std::size_t>(i) % goals.size()], random);
    region.dimensions = std::max(2, region.dimensions);
    for (std::size_t d = 0; d < 2; ++d) {  // a second one, if there was none
      if (region.usd[d] > 0.0) continue;
      region.usd[d] = random.between(10.0, 1e3);
      region.price[d] = region.dollars ? region.usd[d] : 1.0;
      region.most[d] = random.between(50.0, 5e3);
    }
    struct Piece {
      double constant;
      FreeBandwidths bytes{};
    };
    std::vector<Piece> pieces(5);
    double longest = 0.0;
    for (Piece& piece : pieces) {
      piece.constant = random.between(1.0, 1e3);
      longest = std::max(longest, piece.constant);
      for (int d = 0; d < region.dimensions; ++d)
        piece.bytes[static_cast<std::size_t>(d)] = random.between(1.0, 1e5);
    }
    if (region.goal.objective == PlanObjective::NetworkCost)
      region.goal.longest_ns = longest * random.between(1.0, 10.0);
    const auto time = [&](const FreeBandwidths& at) {
      PathTime highest;
      for (const Piece& piece : pieces) {
        const double ns = time_of(region, piece.constant, piece.bytes, at);
        if (ns > highest.ns) highest = {ns, piece.bytes};
      }
      return highest;
    };
    CutBound cuts(region);
    FreeBandwidths asked = evenly(region);
    double before = 0.0;
    while (!cuts.full()) {
      cuts.add(time(asked), asked);
      asked = cuts.gb_per_s();
      EXPECT_GE(cuts.value(), before * (1.0 - 1e-9));
      before = cuts.value();
    }
    for (int k = 0; k < 100; ++k) {
      FreeBandwidths at{};
      if (!random_bandwidths(region, random, at)) continue;
      EXPECT_LE(cuts.value() * (1.0 - 1e-12), region.value(time(at).ns, at)) << i;
    }
  }
}

}  // namespace
}  // namespace bandwright
