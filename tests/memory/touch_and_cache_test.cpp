// First touch and the cache model, whose rules can be followed by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "memory/cache.h"
#include "memory/first_touch.h"
#include "tests/memory/random_graph.h"

namespace bandwright {
namespace {

constexpr std::int64_t cache_line = 65536;

// Kernels of 1 us: each reads some tensors and writes others.
struct Uses {
  std::vector<int> reads;
  std::vector<int> writes;
};
PlacementProblem problem_of(std::vector<Tensor> tensors, const std::vector<Uses>& uses, Bytes limit) {
  PlacementProblem problem{.tiers = test_tiers(), .fast_limit = limit};
  problem.graph.tensors = std::move(tensors);
  for (const Uses& each : uses) {
    Kernel kernel{.name = "k" + std::to_string(problem.graph.kernels.size()), .fast_ns = 1000};
    kernel.arguments = each.reads;
    kernel.arguments.insert(kernel.arguments.end(), each.writes.begin(), each.writes.end());
    kernel.outputs_from = static_cast<int>(each.reads.size());
    kernel.slow_ns.assign(kernel.arguments.size(), 100);
    problem.graph.kernels.push_back(std::move(kernel));
  }
  return problem;
}

// Lines that come and go in a steady step; the time is the kernels' and the copies'.
void expect_lines(const PlacementProblem& problem, std::int64_t fetched, std::int64_t evicted) {
  const PlacementSummary summary = cache_model(problem, {});
  EXPECT_EQ(summary.status, PlacementStatus::Optimal);
  EXPECT_EQ(summary.to_fast, bytes(cache_line * fetched));
  EXPECT_EQ(summary.to_slow, bytes(cache_line * evicted));
  const double kernels = 1000.0 * static_cast<double>(problem.graph.kernels.size());
  const auto ns = [](std::int64_t lines, Bandwidth speed) {
    return static_cast<double>(cache_line * lines) / speed.value();
  };
  const CopyBandwidth& copies = problem.tiers.copies;
  EXPECT_NEAR(summary.ns, kernels + ns(fetched, copies.to_fast) + ns(evicted, copies.to_slow), 1e-6);
  EXPECT_EQ(summary.bound_ns, summary.ns);
}

// T and U of four lines each, which four lines of cache cannot hold together. a writes T; b reads T and
// writes U; c reads T; d reads U.
PlacementProblem two_in_turn(std::int64_t lines) {
  return problem_of({{"T", bytes(4 * cache_line)}, {"U", bytes(4 * cache_line)}},
                    {{{}, {0}}, {{0}, {1}}, {{0}, {}}, {{1}, {}}}, bytes(lines * cache_line));
}

// b finds T, and its whole lines of U need no fetch but drive out T's, which a wrote: 4 back. c drives out
// U's and fetches T: 4 back, 4 fetched. d fetches U; T is clean. Next, a writes T over clean lines.
TEST(CacheModel, ConflictsFetchAndWriteBack) { expect_lines(two_in_turn(4), 8, 8); }

// Eight lines hold both, whatever is written.
TEST(CacheModel, WhatFitsStays) {
  expect_lines(two_in_turn(8), 0, 0);
  expect_lines(two_in_turn(100), 0, 0);
}

// Six lines of cache: T is in 0 to 3, U in 4, 5, 0, 1. Two lines of each conflict, as above.
TEST(CacheModel, OnlyLinesOfOnePlaceConflict) { expect_lines(two_in_turn(6), 4, 4); }

// Less than a line is no cache: three reads and two writes of four lines.
TEST(CacheModel, LessThanALineIsNone) {
  PlacementProblem problem = two_in_turn(1);
  problem.fast_limit = bytes(cache_line - 1);
  expect_lines(problem, 12, 8);
}

// T is half a line, U one line behind it: in halves of two. One line of cache. a writes half of line 0, which
// is fetched for the rest. b finds it, and for the first half of U too; the second is in line 1, which is
// fetched and drives out line 0, dirty. c reads U: line 0 drives out line 1, dirty, then line 1 line 0,
// clean.
TEST(CacheModel, LinesWrittenInPartAreFetched) {
  expect_lines(problem_of({{"T", bytes(cache_line / 2)}, {"U", bytes(cache_line)}},
                          {{{}, {0}}, {{0}, {1}}, {{1}, {}}}, bytes(cache_line)),
               4, 2);
}

// Where a tensor's last user has run, the next one lies at its address: three in turn need one place.
TEST(CacheModel, AddressesAreUsedAgain) {
  std::vector<Tensor> tensors;
  std::vector<Uses> uses;
  for (int i = 0; i < 3; ++i) {
    tensors.push_back({"t" + std::to_string(i), bytes(2 * cache_line)});
    uses.push_back({{}, {i}});
    uses.push_back({{i}, {}});
  }
  expect_lines(problem_of(tensors, uses, bytes(2 * cache_line)), 0, 0);
  expect_lines(problem_of(tensors, uses, bytes(cache_line)), 6,
               6);  // two lines in one place: written, read again
}

TEST(CacheModel, KernelsThatDoNotRunInFastMemoryAreTheReason) {
  PlacementProblem problem = two_in_turn(8);
  problem.graph.kernels[1].fast_ns = never;
  const PlacementSummary summary = cache_model(problem, {});
  EXPECT_EQ(summary.status, PlacementStatus::Infeasible);
  EXPECT_FALSE(summary.found());
  EXPECT_EQ(summary.reason, "cache: a kernel has no time measured with every tensor in fast memory");
}

// The largest run of whole pages below `limit` that no block covers while kernel k runs.
Bytes largest_hole(const TrainingGraph& graph, const std::vector<Placed>& blocks, int k, Bytes limit) {
  std::vector<std::pair<Bytes, Bytes>> taken;
  for (const Placed& block : blocks) {
    if (block.stay.first > k || block.stay.last < k) continue;
    taken.emplace_back(block.offset, block.offset + whole_pages(graph.tensors[block.stay.tensor].bytes));
  }
  taken.emplace_back(limit, limit);
  std::sort(taken.begin(), taken.end());
  Bytes at;
  Bytes largest;
  for (const auto& [begin, end] : taken) {
    largest = std::max(largest, begin - at);
    at = end;
  }
  return largest;
}

// Blocks that meet in time never share a byte and end below the limit; a tensor lives in slow memory only
// where its kernel finds no hole that holds it.
TEST(FirstTouch, TakesWhatIsFree) {
  int slow = 0;
  int fast = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    PlacementProblem problem{
        .graph = random_graph(seed, 14, false), .tiers = test_tiers(), .fast_limit = bytes(0)};
    sort_and_check(problem.graph);
    problem.graph.kept.clear();  // which live in slow memory for other reasons, too
    const TrainingGraph& graph = problem.graph;
    const Bytes peak = peak_live(graph);
    const Users uses = users(graph);
    for (const std::int64_t parts : {1, 2, 3, 4}) {
      problem.fast_limit = bytes(peak.value() * parts / 4 / page.value() * page.value());
      const PlacementSummary summary = first_touch(problem, {});
      ASSERT_TRUE(summary.found()) << summary.reason;
      const std::vector<Placed>& blocks = summary.placed->addresses.blocks;
      Bytes top;
      for (const Placed& one : blocks) {
        const Bytes end = one.offset + whole_pages(graph.tensors[one.stay.tensor].bytes);
        top = std::max(top, end);
        EXPECT_EQ(one.stay.first, uses[one.stay.tensor].front());
        EXPECT_EQ(one.stay.last, uses[one.stay.tensor].back());
        for (const Placed& other : blocks) {
          if (&one == &other || one.stay.first > other.stay.last || other.stay.first > one.stay.last)
            continue;
          EXPECT_TRUE(other.offset >= end ||
                      one.offset >= other.offset + whole_pages(graph.tensors[other.stay.tensor].bytes))
              << seed;
        }
      }
      EXPECT_LE(top, problem.fast_limit);
      EXPECT_EQ(summary.placed->addresses.high_water, top);
      for (int tensor = 0; tensor < static_cast<int>(graph.tensors.size()); ++tensor) {
        const bool placed = std::any_of(blocks.begin(), blocks.end(),
                                        [&](const Placed& each) { return each.stay.tensor == tensor; });
        ASSERT_EQ(placed, summary.schedule.born_fast[tensor]);
        ++(placed ? fast : slow);
        if (placed) continue;
        const Bytes hole = largest_hole(graph, blocks, uses[tensor].front(), problem.fast_limit);
        EXPECT_LT(hole, whole_pages(graph.tensors[tensor].bytes))
            << seed << ", " << graph.tensors[tensor].name;
      }
    }
  }
  EXPECT_GT(fast, 1000);
  EXPECT_GT(slow, 1000);
}

// The time is every kernel's with what it finds in slow memory, +100 ns each; moves are none.
TEST(FirstTouch, TakesEachKernelsTime) {
  // Two pages of three: T takes one, U of two pages none, V the other.
  const PlacementProblem problem = problem_of({{"T", page}, {"U", page * 2}, {"V", page}},
                                              {{{}, {0}}, {{}, {1}}, {{}, {2}}, {{0, 1, 2}, {}}}, page * 2);
  const PlacementSummary summary = first_touch(problem, {});
  EXPECT_THAT(summary.schedule.born_fast, testing::ElementsAre(true, false, true));
  EXPECT_TRUE(summary.schedule.actions.empty());
  EXPECT_DOUBLE_EQ(summary.ns, 4000 + 2 * 100);  // U is written once and read once
  EXPECT_EQ(summary.bound_ns, summary.ns);
}

// A kept tensor lies in fast memory at both ends or at neither, and what it would have taken is free.
TEST(FirstTouch, KeepsBothEndsAlike) {
  // W is handed to k0, which leaves W' while X is written first and takes the only other page.
  PlacementProblem problem = problem_of({{"W", page}, {"X", page}, {"W'", page}},
                                        {{{}, {0}}, {{}, {1}}, {{0, 1}, {2}}, {{1, 2}, {}}}, page * 2);
  EXPECT_THAT(first_touch(problem, {}).schedule.born_fast, testing::ElementsAre(true, true, false));
  problem.graph.kept = {{.first = 0, .last = 2}};
  EXPECT_THAT(first_touch(problem, {}).schedule.born_fast, testing::ElementsAre(false, true, false));
  problem.fast_limit = page * 3;
  EXPECT_THAT(first_touch(problem, {}).schedule.born_fast, testing::Each(true));
}

}  // namespace
}  // namespace bandwright
