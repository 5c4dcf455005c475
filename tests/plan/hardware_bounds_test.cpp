// Bounds of divisions on networks that are bought: against the steps and optima that they bound.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "optimizer/solver.h"
#include "plan/hardware/cut_bound.h"
#include "plan/hardware/group_layout.h"
#include "plan/hardware/path_bound.h"
#include "plan/hardware/shape_bound.h"
#include "tests/plan/hardware_spaces.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

// Random divisions, shapes, orders of groups and bandwidths of a space.
struct Triple {
  Parallelism p;
  ShapeFamily family;
  ShapeFamily shape;
  FreeBandwidths b{};
};
template <class Random>
Triple random_triple(const HardwareSpace& space, const std::vector<Parallelism>& divisions, Random& random) {
  const auto any = [&](const auto& values) -> const auto& {
    return values[std::uniform_int_distribution<std::size_t>(0, values.size() - 1)(random)];
  };
  for (;;) {
    Triple one{.p = any(divisions), .family = any(space.families)};
    one.p.placement = any(placements(one.p));
    if (!lies_over(one.p, one.family.npus)) continue;
    std::vector<ShapeFamily> shapes;
    for_each_shape(one.family, [&](const ShapeFamily& shape) { shapes.push_back(shape); });
    one.shape = any(shapes);
    // Spends the budget, but for caps.
    const FreeRegion region = region_of(space, one.shape);
    double sum = 0.0;
    for (int d = 0; d < region.dimensions; ++d) {
      const auto i = static_cast<std::size_t>(d);
      one.b[i] = std::exp(std::uniform_real_distribution<double>(-3.0, 3.0)(random));
      sum += one.b[i] * region.price[i];
    }
    for (int d = 0; d < region.dimensions; ++d) {
      const auto i = static_cast<std::size_t>(d);
      one.b[i] = std::min(region.most[i], one.b[i] * region.total / sum);
    }
    return one;
  }
}

std::span<const double> of(const FreeBandwidths& b, const ShapeFamily& shape) {
  return std::span(b).first(shape.npus.size());
}

double at(const PathTime& cut, const FreeBandwidths& from, const FreeBandwidths& b, std::size_t n) {
  double ns = cut.constant_ns(std::span(from).first(n));
  for (std::size_t d = 0; d < n; ++d) ns += cut.bytes[d] / b[d];
  return ns;
}

// One division on one network: each bound of it against its step.
class BoundCheck {
 public:
  explicit BoundCheck(const HardwareSpace& space)
      : space_(space), step_(space.divisions.job), other_(space.divisions.job) {
    for (const HardwareClass& each : space.hardware.classes) classes_.push_back(each.links);
    together_.fill(most_together(space));
  }

  PathTime take(const Triple& one) {
    layout_ = layout_of(space_.hardware, one.shape, one.p);
    step_.take(one.p, layout_);
    return step_.at(of(one.b, one.shape));
  }

  // Of what was taken: whatever the shape, the path of that on this one, and networks of any kind.
  void of_many_networks(const Triple& one, const PathTime& time) {
    const std::vector<Group> groups = parallel_groups(flat_network(space_.divisions.npus[0]), one.p);
    other_.take_together(one.p, groups, classes_, 0.0);
    const PathTime whatever = other_.at(together_);
    EXPECT_LE(whatever.ns, time.ns * (1.0 + 1e-12));
    const AxisPath path{whatever.constant_ns(together_), whatever.bytes};
    const AxisShares shares = axis_shares(space_.hardware, one.family, layout_.groups);
    EXPECT_LE(time_of(path, shares, one.b, static_cast<int>(one.shape.npus.size())).ns,
              time.ns * (1.0 + 1e-12));
    const FreeLayout any_kind = layout_of(space_.hardware, one.family, one.p);
    other_.take(one.p, any_kind);
    EXPECT_LE(other_.at(of(one.b, one.shape)).ns, time.ns * (1.0 + 1e-12));
  }

  // Its step is convex, falls with bandwidth, and no cut is above it elsewhere.
  template <class Random>
  void of_the_step(const Triple& one, const PathTime& time, Random& random) {
    const std::size_t n = one.shape.npus.size();
    FreeBandwidths b = one.b;
    FreeBandwidths middle = one.b;
    FreeBandwidths more = one.b;
    for (std::size_t d = 0; d < n; ++d) {
      b[d] = one.b[d] * std::exp(std::uniform_real_distribution<double>(-2.0, 2.0)(random));
      middle[d] = 0.5 * (b[d] + one.b[d]);
      more[d] = std::max(b[d], one.b[d]);
    }
    const PathTime there = step_.at(of(b, one.shape));
    EXPECT_LE(at(time, one.b, b, n), there.ns * (1.0 + 1e-12));
    EXPECT_LE(step_.at(of(middle, one.shape)).ns, 0.5 * (time.ns + there.ns) * (1.0 + 1e-12));
    EXPECT_LE(step_.at(of(more, one.shape)).ns, std::min(time.ns, there.ns) * (1.0 + 1e-12));
  }

