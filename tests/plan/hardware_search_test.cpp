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

}  // namespace
}  // namespace bandwright
