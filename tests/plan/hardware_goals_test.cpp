// Every goal of a network that is bought: against each point solved to the end, bounds of random subtrees
// against their optima, each bound left out, any number of threads, and proofs that are damaged.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "plan/hardware/group_layout.h"
#include "plan/hardware/hardware_search.h"
#include "plan/hardware/path_bound.h"
#include "plan/hardware/proof/hardware_check.h"
#include "plan/hardware/shape_bound.h"
#include "plan/hardware/together.h"
#include "tests/plan/hardware_spaces.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

struct Named {
  std::string name;
  HardwareSpace space;
};

// Of 8 NPUs, narrow enough that each point can be solved.
HardwareSpace eight_npus(FreeGoal goal, bool dollars, double budget) {
  HardwareSpace space{.hardware = load_free_hardware("usual")};
  space.divisions = {.job = {.model = load_architecture("llama3-8b"), .machine = load_machine("dgx-h100")},
                     .npus = {8}};
  space.divisions.job.parallelism.global_batch = 16;
  space.divisions.micro_batch = {1};
  space.divisions.virtual_stages = {1};
  space.divisions.recompute = {Recomputation::None};
  space.divisions.zero = {1, 2};
  space.divisions.tensor = {1, 2, 4};
  space.divisions.context = {1, 2};
  space.prices = load_price_list("artifact");
  space.unit_usd = unit_prices_of(space.hardware, 8, space.prices);
  space.dollars = dollars;
  space.budget = budget;
  space.goal = goal;
  space.families = shape_families(space.hardware, 8, 2, &space.prices);
  return space;
}

std::vector<Named> every_goal() {
  constexpr double npus_usd = 7e5;  // 8 for four years
  constexpr double two_seconds = 2.2e9;
  return {{"time within GB/s", eight_npus({}, false, 60.0)},
          {"time within dollars", eight_npus({}, true, 3e3)},
          {"cost per token", eight_npus({PlanObjective::CostPerToken, npus_usd}, true, 1e5)},
          {"cost per token of cheap NPUs", eight_npus({PlanObjective::CostPerToken, 1e4}, false, 300.0)},
          {"cost per token within a step",
           eight_npus({PlanObjective::CostPerToken, 1e3, two_seconds}, true, 1e5)},
          {"time x cost", eight_npus({PlanObjective::PerfPerCost}, false, 100.0)},
          {"cost within a step", eight_npus({PlanObjective::NetworkCost, 0.0, two_seconds}, true, 1e5)}};
}

// The least of each division over all networks and orders, different values in order.
std::vector<double> point_by_point(const HardwareSpace& space) {
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
          least = std::min(least, solve_shape(space, p, shape, step).value);
        });
      }
    }
    if (std::isfinite(least)) best.push_back(least);
  }
  std::sort(best.begin(), best.end());
  const double same = 1.0 + 4.0 * space.goal.gap();
  best.erase(std::unique(best.begin(), best.end(), [&](double a, double b) { return b <= a * same; }),
             best.end());
  return best;
}

TEST(HardwareGoals, BestAreThoseOfEveryPointSolved) {
  for (const Named& each : every_goal()) {
    const std::vector<double> expected = point_by_point(each.space);
    ASSERT_FALSE(expected.empty()) << each.name;
    const RankedHardwares found = best_hardware(each.space, {.best = 5});
    ASSERT_EQ(found.best.size(), std::min<std::size_t>(5, expected.size())) << each.name;
    for (std::size_t i = 0; i < found.best.size(); ++i) {
      const double gap = 4.0 * each.space.goal.gap();
      EXPECT_NEAR(found.best[i].value / expected[i], 1.0, gap) << each.name << " " << i;
      EXPECT_LE(found.best[i].bound, found.best[i].value * (1.0 + 1e-10)) << each.name;
      EXPECT_GE(found.best[i].bound, found.best[i].value * (1.0 - gap)) << each.name;
    }
  }
}

void expect_same(const RankedHardwares& one, const RankedHardwares& all, const std::string& name) {
  ASSERT_EQ(one.best.size(), all.best.size()) << name;
  EXPECT_EQ(one.counts.points, all.counts.points) << name;
  for (std::size_t i = 0; i < all.best.size(); ++i) {
    EXPECT_EQ(one.best[i].value, all.best[i].value) << name << " " << i;
    EXPECT_EQ(one.best[i].gb_per_s, all.best[i].gb_per_s) << name << " " << i;
    EXPECT_EQ(one.best[i].shape.npus, all.best[i].shape.npus) << name << " " << i;
    EXPECT_EQ(one.best[i].shape.kinds, all.best[i].shape.kinds) << name << " " << i;
    EXPECT_EQ(one.best[i].parallelism.placement, all.best[i].parallelism.placement) << name << " " << i;
  }
}

// Each bound left out, and one, two and three threads.
TEST(HardwareGoals, BoundsAndThreadsChangeTheWorkNotTheAnswer) {
  for (const Named& each : every_goal()) {
    const RankedHardwares all = best_hardware(each.space, {.best = 3});
    for (int which = 0; which < 8; ++which) {
      HardwareSearch search{.best = 3};
      if (which == 0) search.use_aggregate = false;
      if (which == 1) search.use_path = false;
      if (which == 2) search.relax_kinds = false;
      if (which == 3) search.guess = false;
      if (which >= 4 && which < 7) search.threads = which - 3;
      if (which == 7) search.use_cuts = false;
      expect_same(best_hardware(each.space, search), all, each.name + " " + std::to_string(which));
    }
  }
}

