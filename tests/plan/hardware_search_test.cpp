// Networks that are bought with the division: against every shape, order of groups and division solved to the
// end, and every bound against what it bounds.
#include "plan/hardware/hardware_search.h"

#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <numeric>
#include <random>

#include "optimizer/solver.h"
#include "plan/hardware/group_layout.h"
#include "plan/hardware/path_bound.h"
#include "plan/hardware/shape_bound.h"
#include "training/collective_time.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

HardwareSpace space_of(const std::string& model, const std::string& npu_machine, std::int64_t npus,
                       std::int64_t global_batch, double budget, bool dollars, int dimensions = 4) {
  HardwareSpace space;
  space.hardware = load_free_hardware("usual");
  space.divisions = {.job = {.model = load_architecture(model), .machine = load_machine(npu_machine)},
                     .npus = {npus}};
  space.divisions.job.parallelism.global_batch = global_batch;
  space.prices = load_price_list("artifact");
  space.unit_usd = unit_prices_of(space.hardware, npus, space.prices);
  space.dollars = dollars;
  space.budget = budget;
  space.families = shape_families(space.hardware, npus, dimensions, dollars ? &space.prices : nullptr);
  return space;
}

// Narrower, so that all of it can be solved.
void narrow(HardwareSpace& space) {
  space.divisions.micro_batch = {1, 2};
  space.divisions.recompute = {Recomputation::None, Recomputation::Full};
  space.divisions.virtual_stages = {1, 2};
}

std::vector<Parallelism> divisions_of(const HardwareSpace& space) {
  const std::int64_t npus = space.divisions.npus[0];
  const DivisionDomains domains = domains_of(space.divisions, npus);
  Network flat;
  flat.dimensions.push_back({&dimension_kind("Switch"), static_cast<int>(npus), "Pod"});
  std::vector<Parallelism> all;
  for (const GroupSizes& sizes : group_sizes(space.divisions, domains, flat)) {
    for_each_division(space.divisions, domains, sizes, npus, [&](const Parallelism& p) {
      if (memory_bill(space.divisions.job.model, p).total() <= memory_limit(space.divisions, {}))
        all.push_back(p);
    });
  }
  return all;
}

Problem problem_of(const FreeRegion& region, FreeStep& step) {
  Problem problem;
  problem.dimensions = region.dimensions;
  problem.step_times.push_back({1.0, [&step, n = region.dimensions](std::span<const double> b) {
                                  const PathTime time = step.at(b);
                                  Cut cut{.constant_ns = time.constant_ns(b)};
                                  for (int d = 0; d < n; ++d) {
                                    const double bytes = time.bytes[static_cast<std::size_t>(d)];
                                    if (bytes > 0.0) cut.loads.push_back({only_dimension(d), bytes});
                                  }
                                  return cut;
                                }});
  Constraint budget{"budget", {}, Sense::AtMost, region.total};
  budget.coefficients.assign(region.price.begin(), region.price.begin() + region.dimensions);
  problem.price = budget.coefficients;
  problem.constraints.push_back(budget);
  for (int d = 0; d < region.dimensions; ++d) {
    problem.constraints.push_back(at_most(region.dimensions, d, region.most[static_cast<std::size_t>(d)]));
  }
  return problem;
}

