// Weighted cuts of a step, and where they are asked: against steps that are the maximum of a few paths.
#include "plan/hardware/cut_bound.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "plan/hardware/path_bound.h"
#include "plan/hardware/shape_bound.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();

// A step of several paths over two dimensions.
struct TwoPaths {
  struct Path {
    double constant;
    double first;
    double second;
  };
  std::vector<Path> paths;

  [[nodiscard]] PathTime operator()(std::span<const double> at) const {
    PathTime longest;
    for (const Path& path : paths) {
      const double ns = path.constant + path.first / at[0] + path.second / at[1];
      if (ns > longest.ns) longest = {ns, {path.first, path.second}};
    }
    return longest;
  }
};

FreeRegion two_dimensions(double total, double most = 1e6) {
  return {.dimensions = 2, .price = {1.0, 1.0}, .total = total, .most = {most, most}, .usd = {1.0, 1.0}};
}

std::span<const double> both(const FreeBandwidths& at) { return std::span(at).first(2); }

// The least of a step where all of the budget is spent, on a grid.
double grid_least(const TwoPaths& step, double total) {
  double least = no_limit;
  for (int i = 1; i < 10000; ++i) {
    const std::vector<double> at = {total * i / 1e4, total * (1.0 - i / 1e4)};
    least = std::min(least, step(at).ns);
  }
  return least;
}

// One path: c + (sqrt(l1) + sqrt(l2))^2 / total, by Cauchy's inequality. 10 + (2 + 3)^2 / 5 = 15.
TEST(CutBounds, OneCutIsTheSquareOfRoots) {
  const FreeRegion region = two_dimensions(5.0);
  const TwoPaths step{{{10.0, 4.0, 9.0}}};
  CutBound cuts(region);
  const FreeBandwidths asked = evenly(region);
  EXPECT_DOUBLE_EQ(asked[0], 2.5);
  cuts.add(step(both(asked)), asked);
  EXPECT_NEAR(cuts.value(), 15.0, 1e-12);
  EXPECT_NEAR(cuts.gb_per_s()[0], 2.0, 1e-12);
  EXPECT_NEAR(cuts.gb_per_s()[1], 3.0, 1e-12);
}

// 8 / b1 and 2 / b2 cross at b1 = 4, b2 = 1 of 5: 2, where each alone would be nothing of the other's.
TEST(CutBounds, TwoCutsMeetWhereTheyCross) {
  const FreeRegion region = two_dimensions(5.0);
  const TwoPaths step{{{0.0, 8.0, 0.0}, {0.0, 0.0, 2.0}}};
  CutBound cuts(region);
  FreeBandwidths at = evenly(region);
  const bool out = above_limit(cuts, region, step, at, {.limit = [] { return no_limit; }, .asked = {}});
  EXPECT_FALSE(out);
  EXPECT_NEAR(cuts.value(), 2.0, 2e-9);
  double weights = 0.0;
  for (const CutBound::Cut& cut : cuts.cuts()) weights += cut.weight;
  EXPECT_NEAR(weights, 1.0, 1e-12);
}

// Any step: the bound is below the least of it and meets it, and what is above a limit is above.
TEST(CutBounds, MeetTheLeastOfAMaximum) {
  std::mt19937 random(41);
  const auto between = [&](double low, double high) {
    return std::exp(std::uniform_real_distribution<double>(std::log(low), std::log(high))(random));
  };
  for (int i = 0; i < 60; ++i) {
    TwoPaths step;
    for (int k = 0; k < 4; ++k)
      step.paths.push_back({between(1.0, 50.0), between(1.0, 1e4), between(1.0, 1e4)});
    const double total = between(10.0, 1e3);
    const FreeRegion region = two_dimensions(total);
    const double least = grid_least(step, total);
    CutBound cuts(region);
    FreeBandwidths at = evenly(region);
    int asked = 0;
    const CutSearch search{.limit = [] { return no_limit; },
                           .asked = [&](const auto&, const auto&) { ++asked; }};
    EXPECT_FALSE(above_limit(cuts, region, step, at, search));
    EXPECT_LE(cuts.value(), least * (1.0 + 1e-12)) << i;
    EXPECT_GE(cuts.value(), least * (1.0 - 1e-3)) << i;
    EXPECT_LE(asked, static_cast<int>(CutBound::most_cuts));
    EXPECT_EQ(cuts.cuts().size(), static_cast<std::size_t>(asked));
    // Just below what it proves is found out; just above what can be reached is not.
    for (const double share : {0.99, 1.01}) {
      CutBound fresh(region);
      at = evenly(region);
      EXPECT_EQ(above_limit(fresh, region, step, at, {.limit = [&] { return share * least; }, .asked = {}}),
                share < 1.0)
          << i;
    }
    // Cuts of a step that is nowhere above begin as far as they came, those without weight left out.
    CutBound adopted(region);
    adopted.adopt(cuts);
    EXPECT_NEAR(adopted.value() / cuts.value(), 1.0, 1e-9);
    EXPECT_LE(adopted.cuts().size(), cuts.cuts().size());
    for (const CutBound::Cut& cut : adopted.cuts()) EXPECT_TRUE(step(both(cut.asked)).ns > 0.0);
  }
}