  // Weights of cuts are below the optimum.
  void of_the_optimum(const Triple& one, const PathTime& time) {
    const FreeRegion region = region_of(space_, one.shape);
    CutBound cuts(region);
    cuts.add(time, one.b);
    for (int more = 0; more < 2; ++more) cuts.add(step_.at(of(cuts.gb_per_s(), one.shape)), cuts.gb_per_s());
    EXPECT_LE(cuts.value(), optimize(problem_of(region, step_)).objective * (1.0 + 1e-12));
  }

 private:
  const HardwareSpace& space_;
  FreeStep step_;
  FreeStep other_;
  FreeLayout layout_;
  std::vector<FabricDimension> classes_;
  FreeBandwidths together_{};
};

TEST(HardwareBounds, NoneIsAboveWhatItBounds) {
  std::mt19937 random(7);
  for (const bool dollars : {false, true}) {
    for (const double budget : {50.0, 500.0, 5000.0}) {
      const HardwareSpace space =
          hardware_space("gpt3-175b", "dgx-a100", 256, 512, dollars ? budget * 2e4 : budget, dollars);
      const std::vector<Parallelism> divisions = fitting_divisions(space);
      BoundCheck check(space);
      for (int i = 0; i < 400; ++i) {
        const Triple one = random_triple(space, divisions, random);
        const PathTime time = check.take(one);
        check.of_many_networks(one, time);
        check.of_the_step(one, time, random);
        if (i % 20 == 0) check.of_the_optimum(one, time);
      }
    }
  }
}

// What is minimized in turn, each with what it needs.
std::vector<HardwareSpace> spaces_of_each_goal(const HardwareSpace& within_bandwidth, double longest_ns) {
  std::vector<HardwareSpace> all;
  const auto add = [&](FreeGoal goal, bool dollars, double budget) {
    HardwareSpace space = within_bandwidth;
    space.goal = goal;
    space.dollars = dollars;
    space.budget = budget;
    const std::int64_t npus = space.divisions.npus[0];
    space.families = shape_families(space.hardware, npus, max_free_dimensions, &space.prices);
    all.push_back(std::move(space));
  };
  const auto npus = static_cast<double>(within_bandwidth.divisions.npus[0]);
  add({}, false, 200.0);
  add({}, true, 2500.0 * npus);
  add({.objective = PlanObjective::CostPerToken, .fixed_usd = 8e4 * npus}, true, 1e4 * npus);
  add({.objective = PlanObjective::CostPerToken, .fixed_usd = 1e3 * npus}, false, 100.0);
  add({.objective = PlanObjective::PerfPerCost}, false, 150.0);
  add({.objective = PlanObjective::NetworkCost, .longest_ns = longest_ns}, true, 1e4 * npus);
  add({.objective = PlanObjective::CostPerToken, .fixed_usd = 8e4 * npus, .longest_ns = longest_ns}, true,
      1e4 * npus);
  return all;
}

// The optimum is proved by the cuts that come with it.
TEST(HardwareBounds, OptimaAreProvedByTheirCuts) {
  HardwareSpace narrowed = hardware_space("llama3-8b", "dgx-h100", 16, 32, 200.0, false);
  narrow(narrowed);
  const std::vector<Parallelism> divisions = fitting_divisions(narrowed);
  std::mt19937 random(23);
  for (HardwareSpace& space : spaces_of_each_goal(narrowed, 2.5e9)) {
    FreeStep step(space.divisions.job);
    for (int i = 0; i < 25; ++i) {
      const Triple one = random_triple(space, divisions, random);
      const FreeLayout layout = layout_of(space.hardware, one.shape, one.p);
      step.take(one.p, layout);
      const StepAt time = [&](std::span<const double> b) { return step.at(b); };
      const SolvedShape solved = solve_shape(space, one.shape, time);
      const FreeRegion region = region_of(space, one.shape);
      if (std::isinf(solved.value)) continue;
      EXPECT_GE(solved.bound, solved.value * (1.0 - 1.1 * space.goal.gap()))
          << plan_objective_name(space.goal.objective) << " " << i;
      EXPECT_LE(solved.bound, solved.value * (1.0 + 1e-10));
      double weights = 0.0;
      double constant = 0.0;
      FreeBandwidths bytes{};
      for (const SolvedShape::Cut& cut : solved.cuts) {
        weights += cut.weight;
        constant += cut.weight * cut.time.constant_ns(of(cut.asked, one.shape));
        for (std::size_t d = 0; d < bytes.size(); ++d) bytes[d] += cut.weight * cut.time.bytes[d];
      }
      EXPECT_NEAR(weights, 1.0, 1e-12);
      EXPECT_GE(least_value(region, constant, bytes).value, solved.value * (1.0 - 2.0 * space.goal.gap()))
          << plan_objective_name(space.goal.objective) << " " << i;
    }
  }
}

}  // namespace
}  // namespace bandwright
