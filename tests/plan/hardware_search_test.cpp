// Networks that are bought with the division: against every shape, order of groups and division solved to the
// end.
#include "plan/hardware/hardware_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include "optimizer/solver.h"
#include "plan/division_bound.h"
#include "plan/hardware/group_layout.h"
#include "tests/plan/hardware_spaces.h"

namespace bandwright {
namespace {

// The least step of each division over all shapes and orders, each solved by the optimizer.
std::vector<double> brute_force(const HardwareSpace& space) {
  FreeStep step(space.divisions.job);
  std::vector<double> best;
  for (const Parallelism& division : fitting_divisions(space)) {
    double least = std::numeric_limits<double>::infinity();
    for (const auto& placement : placements(division)) {
      Parallelism p = division;
      p.placement = placement;
      for (const ShapeFamily& family : space.families) {
        if (!lies_over(p, family.npus)) continue;
        for_each_shape(family, [&](const ShapeFamily& shape) {
          const FreeLayout layout = layout_of(space.hardware, shape, p);
          step.take(p, layout);
          least = std::min(least, optimize(problem_of(region_of(space, shape), step)).objective);
        });
      }
    }
    best.push_back(least);
  }
  std::sort(best.begin(), best.end());
  best.erase(std::unique(best.begin(), best.end(), [](double a, double b) { return b <= a * (1.0 + 2e-9); }),
             best.end());
  return best;
}

void expect_brute_force(const HardwareSpace& space, std::size_t rows) {
  const std::vector<double> expected = brute_force(space);
  const RankedHardwares found = best_hardware(space, {.best = rows});
  ASSERT_EQ(found.best.size(), std::min(rows, expected.size()));
  for (std::size_t i = 0; i < found.best.size(); ++i) {
    EXPECT_NEAR(found.best[i].step_ns / expected[i], 1.0, 2e-9) << i;
    EXPECT_GE(found.best[i].bound, found.best[i].step_ns * (1.0 - 1e-9)) << i;
  }
}

TEST(Hardware, BestTenAreThoseOfBruteForceWithinBandwidth) {
  HardwareSpace space = hardware_space("llama3-8b", "dgx-h100", 8, 16, 200.0, false, 2);
  narrow(space);
  expect_brute_force(space, 10);
}

TEST(Hardware, BestTenAreThoseOfBruteForceWithinDollars) {
  HardwareSpace space = hardware_space("llama3-8b", "dgx-h100", 8, 16, 20e3, true, 3);
  narrow(space);
  space.divisions.zero = {1};
  expect_brute_force(space, 10);
}

// Kinds, limits of classes and four dimensions.
TEST(Hardware, BestTenAreThoseOfBruteForceOnSixteen) {
  HardwareSpace space = hardware_space("llama3-8b", "dgx-h100", 16, 32, 60.0, false, 4);
  narrow(space);
  space.divisions.zero = {1};
  space.divisions.recompute = {Recomputation::None};
  space.divisions.virtual_stages = {1};
  space.divisions.micro_batch = {1};
  space.divisions.context = {1};
  space.divisions.tensor = {2, 4, 8};
  expect_brute_force(space, 10);
}

// Stopped at any moment: what it lists is in order, is a step of that division on that network, within the
// budget, and not better than the best.
TEST(Hardware, AnInterruptedSearchListsWhatItHadReached) {
  const HardwareSpace space = hardware_space("llama3-8b", "dgx-h100", 8, 16, 200.0, false, 2);
  const double best = best_hardware(space, {.best = 1}).best[0].step_ns;
  std::size_t longest_list = 0;
  for (const int asked : {1, 30, 100, 1000, 5000}) {
    std::atomic<int> count = 0;
    HardwareSearch search{.best = 5, .threads = 1};
    search.interrupted = [&] { return ++count > asked; };
    const RankedHardwares found = best_hardware(space, search);
    if (!found.interrupted) continue;
    longest_list = std::max(longest_list, found.best.size());
    EXPECT_LE(found.best.size(), 5U);
    FreeStep step(space.divisions.job);
    for (std::size_t i = 0; i < found.best.size(); ++i) {
      const RankedHardware& row = found.best[i];
      EXPECT_GE(row.step_ns, found.best[i == 0 ? 0 : i - 1].step_ns);
      EXPECT_GE(row.step_ns, best * (1.0 - 1e-9));
      EXPECT_LE(row.bound, row.step_ns);
      EXPECT_LE(std::accumulate(row.gb_per_s.begin(), row.gb_per_s.end(), 0.0), 200.0 * (1.0 + 1e-9));
      const FreeLayout layout = layout_of(space.hardware, row.shape, row.parallelism);
      step.take(row.parallelism, layout);
      EXPECT_NEAR(step.at(row.gb_per_s).ns / row.step_ns, 1.0, 1e-12);
    }
  }
  EXPECT_GE(longest_list, 1U);
}

// Each bound left out changes the work, not the answer.
TEST(Hardware, BoundsChangeTheWorkNotTheAnswer) {
  HardwareSpace space = hardware_space("llama3-8b", "dgx-h100", 8, 16, 50.0, false, 3);
  narrow(space);
  space.divisions.zero = {1, 2};
  const RankedHardwares all = best_hardware(space, {.best = 5});
  for (int which = 0; which < 6; ++which) {
    HardwareSearch search{.best = 5};
    if (which == 0) search.use_aggregate = false;
    if (which == 1) search.use_cuts = false;
    if (which == 2) search.relax_kinds = false;
    if (which == 3) search.guess = false;
    if (which == 4) search.threads = 1;
    if (which == 5) search.use_path = false;
    const RankedHardwares one = best_hardware(space, search);
    ASSERT_EQ(one.best.size(), all.best.size()) << which;
    EXPECT_EQ(one.counts.points, all.counts.points);
    EXPECT_GE(one.work.solved, which == 1 ? all.work.solved : 0);
    for (std::size_t i = 0; i < all.best.size(); ++i) {
      EXPECT_EQ(one.best[i].step_ns, all.best[i].step_ns) << which << " " << i;
      EXPECT_EQ(one.best[i].gb_per_s, all.best[i].gb_per_s) << which << " " << i;
      EXPECT_EQ(one.best[i].shape.npus, all.best[i].shape.npus) << which << " " << i;
      EXPECT_EQ(one.best[i].shape.kinds, all.best[i].shape.kinds) << which << " " << i;
      EXPECT_EQ(one.best[i].parallelism.placement, all.best[i].parallelism.placement) << which << " " << i;
    }
  }
}

// More to spend, more dimensions, more kinds or more orders of groups never make the best step longer; no
// network is faster than what is computed alone, and what is bought is within the budget.
TEST(Hardware, MoreIsNeverSlower) {
  const auto best_of = [](const HardwareSpace& space) {
    const RankedHardwares found = best_hardware(space, {.best = 1});
    EXPECT_EQ(found.best.size(), 1U);
    return found.best.at(0);
  };
  const auto space_of = [](double budget, bool dollars, int dimensions) {
    HardwareSpace space = hardware_space("llama3-8b", "dgx-h100", 8, 16, budget, dollars, dimensions);
    narrow(space);
    return space;
  };
  for (const bool dollars : {false, true}) {
    double before = std::numeric_limits<double>::infinity();
    for (const double budget : {1.0, 10.0, 100.0, 1e3, 1e9}) {
      const HardwareSpace space = space_of(dollars ? 100.0 * budget : budget, dollars, 2);
      const RankedHardware best = best_of(space);
      EXPECT_LE(best.step_ns, before * (1.0 + 1e-9)) << budget;
      before = best.step_ns;
      DivisionBound alone(space.divisions.job);
      EXPECT_GE(best.step_ns, alone(best.parallelism) * (1.0 - 1e-12));
      const FreeRegion region = region_of(space, best.shape);
      double spent = 0.0;
      for (std::size_t d = 0; d < best.gb_per_s.size(); ++d) {
        EXPECT_LE(best.gb_per_s[d], region.most[d] * (1.0 + 1e-9));
        spent += region.price[d] * best.gb_per_s[d];
      }
      EXPECT_LE(spent, region.total * (1.0 + 1e-9));
    }
  }
  double before = std::numeric_limits<double>::infinity();
  for (const int dimensions : {1, 2, 3}) {
    const double step = best_of(space_of(50.0, false, dimensions)).step_ns;
    EXPECT_LE(step, before * (1.0 + 1e-9)) << dimensions;
    before = step;
  }
  HardwareSpace fewer = space_of(50.0, false, 3);
  fewer.any_placement = false;
  EXPECT_GE(best_of(fewer).step_ns, before * (1.0 - 1e-9));
  fewer = space_of(50.0, false, 3);
  for (ShapeFamily& family : fewer.families) {
    for (std::uint8_t& kinds : family.kinds) kinds = static_cast<std::uint8_t>(kinds & -kinds);
  }
  EXPECT_GE(best_of(fewer).step_ns, before * (1.0 - 1e-9));
}

// One NPU has no network to buy.
TEST(Hardware, OneNpuHasNoShape) {
  const HardwareSpace space = hardware_space("gpt-1.7b", "dgx-h100", 1, 1, 100.0, false);
  EXPECT_TRUE(space.families.empty());
  EXPECT_EQ(most_together(space), 0.0);
  const RankedHardwares found = best_hardware(space, {.best = 3});
  EXPECT_TRUE(found.best.empty());
  EXPECT_EQ(found.counts.points, 0.0);
  EXPECT_FALSE(found.interrupted);
}

}  // namespace
}  // namespace bandwright