// More than there is room for are not taken.
TEST(CutBounds, AreAtMostTwelve) {
  const FreeRegion region = two_dimensions(10.0);
  const TwoPaths step{{{1.0, 8.0, 1.0}, {1.0, 1.0, 8.0}}};
  CutBound cuts(region);
  for (int i = 0; i < 20; ++i) {
    const FreeBandwidths at = {0.4 * (i + 1), 10.0 - 0.4 * (i + 1)};
    cuts.add(step(both(at)), at);
  }
  EXPECT_TRUE(cuts.full());
  EXPECT_EQ(cuts.cuts().size(), CutBound::most_cuts);
  EXPECT_LE(cuts.value(), grid_least(step, 10.0) * (1.0 + 1e-12));
}

// An axis takes as long as its slowest dimension; the cut has the bytes of that one alone.
TEST(PathTimes, AreOfTheSlowestDimensionOfEachAxis) {
  const AxisPath path{7.0, {100.0, 0.0, 30.0, 0.0}};
  const AxisShares shares = {{{0.5, 0.5}, {1.0, 1.0}, {0.0, 1.0}, {1.0, 1.0}}};
  // TP: 50 / 10 = 5 against 50 / 2 = 25; DP: 30 / 2 = 15.
  const PathTime time = time_of(path, shares, {10.0, 2.0}, 2);
  EXPECT_DOUBLE_EQ(time.ns, 7.0 + 25.0 + 15.0);
  EXPECT_EQ(time.bytes, (std::array<double, max_free_dimensions>{0.0, 80.0}));
  EXPECT_DOUBLE_EQ(time_of({7.0, {}}, shares, {10.0, 2.0}, 2).ns, 7.0);
}

// 100 bytes over one dimension or the other: within 10 GB/s at least 7 + 2 x (50 / 5) = 27, as one charges
// the slower alone: 7 + 50 / 5 = 17.
TEST(PathTimes, AreAboveALimitWhereNoBandwidthsReachIt) {
  const AxisPath path{7.0, {100.0, 0.0, 0.0, 0.0}};
  const AxisShares shares = {{{0.5, 0.5}, {}, {}, {}}};
  const FreeRegion region = two_dimensions(10.0);
  for (const auto& [limit, above_it] : {std::pair{16.9, true}, {17.1, false}}) {
    FreeBandwidths at = {1.0, 9.0};
    EXPECT_EQ(path_above(path, shares, region, limit, at), above_it) << limit;
  }
}

// The optimum of a shape within words about its bandwidths: b1 >= 3 b2 of 8 GB/s is 6 and 2 where 4 and 4
// would be best; words of a third dimension are not of this shape.
TEST(SolvedShapes, KeepTheWordsOnBandwidths) {
  HardwareSpace space{.hardware = load_free_hardware("usual"), .budget = 8.0};
  space.unit_usd.assign(space.hardware.classes.size(), std::vector<double>(dimension_kinds().size(), 1.0));
  const ShapeFamily shape{{2, 4}, {1, 3}, {1, 1}};
  const TwoPaths step{{{0.0, 12.0, 12.0}}};
  const StepAt time = [&](std::span<const double> at) { return step(at); };
  SolvedShape solved = solve_shape(space, shape, time);
  EXPECT_NEAR(solved.gb_per_s[0], 4.0, 1e-4);
  EXPECT_NEAR(solved.value, 6.0, 1e-8);
  EXPECT_LE(solved.bound, solved.value * (1.0 + 1e-12));
  space.constraints = {"b1 >= 3 b2", "b3 <= 1"};
  solved = solve_shape(space, shape, time);
  EXPECT_NEAR(solved.gb_per_s[0], 6.0, 1e-6);
  EXPECT_NEAR(solved.value, 12.0 / 6.0 + 12.0 / 2.0, 1e-6);
  space.constraints = {"b1 >= 9"};
  EXPECT_TRUE(std::isinf(solve_shape(space, shape, time).value)) << "more than the budget";
  space.constraints = {"b1 >= "};
  EXPECT_NE(refused([&] { return solve_shape(space, shape, time); }), "");
}

}  // namespace
}  // namespace bandwright
