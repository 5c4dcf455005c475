// Do the simple policies follow their rules, and does money add up?
#include <gtest/gtest.h>

#include "memory/cost.h"
#include "memory/placement.h"
#include "tests/memory/random_graph.h"

namespace bandwright {
namespace {

// a writes t0, b writes t1 (a page each), c reads both and writes t2. 1000 ns; slow arguments add 100 ns.
PlacementProblem three_tensors(Bytes limit) {
  PlacementProblem problem{.tiers = test_tiers(), .fast_limit = limit};
  problem.graph.tensors = {{"t0", page}, {"t1", page}, {"t2", page}};
  problem.graph.kernels = {
      {.name = "a", .arguments = {0}, .fast_ns = 1000, .slow_ns = {100}},
      {.name = "b", .arguments = {1}, .fast_ns = 1000, .slow_ns = {100}},
      {.name = "c", .arguments = {0, 1, 2}, .outputs_from = 2, .fast_ns = 1000, .slow_ns = {100, 100, 100}}};
  return problem;
}

PlacementSummary run(const PlacementProblem& problem, std::string_view policy) {
  return place(problem, find_policy(policy), {});
}

TEST(Policies, BoundsHeedNoLimit) {
  EXPECT_DOUBLE_EQ(run(three_tensors(bytes(0)), "all-fast").ns, 3000);
  EXPECT_DOUBLE_EQ(run(three_tensors(page * 9), "all-slow").ns, 3500);
}

TEST(Policies, FirstTouchGivesTheFirstComersTheFastMemory) {
  // One page: t0 gets it, t1 and t2 do not: b + 100, c + 200.
  const PlacementSummary summary = run(three_tensors(page), "first-touch");
  EXPECT_DOUBLE_EQ(summary.ns, 3300);
  EXPECT_EQ(summary.schedule.born_fast, (std::vector<bool>{true, false, false}));
  EXPECT_EQ(summary.placed->addresses.high_water, page);
}

TEST(Policies, CacheLargeEnoughCostsNothingAndWithoutAnyCostsEverything) {
  // Each tensor lies in one line of 64 kB, all three in the same. The first step fetches it once, the second
  // finds it.
  EXPECT_DOUBLE_EQ(run(three_tensors(bytes(1 << 20)), "cache").ns, 3000);
  // No line at all: 2 reads at 20 GB/s and 3 writes at 10 GB/s of 65536 B.
  EXPECT_NEAR(run(three_tensors(bytes(0)), "cache").ns, 3000 + 2 * 65536 / 20.0 + 3 * 65536 / 10.0, 1e-6);
}

TEST(Policies, UnknownOnesAreRefusedWithTheChoices) {
  try {
    find_policy("sinchronous");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()),
              "unknown policy 'sinchronous'; did you mean 'synchronous'? (choices: all-fast, all-slow, "
              "first-touch, "
              "static, synchronous, asynchronous, cache)");
  }
}

// (R / 2.1 + 1) / (R + 1): 0.534, 0.581 and 0.738 of all-fast at 8:1, 4:1 and 1:1 (Hildebrand et al., figure
// 9).
TEST(Cost, IsThePublishedShareOfAllFast) {
  const Bytes total = bytes(90'000'000'000);
  const double all = memory_cost(test_tiers(), total, total).value();
  for (const auto& [slow, expected] : {std::pair{8, 0.534}, {4, 0.581}, {1, 0.738}}) {
    EXPECT_NEAR(memory_cost(test_tiers(), bytes(total.value() / (slow + 1)), total).value() / all, expected,
                5e-4);
  }
  EXPECT_DOUBLE_EQ(memory_cost(test_tiers(), total * 2, total).value(), all);
}

TEST(Cost, TheFrontHoldsWhatNothingBeats) {
  const std::vector<Offer> offers = {{1, 9}, {2, 5}, {2, 6}, {3, 5}, {4, 1}};
  EXPECT_EQ(pareto_front(offers), (std::vector<bool>{true, true, false, false, true}));
}

}  // namespace
}  // namespace bandwright
