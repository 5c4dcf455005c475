// Searches and proofs of several ranks: at each of them the same as of one process.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <mutex>

#include "plan/hardware/proof/hardware_proof.h"
#include "plan/hardware/search/packed_survivors.h"
#include "plan/proof.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/thread_ranks.h"

namespace bandwright {
namespace {

DivisionSpace divisions(std::int64_t npus, std::int64_t global_batch) {
  DivisionSpace space{.job = {load_architecture("llama3-8b"), load_machine("dgx-h100")}, .npus = {npus}};
  space.job.parallelism.global_batch = global_batch;
  space.virtual_stages = {1, 2};
  space.micro_batch = {1, 2};
  return space;
}

HardwareSpace networks(double budget) {
  HardwareSpace space;
  space.hardware = load_free_hardware("usual");
  space.divisions = divisions(8, 16);
  space.prices = load_price_list("artifact");
  space.unit_usd = unit_prices_of(space.hardware, 8, space.prices);
  space.budget = budget;
  space.families = shape_families(space.hardware, 8, 3, nullptr);
  return space;
}

std::string text_of(const Parallelism& p) {
  std::string text;
  for (const std::int64_t n : {p.tensor, p.context, p.pipeline, p.expert, p.data, p.virtual_stages,
                               p.micro_batch, std::int64_t{p.zero}, static_cast<std::int64_t>(p.recompute)}) {
    text += std::to_string(n) + " ";
  }
  for (const std::string& group : p.placement) text += group + " ";
  return text;
}

void expect_same(const RankedHardwares& a, const RankedHardwares& b) {
  ASSERT_EQ(a.best.size(), b.best.size());
  for (std::size_t i = 0; i < a.best.size(); ++i) {
    EXPECT_EQ(text_of(a.best[i].parallelism), text_of(b.best[i].parallelism)) << i;
    EXPECT_EQ(a.best[i].gb_per_s, b.best[i].gb_per_s) << i;
    EXPECT_EQ(a.best[i].step_ns, b.best[i].step_ns) << i;
    EXPECT_EQ(a.best[i].bound, b.best[i].bound) << i;
    EXPECT_EQ(a.best[i].ties.size(), b.best[i].ties.size()) << i;
  }
  EXPECT_EQ(a.counts.valid, b.counts.valid);
  EXPECT_EQ(a.counts.fit, b.counts.fit);
  EXPECT_EQ(a.counts.points, b.counts.points);
}

void expect_same(const std::vector<ClosedSizes>& a, const std::vector<ClosedSizes>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(packed(a[i]), packed(b[i])) << i;
}

TEST(RankedPlan, NetworksAndTheirProofAreThoseOfOneProcess) {
  const HardwareSpace space = networks(100.0);
  const HardwareSearch one{.best = 4, .threads = 1};
  const RankedHardwares alone = best_hardware(space, one);
  ASSERT_EQ(alone.best.size(), 4U);
  const std::vector<ClosedSizes> proof = prove_hardware(space, one, alone);
  for (const int ranks : {1, 2, 4}) {
    std::mutex mutex;
    at_each_rank(ranks, 2, [&](Crew& crew) {
      HardwareSearch search{.best = 4};
      search.crew = &crew;
      const RankedHardwares found = best_hardware(space, search);
      const std::vector<ClosedSizes> lines = prove_hardware(space, search, found);
      const std::lock_guard lock(mutex);
      SCOPED_TRACE(ranks);
      expect_same(found, alone);
      expect_same(lines, proof);
    });
  }
}

// Interrupted when asked for the 20th, 200th, 2000th time and not at all, each from the checkpoint of the one
// before.
TEST(RankedPlan, NetworksAreTheSameHoweverOftenTheSearchWasEnded) {
  const HardwareSpace space = networks(100.0);
  const RankedHardwares whole = best_hardware(space, {.best = 3, .threads = 1});
  const TemporaryFolder folder;
  for (const int ranks : {1, 3}) {
    const std::filesystem::path file = folder / std::to_string(ranks);
    int ended = 0;
    for (const int most : {20, 200, 2000, 1'000'000'000}) {
      std::atomic<int> asked = 0;
      at_each_rank(ranks, 1, [&](Crew& crew) {
        crew.go_on_from(crew.leads() ? std::make_unique<Checkpoint>(file, "networks") : nullptr);
        HardwareSearch search{.best = 3};
        search.crew = &crew;
        search.interrupted = [&] { return ++asked > most; };
        const RankedHardwares found = best_hardware(space, search);
        if (!found.interrupted) expect_same(found, whole);
        if (found.interrupted && crew.leads()) ++ended;
        EXPECT_FALSE(found.interrupted && most > 1'000'000);
      });
    }
    EXPECT_GE(ended, 2) << ranks;
  }
}

TEST(RankedPlan, DivisionsAndTheirProofAreThoseOfOneProcess) {
  const DivisionSpace space = divisions(64, 128);
  const DivisionSearch one{.best = 5, .threads = 1};
  const RankedDivisions alone = best_divisions(space, one);
  const std::vector<ClosedSubtree> proof = prove(space, one, alone);
  std::mutex mutex;
  at_each_rank(3, 2, [&](Crew& crew) {
    const DivisionSearch search{.best = 5, .crew = &crew};
    const RankedDivisions found = best_divisions(space, search);
    const std::vector<ClosedSubtree> lines = prove(space, search, found);
    const std::lock_guard lock(mutex);
    ASSERT_EQ(found.best.size(), alone.best.size());
    for (std::size_t i = 0; i < found.best.size(); ++i) {
      EXPECT_EQ(text_of(found.best[i].parallelism), text_of(alone.best[i].parallelism));
      EXPECT_EQ(found.best[i].step_ns, alone.best[i].step_ns);
    }
    EXPECT_EQ(found.counts.fit, alone.counts.fit);
    EXPECT_EQ(found.counts.below, alone.counts.below);
    if (!crew.leads()) return;  // which alone has the proof
    ASSERT_EQ(lines.size(), proof.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      EXPECT_EQ(lines[i].valid, proof[i].valid) << i;
      EXPECT_EQ(lines[i].evaluated, proof[i].evaluated) << i;
      EXPECT_EQ(lines[i].least_step_ns, proof[i].least_step_ns) << i;
      EXPECT_EQ(lines[i].least_bound_ns, proof[i].least_bound_ns) << i;
    }
  });
}

TEST(PackedSurvivors, SayWhatTheyWere) {
  const std::vector<PairSurvivor> none;
  EXPECT_TRUE(unpacked_survivors(packed_survivors(none)).empty());
  const std::vector<PairSurvivor> two = {{7, 9, {.npus = {2, 4}, .classes = {0, 3}, .kinds = {1, 4}}, 1.5},
                                         {8, 0, {.npus = {8}, .classes = {1}, .kinds = {2}}, 2.5}};
  const std::vector<PairSurvivor> again = unpacked_survivors(packed_survivors(two));
  ASSERT_EQ(again.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again[i].candidate, two[i].candidate);
    EXPECT_EQ(again[i].arrangement, two[i].arrangement);
    EXPECT_EQ(again[i].shape.npus, two[i].shape.npus);
    EXPECT_EQ(again[i].shape.classes, two[i].shape.classes);
    EXPECT_EQ(again[i].shape.kinds, two[i].shape.kinds);
    EXPECT_EQ(again[i].bound, two[i].bound);
  }
}

// What one rank's divisions have reached is what the other's have, too, but for what reached nothing.
TEST(PackedSurvivors, LeadersOfAllAreTheLeastOfEach) {
  Leaders here(4);
  here.want(2);
  Leaders there(4);
  there.want(2);
  here.reach(0, 5.0);
  here.reach(1, 9.0);
  there.reach(1, 7.0);
  there.reach(3, 6.0);
  const std::vector<std::uint32_t> all = {0, 1, 2, 3};
  const std::string bytes = packed_reached(all, there);
  std::string_view rest = bytes;
  unpack_reached(rest, here);
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(here.reached(0), 5.0);
  EXPECT_EQ(here.reached(1), 7.0);
  EXPECT_TRUE(std::isinf(here.reached(2)));
  EXPECT_EQ(here.reached(3), 6.0);
  EXPECT_EQ(here.last(), 6.0);  // the second of 5, 6, 7
}

TEST(ClosedSizes, AreTheSameWhenUnpacked) {
  ClosedSizes line{.sizes = {2, 1, 4, 8},
                   .valid = 9,
                   .do_not_fit = 3,
                   .above_bound = 2,
                   .least_bound = 1.25,
                   .by_path = 5};
  line.pairs.push_back({.virtual_stages = 2,
                        .micro_batch = 4,
                        .zero = 3,
                        .recompute = Recomputation::Full,
                        .sequence_parallel = true,
                        .groups = "TP,CP,EP,DP,PP",
                        .npus = {2, 4},
                        .kinds = "R*",
                        .cuts = {{0.25, {1.0, 2.0}}, {0.75, {3.0, 4.0}}},
                        .bound = 7.5});
  line.pairs.push_back({.groups = "DP,TP,CP,EP,PP", .npus = {8}, .kinds = "S", .cuts = {}, .bound = 8.5});
  const ClosedSizes again = unpacked_closed_sizes(packed(line));
  EXPECT_EQ(again.sizes, line.sizes);
  EXPECT_EQ(again.least_bound, line.least_bound);
  EXPECT_EQ(again.by_path, 5);
  ASSERT_EQ(again.pairs.size(), 2U);
  EXPECT_EQ(again.pairs[0].groups, "TP,CP,EP,DP,PP");
  EXPECT_EQ(again.pairs[0].kinds, "R*");
  EXPECT_EQ(again.pairs[0].zero, 3);
  ASSERT_EQ(again.pairs[0].cuts.size(), 2U);
  EXPECT_EQ(again.pairs[0].cuts[1].weight, 0.75);
  EXPECT_EQ(again.pairs[0].cuts[1].gb_per_s, (std::vector<double>{3.0, 4.0}));
  EXPECT_EQ(again.pairs[1].npus, std::vector<int>{8});
  EXPECT_EQ(packed(again), packed(line));
}

}  // namespace
}  // namespace bandwright