// The least step of each division over all shapes and orders, each solved by the optimizer.
std::vector<double> brute_force(const HardwareSpace& space) {
  FreeStep step(space.divisions.job);
  std::vector<double> best;
  for (const Parallelism& division : divisions_of(space)) {
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
  HardwareSpace space = space_of("llama3-8b", "dgx-h100", 8, 16, 200.0, false, 2);
  narrow(space);
  expect_brute_force(space, 10);
}

TEST(Hardware, BestTenAreThoseOfBruteForceWithinDollars) {
  HardwareSpace space = space_of("llama3-8b", "dgx-h100", 8, 16, 20e3, true, 3);
  narrow(space);
  space.divisions.zero = {1};
  expect_brute_force(space, 10);
}

// Kinds, limits of classes and four dimensions.
TEST(Hardware, BestTenAreThoseOfBruteForceOnSixteen) {
  HardwareSpace space = space_of("llama3-8b", "dgx-h100", 16, 32, 60.0, false, 4);
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
  const HardwareSpace space = space_of("llama3-8b", "dgx-h100", 8, 16, 200.0, false, 2);
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
  HardwareSpace space = space_of("llama3-8b", "dgx-h100", 8, 16, 50.0, false, 3);
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

TEST(Hardware, NoBoundIsAboveWhatItBounds) {
  std::mt19937 random(7);
  for (const bool dollars : {false, true}) {
    for (const double budget : {50.0, 500.0, 5000.0}) {
      HardwareSpace space =
          space_of("gpt3-175b", "dgx-a100", 256, 512, dollars ? budget * 2e4 : budget, dollars);
      const std::vector<Parallelism> divisions = divisions_of(space);
      FreeStep step(space.divisions.job);
      FreeStep other(space.divisions.job);
      std::vector<FabricDimension> classes;
      for (const HardwareClass& each : space.hardware.classes) classes.push_back(each.links);
      Network flat;
      flat.dimensions.push_back({&dimension_kind("Switch"), 256, "Pod"});
      FreeBandwidths together;
      together.fill(most_together(space));
      for (int i = 0; i < 400; ++i) {
        const Triple one = random_triple(space, divisions, random);
        const FreeLayout layout = layout_of(space.hardware, one.shape, one.p);
        step.take(one.p, layout);
        const PathTime time = step.at(of(one.b, one.shape));
        // Whatever the shape.
        const std::vector<Group> groups = parallel_groups(flat, one.p);
        other.take_together(one.p, groups, classes, 0.0);
        const PathTime whatever = other.at(together);
        EXPECT_LE(whatever.ns, time.ns * (1.0 + 1e-12));
        // That path on this shape.
        const AxisPath path{whatever.constant_ns(together), whatever.bytes};
        const AxisShares shares = axis_shares(space.hardware, one.family, layout.groups);
        const auto n = static_cast<int>(one.shape.npus.size());
        EXPECT_LE(time_of(path, shares, one.b, n).ns, time.ns * (1.0 + 1e-12));
        // Of any kind.
        const FreeLayout relaxed = layout_of(space.hardware, one.family, one.p);
        other.take(one.p, relaxed);
        EXPECT_LE(other.at(of(one.b, one.shape)).ns, time.ns * (1.0 + 1e-12));
        // Convex, falling, and no cut above it.
        const Triple elsewhere = random_triple(space, {one.p}, random);
        FreeBandwidths b = one.b;
        FreeBandwidths middle = one.b;
        FreeBandwidths more = one.b;
        for (std::size_t d = 0; d < one.shape.npus.size(); ++d) {
          b[d] = one.b[d] * std::exp(std::uniform_real_distribution<double>(-2.0, 2.0)(random));
          middle[d] = 0.5 * (b[d] + one.b[d]);
          more[d] = std::max(b[d], one.b[d]);
        }
        const PathTime there = step.at(of(b, one.shape));
        EXPECT_LE(at(time, one.b, b, one.shape.npus.size()), there.ns * (1.0 + 1e-12));
        EXPECT_LE(step.at(of(middle, one.shape)).ns, 0.5 * (time.ns + there.ns) * (1.0 + 1e-12));
        EXPECT_LE(step.at(of(more, one.shape)).ns, std::min(time.ns, there.ns) * (1.0 + 1e-12));
        // Weights of cuts are below the optimum.
        const FreeRegion region = region_of(space, one.shape);
        CutBound cuts(region);
        cuts.add(time, one.b);
        cuts.add(step.at(of(cuts.gb_per_s(), one.shape)), cuts.gb_per_s());
        cuts.add(step.at(of(cuts.gb_per_s(), one.shape)), cuts.gb_per_s());
        if (i % 20 == 0) {
          const Summary optimum = optimize(problem_of(region, step));
          EXPECT_LE(cuts.value(), optimum.objective * (1.0 + 1e-12));
        }
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
TEST(Hardware, OptimaAreProvedByTheirCuts) {
  HardwareSpace narrowed = space_of("llama3-8b", "dgx-h100", 16, 32, 200.0, false);
  narrow(narrowed);
  const std::vector<Parallelism> divisions = divisions_of(narrowed);
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

// Where kinds are not what differs: a switch and a ring of two NPUs have the same steps and links.
TEST(Hardware, CurveIsThePriceOfAMachineAtItsBandwidth) {
  const FreeHardware hardware = load_free_hardware("usual");
  Network network;
  network.dimensions.push_back({&dimension_kind("Ring"), 8, "Package"});
  network.dimensions.push_back({&dimension_kind("Ring"), 8, "Pod"});
  const ShapeFamily shape = family_of(hardware, network, nullptr);
  const Npu npu = load_machine("dgx-h100").npu;
  const std::vector<double> tuned = {hardware.classes[1].links.gb_per_s, hardware.classes[3].links.gb_per_s};
  const Machine machine = machine_of(hardware, shape, npu, tuned);
  for (const CollectiveKind kind :
       {CollectiveKind::ReduceScatter, CollectiveKind::AllGather, CollectiveKind::PointToPoint}) {
    for (const double bytes : {1e3, 1e6, 1e8, 1e10}) {
      for (const int dimension : {0, 1}) {
        const Group group{.name = "g", .dimensions = {{dimension, 8, dimension == 0 ? 1 : 8}}};
        const Collective collective{kind, Bytes(static_cast<std::int64_t>(bytes))};
        const double curve =
            collective_curve(free_dimensions(hardware, shape), group, collective).at(tuned).ns;
        EXPECT_NEAR(curve, collective_ns(machine, network, group, collective), 1e-9 * curve)
            << collective_name(kind) << " " << bytes << " " << dimension;
      }
    }
  }
}

TEST(Hardware, ShapesAreOrderedFactorisationsWithinLimits) {
  const FreeHardware hardware = load_free_hardware("usual");
  // 1,024 = 2^10: compositions of 10 into up to 4 parts, 1 + 9 + 36 + 84 = 130, less those beyond a class:
  // Tile 8, Package 16, Node 64.
  double shapes = 0.0;
  std::size_t sizes = 0;
  for (const ShapeFamily& family : shape_families(hardware, 1024, 4, nullptr)) {
    ++sizes;
    shapes += family.shapes();
    std::int64_t npus = 1;
    for (std::size_t d = 0; d < family.npus.size(); ++d) {
      npus *= family.npus[d];
      const int most = hardware.classes[family.classes[d]].most_npus;
      EXPECT_TRUE(most == 0 || family.npus[d] <= most);
    }
    EXPECT_EQ(npus, 1024);
  }
  EXPECT_LT(sizes, 130U);
  EXPECT_GT(shapes, 1000.0);
}

}  // namespace
}  // namespace bandwright
