// How searches go on: what they tell meanwhile, what they have when they are ended early, and how many rows
// there are for what is asked.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <map>
#include <set>

#include "plan/division_search.h"
#include "plan/hardware/hardware_search.h"
#include "plan/hardware/proof/hardware_proof.h"
#include "plan/proof.h"
#include "plan/step_evaluator.h"
#include "tests/plan/hardware_spaces.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

DivisionSpace sixteen_npus() {
  DivisionSpace space{.job = {load_architecture("llama3-8b"), load_machine("dgx-h100")}, .npus = {16}};
  space.job.parallelism.global_batch = 32;
  space.virtual_stages = {1, 2};
  space.micro_batch = {1, 2};
  return space;
}

using Told = std::map<std::string, std::vector<double>, std::less<>>;

SearchProgress teller(Told& told) {
  return [&told](std::string_view stage, double share) { told[std::string(stage)].push_back(share); };
}

// Shares of a stage rise from more than nothing to all of it, unless it is begun anew.
void expect_stages(const Told& told, const std::set<std::string>& stages) {
  std::set<std::string> found;
  for (const auto& [stage, shares] : told) {
    found.insert(stage);
    EXPECT_EQ(shares.back(), 1.0) << stage;
    double before = 0.0;
    for (const double share : shares) {
      EXPECT_TRUE(share > before || before == 1.0) << stage << " " << share << " after " << before;
      EXPECT_LE(share, 1.0);
      before = share;
    }
  }
  EXPECT_EQ(found, stages);
}

TEST(SearchCourse, EveryStageIsToldToItsEnd) {
  for (const int threads : {1, 2}) {
    Told told;
    const DivisionSearch search{.best = 3, .threads = threads, .progress = teller(told)};
    const DivisionSpace space = sixteen_npus();
    const RankedDivisions found = best_divisions(space, search);
    EXPECT_FALSE(prove(space, search, found).empty());
    expect_stages(told, {"divisions", "proof"});
  }
  HardwareSpace networks = hardware_space("llama3-8b", "dgx-h100", 8, 16, 60.0, false, 2);
  narrow(networks);
  Told told;
  HardwareSearch search{.best = 2, .threads = 2};
  search.progress = teller(told);
  const RankedHardwares found = best_hardware(networks, search);
  EXPECT_FALSE(prove_hardware(networks, search, found).empty());
  expect_stages(told, {"divisions", "first guesses", "networks", "optima", "proof"});
}

TEST(SearchCourse, WhatFollowsAPieceIsCountedFromWhatWas) {
  std::vector<double> shares;
  const SearchProgress progress = [&](std::string_view /*stage*/, double share) { shares.push_back(share); };
  const auto tell = telling(progress, "stage", 8, 5);
  for (std::size_t piece = 0; piece < 3; ++piece) tell(piece);
  EXPECT_EQ(shares, (std::vector<double>{0.75, 0.875, 1.0}));
  EXPECT_FALSE(telling({}, "stage", 8)) << "nobody is told";
}

// Ended at any moment: rows are real steps in order, none better than the best, and what was counted is no
// more than there is.
TEST(SearchCourse, AnInterruptedSearchListsWhatItHas) {
  const DivisionSpace space = sixteen_npus();
  const RankedDivisions whole = best_divisions(space, {.best = 5});
  StepEvaluator evaluator(space.job, space.job.machine.network(16));
  std::size_t longest = 0;
  for (const int most : {0, 1, 5, 20, 100, 1000}) {
    std::atomic<int> asked = 0;
    const RankedDivisions found =
        best_divisions(space, {.best = 5, .threads = 1, .interrupted = [&] { return ++asked > most; }});
    if (!found.interrupted) {
      EXPECT_EQ(found.best.size(), whole.best.size());
      continue;
    }
    longest = std::max(longest, found.best.size());
    EXPECT_LE(found.best.size(), 5U);
    EXPECT_LE(found.counts.valid, whole.counts.valid);
    EXPECT_LE(found.counts.fit, whole.counts.fit);
    for (std::size_t i = 0; i < found.best.size(); ++i) {
      const RankedDivision& row = found.best[i];
      EXPECT_GE(row.step_ns, whole.best[0].step_ns);
      EXPECT_GE(row.step_ns, found.best[i == 0 ? 0 : i - 1].step_ns);
      EXPECT_NEAR(evaluator.step_ns(row.parallelism), row.step_ns, 1e-3) << "whole picoseconds";
      EXPECT_LE(row.memory_bytes, memory_limit(space, {}));
    }
  }
  EXPECT_GE(longest, 1U) << "some were ended while they had something";
}