// Of random divisions: below the optimum of any network are what is bounded whatever the network, by the path
// of that, and by cuts over all kinds of dimensions.
TEST(HardwareGoals, NoBoundOfASubtreeIsAboveItsOptimum) {
  std::mt19937 random(31);
  const auto any = [&](const auto& values) -> const auto& {
    return values[std::uniform_int_distribution<std::size_t>(0, values.size() - 1)(random)];
  };
  for (const Named& each : every_goal()) {
    const HardwareSpace& space = each.space;
    const std::vector<Parallelism> divisions = fitting_divisions(space);
    const Together together = all_together(space);
    const Network flat = flat_network(8);
    FreeStep step(space.divisions.job);
    for (int i = 0; i < 25; ++i) {
      Parallelism p = any(divisions);
      p.placement = any(placements(p));
      const ShapeFamily& family = any(space.families);
      const std::optional<FreeLayout> layout = try_layout(space.hardware, family, p);
      if (!layout) continue;
      double optimum = std::numeric_limits<double>::infinity();
      for_each_shape(family, [&](const ShapeFamily& shape) {
        optimum = std::min(optimum, solve_shape(space, p, shape, step).value);
      });
      const double above_optimum = optimum * (1.0 + 1e-9);
      const std::vector<Group> groups = parallel_groups(flat, p);
      step.take_together(p, groups, together.classes, together.copying);
      const BoundWhatever whatever =
          bound_whatever(space.goal, together, [&](std::span<const double> b) { return step.at(b); });
      EXPECT_LE(whatever.value, above_optimum) << each.name;
      const FreeRegion region = region_of(space, family);
      FreeBandwidths at = evenly(region);
      if (std::isfinite(optimum)) {
        EXPECT_FALSE(path_above(whatever.path, axis_shares(space.hardware, family, layout->groups), region,
                                above_optimum, at))
            << each.name;
      }
      step.take(p, *layout);
      CutBound cuts(region);
      at = evenly(region);
      const CutSearch how{.limit = [] { return std::numeric_limits<double>::max(); }, .asked = {}};
      static_cast<void>(above_limit(
          cuts, region, [&](std::span<const double> b) { return step.at(b); }, at, how));
      EXPECT_LE(cuts.value(), above_optimum) << each.name;
    }
  }
}

TEST(HardwareGoals, ProofsAreAcceptedAndTheirDamageIsFound) {
  for (Named& each : every_goal()) {
    HardwareSpace& space = each.space;
    const HardwareSearch search{.best = 2};
    const RankedHardwares found = best_hardware(space, search);
    ASSERT_EQ(found.best.size(), 2U) << each.name;
    const std::vector<ClosedSizes> proof = prove_hardware(space, search, found);
    EXPECT_EQ(fault_of_hardware(space, search, found, proof), "") << each.name;
    HardwareSearch alone = search;
    alone.threads = 1;
    EXPECT_EQ(prove_hardware(space, alone, found).size(), proof.size());
    const auto rejected = [&](const RankedHardwares& rows, const std::vector<ClosedSizes>& lines,
                              const std::string& what) {
      EXPECT_NE(fault_of_hardware(space, search, rows, lines), "") << each.name << ": " << what;
    };
    const auto with_pairs =
        static_cast<std::size_t>(std::find_if(proof.begin(), proof.end(),
                                              [](const ClosedSizes& line) { return !line.pairs.empty(); }) -
                                 proof.begin());
    ASSERT_LT(with_pairs, proof.size()) << each.name;
    std::vector<ClosedSizes> lines = proof;
    lines[with_pairs].pairs[0].bound *= 1.0 + 1e-6;
    if (std::isfinite(lines[with_pairs].pairs[0].bound)) rejected(found, lines, "a bound");
    lines = proof;
    lines[with_pairs].pairs.erase(lines[with_pairs].pairs.begin());
    rejected(found, lines, "a dropped pair");
    lines = proof;
    lines.erase(lines.begin());
    rejected(found, lines, "a dropped subtree");
    lines = proof;
    ++lines[with_pairs].do_not_fit;
    rejected(found, lines, "a division that does not fit");
    lines = proof;
    std::vector<ClosedPair::Cut>& cuts = lines[with_pairs].pairs[0].cuts;
    std::max_element(cuts.begin(), cuts.end(), [](const auto& a, const auto& b) {
      return a.weight < b.weight;
    })->weight *= 0.5;
    rejected(found, lines, "a weight");
    RankedHardwares rows = found;
    rows.best[0].value *= 0.999;
    rejected(rows, proof, "another value");
    rows = found;
    rows.best[0].gb_per_s[0] *= 1.001;
    rejected(rows, proof, "other bandwidths");
    rows = found;
    rows.best.erase(rows.best.begin());
    rejected(rows, proof, "the first row left out");
    rows = found;
    rows.best[0].parallelism.tensor = 8;
    rows.best[0].parallelism.data = 1;
    rejected(rows, proof, "a division that is not in the space");
    for (std::vector<double>& prices : space.unit_usd) {
      for (double& price : prices) price *= 0.9;
    }
    const bool priced = space.dollars || space.goal.objective != PlanObjective::StepTime;
    if (priced) rejected(found, proof, "other prices");
  }
}

}  // namespace
}  // namespace bandwright
