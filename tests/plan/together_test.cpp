// Bounds whatever the network: all that can be bought as if it were one dimension, against every bandwidth of
// a grid.
#include "plan/hardware/together.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "tests/plan/hardware_spaces.h"

namespace bandwright {
namespace {

constexpr double endless = std::numeric_limits<double>::infinity();

// Up to 100 GB/s for 10 dollars each, up to 200 more for 30.
const Together two_tiers{.classes = {}, .most_gb_per_s = 300.0, .tiers = {{10.0, 100.0}, {30.0, 200.0}}};

// 100 x 10, then 30 each; what is beyond all tiers costs nothing more.
TEST(Together, DollarsAreSpentOnTheCheapestFirst) {
  EXPECT_EQ(two_tiers.least_usd(0.0), 0.0);
  EXPECT_DOUBLE_EQ(two_tiers.least_usd(40.0), 400.0);
  EXPECT_DOUBLE_EQ(two_tiers.least_usd(100.0), 1000.0);
  EXPECT_DOUBLE_EQ(two_tiers.least_usd(150.0), 2500.0);
  EXPECT_DOUBLE_EQ(two_tiers.least_usd(300.0), 7000.0);
  EXPECT_DOUBLE_EQ(two_tiers.least_usd(500.0), 7000.0);
  EXPECT_EQ(Together{}.least_usd(7.0), 0.0);
}

// What T >= constant + bytes / B comes to with so much bandwidth.
double value_at(const FreeGoal& goal, const Together& together, double constant, double bytes, double at) {
  return goal.value(constant + (bytes > 0.0 ? bytes / at : 0.0), together.least_usd(at));
}

struct TogetherCase {
  const char* name;
  FreeGoal goal;
  double constant;
  double bytes;
};

// Each is the least over a fine grid of all that can be bought.
TEST(Together, LeastIsTheLeastOfAGrid) {
  const std::vector<TogetherCase> cases = {
      {"time", {}, 5.0, 600.0},
      // (5 + 600 / B) (2000 + 10 B) is least at sqrt(600 x 2000 / (5 x 10)) = 155, beyond the first tier
      {"a product at the edge of a tier", {PlanObjective::CostPerToken, 2000.0}, 5.0, 600.0},
      // at sqrt(600 x 100 / 50) = 35
      {"a product within the first tier", {PlanObjective::CostPerToken, 100.0}, 5.0, 600.0},
      // (5 + 600 / B) (30000 - 2000 + 30 B): at sqrt(600 x 28000 / 150) = 335, all there is
      {"a product of dear NPUs", {PlanObjective::CostPerToken, 3e4}, 5.0, 600.0},
      // at sqrt(600 x 10000 / 150) = 200
      {"a product within the second tier", {PlanObjective::CostPerToken, 12000.0}, 5.0, 600.0},
      {"a product of bytes alone", {PlanObjective::CostPerToken, 100.0}, 0.0, 600.0},
      {"a product of no bytes", {PlanObjective::CostPerToken, 100.0}, 5.0, 0.0},
      // 600 / (9 - 5) = 150 GB/s at least
      {"a product within a step", {PlanObjective::CostPerToken, 100.0, 9.0}, 5.0, 600.0},
      {"cost within a step", {PlanObjective::NetworkCost, 0.0, 9.0}, 5.0, 600.0},
      {"cost of nothing", {PlanObjective::NetworkCost, 0.0, 9.0}, 5.0, 0.0}};
  for (const TogetherCase& each : cases) {
    const LeastTogether least = least_together(each.goal, two_tiers, each.constant, each.bytes);
    double grid = endless;
    for (int i = 1; i <= 30000; ++i)
      grid = std::min(grid, value_at(each.goal, two_tiers, each.constant, each.bytes, 0.01 * i));
    EXPECT_LE(least.value, grid * (1.0 + 1e-12)) << each.name;
    EXPECT_GE(least.value, grid * (1.0 - 1e-6) - 0.51) << each.name;  // 0.01 GB/s for 5 ns
    EXPECT_GE(least.gb_per_s, 0.0) << each.name;
    EXPECT_LE(least.gb_per_s, 300.0) << each.name;
  }
}

// NPUs that cost nothing: T C falls to bytes x the cheapest price as less and less is bought.
TEST(Together, AProductOfFreeNpusIsBounded) {
  const FreeGoal goal{PlanObjective::CostPerToken, 0.0};
  for (const double constant : {0.0, 5.0}) {
    const LeastTogether least = least_together(goal, two_tiers, constant, 600.0);
    EXPECT_FALSE(std::isnan(least.value));
    for (const double at : {1e-6, 1e-3, 1.0, 99.0, 100.0, 200.0, 300.0})
      EXPECT_LE(least.value, value_at(goal, two_tiers, constant, 600.0, at) * (1.0 + 1e-12)) << at;
    EXPECT_NEAR(least.value, 6000.0, 1e-6);
  }
}

// 1 + 600 / 300 = 3: nothing that can be bought is as fast as 2.9.
TEST(Together, ALimitBeyondAllThereIsHasNoValue) {
  for (const PlanObjective objective : {PlanObjective::NetworkCost, PlanObjective::CostPerToken}) {
    EXPECT_TRUE(std::isinf(least_together({objective, 100.0, 2.9}, two_tiers, 1.0, 600.0).value));
    EXPECT_TRUE(std::isfinite(least_together({objective, 100.0, 3.1}, two_tiers, 1.0, 600.0).value));
  }
  // Where all is spent, all of it: (1 + 600 / 300) x 7000.
  const LeastTogether spent = least_together({PlanObjective::PerfPerCost}, two_tiers, 1.0, 600.0);
  EXPECT_DOUBLE_EQ(spent.value, 21000.0);
  EXPECT_EQ(spent.gb_per_s, 300.0);
}

// Tiers are the classes, the cheapest first, each for the cheapest of its kinds.
TEST(Together, TiersAreTheClasses) {
  const HardwareSpace space = hardware_space("llama3-8b", "dgx-h100", 64, 128, 1e6, true);
  const Together together = all_together(space);
  EXPECT_EQ(together.classes.size(), space.hardware.classes.size());
  ASSERT_EQ(together.tiers.size(), space.hardware.classes.size());
  double all = 0.0;
  for (std::size_t i = 0; i < together.tiers.size(); ++i) {
    all += together.tiers[i].gb_per_s;
    if (i > 0) {
      EXPECT_GE(together.tiers[i].usd, together.tiers[i - 1].usd);
    }
  }
  EXPECT_DOUBLE_EQ(all, 5000.0 + 900.0 + 900.0 + 100.0);  // of inputs/hardware/usual.yaml
  // Links of rings alone, N / 2 of them for a GB/s of each NPU: 64 / 2 x 2 dollars for a tile.
  EXPECT_DOUBLE_EQ(together.tiers[0].usd, 64.0);
  // A tile has no library that copies.
  EXPECT_EQ(together.copying, 0.0);
  EXPECT_EQ(flat_network(64).shorthand(), "Switch(64)");
  HardwareSpace unpriced = space;
  unpriced.unit_usd.clear();
  EXPECT_TRUE(all_together(unpriced).tiers.empty());
}

// A step that is the maximum of two paths: never above the least over all bandwidths, and better than the
// path at all there is alone.
TEST(Together, BoundsOfPathsAreBelowTheirMaximum) {
  std::mt19937 random(17);
  const auto between = [&](double low, double high) {
    return std::exp(std::uniform_real_distribution<double>(std::log(low), std::log(high))(random));
  };
  for (int i = 0; i < 300; ++i) {
    struct Path {
      double constant;
      std::array<double, max_free_dimensions> bytes;
    };
    std::array<Path, 2> paths{};
    for (Path& path : paths) {
      path.constant = between(1.0, 100.0);
      for (double& each : path.bytes) each = between(1.0, 1e4);
    }
    const auto time = [&](std::span<const double> at) {
      PathTime longest;
      for (const Path& path : paths) {
        double ns = path.constant;
        for (std::size_t d = 0; d < path.bytes.size(); ++d) ns += path.bytes[d] / at[d];
        if (ns > longest.ns) longest = {ns, path.bytes};
      }
      return longest;
    };
    FreeGoal goal;
    if (i % 3 == 1) goal = {PlanObjective::CostPerToken, between(10.0, 1e5)};
    if (i % 3 == 2) goal = {PlanObjective::NetworkCost, 0.0, 150.0 + between(10.0, 1e3)};
    const BoundWhatever bound = bound_whatever(goal, two_tiers, time);
    double least = endless;
    for (int k = 1; k <= 300; ++k) {
      FreeBandwidths at{};
      at.fill(static_cast<double>(k));
      least = std::min(least, goal.value(time(at).ns, two_tiers.least_usd(static_cast<double>(k))));
    }
    EXPECT_LE(bound.value, least * (1.0 + 1e-12)) << i;
    FreeBandwidths most{};
    most.fill(two_tiers.most_gb_per_s);
    const PathTime fastest = time(most);
    const double bytes = std::accumulate(fastest.bytes.begin(), fastest.bytes.end(), 0.0);
    EXPECT_GE(bound.value, least_together(goal, two_tiers, fastest.constant_ns(most), bytes).value);
  }
}

}  // namespace
}  // namespace bandwright