// The rows of a short list are the first of a longer one; a list longer than the space has all of it, each
// division in one row or among its ties.
TEST(SearchCourse, AShortListBeginsALongOne) {
  DivisionSpace space = sixteen_npus();
  space.recompute = {Recomputation::None};
  space.zero = {0, 1};
  const RankedDivisions all = best_divisions(space, {.best = 100'000});
  std::int64_t listed = 0;
  for (const RankedDivision& row : all.best) listed += 1 + static_cast<std::int64_t>(row.ties.size());
  EXPECT_EQ(listed, all.counts.fit);
  EXPECT_EQ(all.counts.below, all.counts.fit) << "nothing bounds a list that is not full";
  EXPECT_EQ(all.evaluated, all.counts.fit);
  for (const std::size_t best : {std::size_t{1}, std::size_t{3}, all.best.size()}) {
    const RankedDivisions some = best_divisions(space, {.best = best});
    ASSERT_EQ(some.best.size(), best);
    EXPECT_LE(some.evaluated, all.evaluated);
    for (std::size_t i = 0; i < best; ++i) {
      EXPECT_EQ(some.best[i].step_ns, all.best[i].step_ns);
      EXPECT_TRUE(same_division(some.best[i].parallelism, all.best[i].parallelism)) << i;
      EXPECT_EQ(some.best[i].ties.size(), all.best[i].ties.size());
    }
  }
  // A limit between two rows leaves those before it, one at a row that row, too.
  for (const std::size_t rows : {std::size_t{1}, std::size_t{4}}) {
    DivisionSearch limited{.best = 100'000, .longest_step_ns = all.best[rows - 1].step_ns};
    EXPECT_EQ(best_divisions(space, limited).best.size(), rows);
    limited.longest_step_ns = 0.5 * (all.best[rows - 1].step_ns + all.best[rows].step_ns);
    EXPECT_EQ(best_divisions(space, limited).best.size(), rows);
  }
  EXPECT_TRUE(best_divisions(space, {.longest_step_ns = 0.5 * all.best[0].step_ns}).best.empty());
}

// Less memory leaves less, and what is left is what fits of all.
TEST(SearchCourse, LessMemoryLeavesLess) {
  const DivisionSpace space = sixteen_npus();
  const RankedDivisions all = best_divisions(space, {.best = 100'000});
  std::int64_t before = all.counts.fit;
  for (const double gib : {60.0, 40.0, 25.0, 1.0}) {
    const double limit = gib * 1024.0 * 1024.0 * 1024.0;
    const RankedDivisions less = best_divisions(space, {.best = 100'000, .most_memory_bytes = limit});
    EXPECT_LE(less.counts.fit, before);
    EXPECT_EQ(less.counts.valid, all.counts.valid);
    before = less.counts.fit;
    double largest = 0.0;
    for (const RankedDivision& row : less.best) largest = std::max(largest, row.memory_bytes);
    EXPECT_LE(largest, limit);
    EXPECT_EQ(less.smallest.size(), less.best.empty() ? 1U : 0U) << "what comes nearest where nothing fits";
    if (!less.smallest.empty()) {
      EXPECT_GT(less.smallest[0].memory_bytes, limit);
    }
  }
  EXPECT_EQ(before, 0) << "8e9 parameters in 2 bytes are 1 GB of each NPU, without gradients";
}

// One NPU and a batch of one: nothing is divided, and what is left to choose is what is computed again.
TEST(SearchCourse, OneNpuIsNotDivided) {
  DivisionSpace space{.job = {load_architecture("gpt-1.7b"), load_machine("dgx-h100")}, .npus = {1}};
  space.job.parallelism.global_batch = 1;
  const RankedDivisions found = best_divisions(space, {});
  EXPECT_EQ(found.counts.valid, 3);  // none, selective and full recomputation
  ASSERT_FALSE(found.best.empty());
  for (const RankedDivision& row : found.best) {
    EXPECT_EQ(row.parallelism.npus(), 1);
    EXPECT_EQ(row.parallelism.virtual_stages, 1);
    TrainingJob job = space.job;
    job.parallelism = row.parallelism;
    const TrainingEstimate alone = estimate(job);
    EXPECT_NEAR(alone.step_ns, row.step_ns, 1e-3);
    EXPECT_EQ(alone.exposed_communication_ns(), 0.0);
    EXPECT_EQ(alone.memory.total(), row.memory_bytes);
  }
  EXPECT_EQ(found.best[0].parallelism.recompute, Recomputation::None);
}

}  // namespace
}  // namespace bandwright
