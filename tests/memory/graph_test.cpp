// Graphs of tensors: what is sorted, counted and refused, by random graphs against plain counting.
#include "memory/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "memory/allocator.h"
#include "memory/cost.h"
#include "memory/placement.h"
#include "tests/memory/random_graph.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

TEST(Pages, AreWhole) {
  EXPECT_EQ(whole_pages(bytes(0)), bytes(0));
  EXPECT_EQ(whole_pages(bytes(1)), page);
  EXPECT_EQ(whole_pages(page), page);
  EXPECT_EQ(whole_pages(page + bytes(1)), page * 2);
}

// Whatever the order kernels are listed in, each comes after those that write what it reads; of kernels that
// may come next the first listed does.
TEST(TrainingGraphs, AreSortedWhateverTheirOrder) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    TrainingGraph graph = random_graph(seed, 12, false);
    std::mt19937 random(seed);
    std::shuffle(graph.kernels.begin(), graph.kernels.end(), random);
    std::map<std::string, std::size_t> listed;
    for (std::size_t k = 0; k < graph.kernels.size(); ++k) listed[graph.kernels[k].name] = k;
    TrainingGraph sorted = graph;
    sort_and_check(sorted);
    ASSERT_EQ(sorted.kernels.size(), graph.kernels.size());
    std::vector<bool> written(graph.tensors.size());
    std::vector<bool> done(graph.kernels.size());
    const auto ready = [&](const Kernel& kernel) {
      return std::all_of(kernel.arguments.begin(), kernel.arguments.begin() + kernel.outputs_from,
                         [&](int tensor) { return written[static_cast<std::size_t>(tensor)]; });
    };
    for (const Kernel& kernel : sorted.kernels) {
      const std::size_t place = listed.at(kernel.name);
      ASSERT_TRUE(ready(kernel)) << seed;
      for (std::size_t other = 0; other < place; ++other)
        ASSERT_FALSE(!done[other] && ready(graph.kernels[other])) << seed;
      done[place] = true;
      for (std::size_t a = static_cast<std::size_t>(kernel.outputs_from); a < kernel.arguments.size(); ++a) {
        written[static_cast<std::size_t>(kernel.arguments[a])] = true;
      }
    }
    TrainingGraph again = sorted;
    sort_and_check(again);
    for (std::size_t k = 0; k < again.kernels.size(); ++k)
      EXPECT_EQ(again.kernels[k].name, sorted.kernels[k].name);
  }
}

// At each kernel, the tensors that were written before and are read at or after it, in whole pages.
TEST(TrainingGraphs, ThePeakIsTheFullestKernel) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const TrainingGraph graph = random_graph(seed, 12, seed % 2 == 0);
    const Users uses = users(graph);
    std::int64_t most = 0;
    for (int k = 0; k < static_cast<int>(graph.kernels.size()); ++k) {
      std::int64_t live = 0;
      for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
        ASSERT_TRUE(std::is_sorted(uses[t].begin(), uses[t].end()));
        const bool alive = !uses[t].empty() && uses[t].front() <= k && k <= uses[t].back();
        if (alive) live += whole_pages(graph.tensors[t].bytes).value();
      }
      most = std::max(most, live);
    }
    EXPECT_EQ(peak_live(graph).value(), most) << seed;
  }
}

// Linear kernels add up; measured ones have the times that were measured, and no others.
TEST(Kernels, TakeTheTimesOfTheirConfigurations) {
  const Kernel linear{
      .arguments = {0, 1, 2}, .outputs_from = 2, .fast_ns = 100.0, .slow_ns = {1.0, 10.0, 1000.0}};
  EXPECT_EQ(linear.ns(0b000), 100.0);
  EXPECT_EQ(linear.ns(0b101), 1101.0);
  EXPECT_EQ(linear.ns(0b111), 1111.0);
  EXPECT_FALSE(linear.writes(1));
  EXPECT_TRUE(linear.writes(2));
  const Kernel measured{.arguments = {0}, .fast_ns = 5.0, .measured = {{0, 7.0}}};
  EXPECT_EQ(measured.ns(0), 7.0);
  EXPECT_TRUE(std::isinf(measured.ns(1)));
}

TEST(TrainingGraphs, ThatCannotBeAreNamed) {
  const auto said = [](std::vector<Kernel> kernels, std::size_t tensors = 3) {
    TrainingGraph graph{.kernels = std::move(kernels)};
    for (std::size_t t = 0; t < tensors; ++t) graph.tensors.push_back({"t" + std::to_string(t), page});
    return refused([&] { return sort_and_check(graph); });
  };
  EXPECT_EQ(said({{.name = "a", .arguments = {0}}, {.name = "b", .arguments = {0, 1}, .outputs_from = 1}}),
            "");
  EXPECT_EQ(said({{.name = "a", .arguments = {0}}, {.name = "b", .arguments = {0}}}),
            "tensor 't0' is written by kernel 'a' and again by kernel 'b'");
  EXPECT_EQ(said({{.name = "a", .arguments = {0, 1}, .outputs_from = 1}}),
            "tensor 't0' of kernel 'a' is never written");
  EXPECT_EQ(said({{.name = "a", .arguments = {0, 1}, .outputs_from = 1},
                  {.name = "b", .arguments = {1, 0}, .outputs_from = 1}}),
            "kernel 'a' waits for its own result: the graph is cyclic");
  Kernel wide{.name = "wide"};
  for (int t = 0; t < 33; ++t) wide.arguments.push_back(t);
  EXPECT_EQ(said({wide}, 33), "kernel 'wide' has more than 32 tensors");
  wide.arguments.pop_back();
  EXPECT_EQ(said({wide}, 33), "");
}

// Random requests against a map of pages: blocks never overlap nor leave, nothing is refused that a free run
// of pages has room for, and the smallest run is taken, the lowest of equal ones.
TEST(BestFitAllocator, FollowsItsRuleWhateverIsAsked) {
  constexpr int pages = 64;
  std::mt19937 random(5);
  for (int round = 0; round < 20; ++round) {
    BestFitAllocator allocator(page * pages);
    std::vector<bool> taken(pages);
    std::vector<std::pair<int, int>> blocks;  // first page and count
    const auto best_run = [&](int wanted) {
      int best = -1;
      int best_length = pages + 1;
      for (int first = 0; first < pages; ++first) {
        if (taken[static_cast<std::size_t>(first)] ||
            (first > 0 && !taken[static_cast<std::size_t>(first - 1)]))
          continue;
        int length = 0;
        while (first + length < pages && !taken[static_cast<std::size_t>(first + length)]) ++length;
        if (length >= wanted && length < best_length) {
          best = first;
          best_length = length;
        }
      }
      return best;
    };
    const auto mark = [&](std::pair<int, int> block, bool value) {
      for (int i = 0; i < block.second; ++i) taken[static_cast<std::size_t>(block.first + i)] = value;
    };
    for (int i = 0; i < 400; ++i) {
      if (!blocks.empty() && random() % 2 == 0) {
        const std::size_t which = random() % blocks.size();
        allocator.free(page * blocks[which].first, page * blocks[which].second);
        mark(blocks[which], false);
        blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(which));
        continue;
      }
      const int wanted = static_cast<int>(1 + random() % 12);
      const int expected = best_run(wanted);
      const std::optional<Bytes> given =
          allocator.allocate(page * wanted - bytes(static_cast<std::int64_t>(random() % 4096)));
      ASSERT_EQ(given.has_value(), expected >= 0);
      if (!given) continue;
      ASSERT_EQ(*given, page * expected);
      blocks.emplace_back(expected, wanted);
      mark(blocks.back(), true);
    }
  }
}

// Dollars of what lies in each tier: linear in both, never less for more fast memory where that is dearer.
TEST(MemoryCosts, AreThoseOfBothTiers) {
  const TierPair tiers = test_tiers();  // 2.1 and 1 dollar per GB
  const Bytes total = bytes(10'000'000'000);
  EXPECT_DOUBLE_EQ(memory_cost(tiers, bytes(0), total).value(), 10.0);
  EXPECT_DOUBLE_EQ(memory_cost(tiers, total, total).value(), 21.0);
  EXPECT_DOUBLE_EQ(memory_cost(tiers, bytes(4'000'000'000), total).value(), 4 * 2.1 + 6.0);
  EXPECT_EQ(memory_cost(tiers, total * 3, total), memory_cost(tiers, total, total));  // at most all
}

class PoliciesOfRandomGraphs : public testing::TestWithParam<int> {
 protected:
  [[nodiscard]] PlacementProblem problem(double share) const {
    PlacementProblem result{
        random_graph(static_cast<unsigned>(GetParam()), 10, GetParam() % 2 == 0), test_tiers(), {}};
    const auto whole = static_cast<double>(peak_live(result.graph).value() / page.value());
    result.fast_limit = page * static_cast<std::int64_t>(share * whole);
    return result;
  }
  static PlacementSummary placed(const PlacementProblem& problem, std::string_view policy) {
    return place(problem, find_policy(policy), {});
  }
};

// What a policy promises the replay finds, in the memory that it may take; all tensors in one tier take the
// kernels' time and copy nothing.
TEST_P(PoliciesOfRandomGraphs, PromiseWhatTheReplayFinds) {
  for (const double share : {0.0, 0.3, 0.7, 1.0}) {
    const PlacementProblem asked = problem(share);
    for (const char* policy : {"all-fast", "all-slow", "first-touch"}) {
      const PlacementSummary summary = placed(asked, policy);
      if (!summary.found()) continue;
      ASSERT_TRUE(summary.replay) << policy;
      EXPECT_EQ(summary.replay->fault, "") << policy;
      EXPECT_NEAR(to_ns(summary.replay->total), summary.ns, 1.0) << policy;
      EXPECT_EQ(summary.replay->total,
                summary.replay->kernels + summary.replay->copy_stall + summary.replay->overlap_stall);
      EXPECT_EQ(summary.to_fast, summary.replay->to_fast);
      EXPECT_EQ(summary.to_slow, summary.replay->to_slow);
      const std::string name = policy;
      if (name == "first-touch") {
        EXPECT_LE(summary.peak_fast, asked.fast_limit) << share;
      } else {
        EXPECT_EQ(summary.replay->to_fast + summary.replay->to_slow, bytes(0)) << policy;
        EXPECT_EQ(summary.replay->fast_share, name == "all-fast" ? 1.0 : 0.0);
      }
    }
  }
}

// Spans follow each other in time; kernels are those of the graph, one after the other, as long as their
// configuration says.
TEST_P(PoliciesOfRandomGraphs, AreReplayedKernelByKernel) {
  const PlacementProblem asked = problem(0.5);
  const PlacementSummary summary = placed(asked, "first-touch");
  ASSERT_TRUE(summary.replay);
  Time now;
  int kernel = 0;
  for (const Span& span : summary.replay->spans) {
    EXPECT_GE(span.start, now);
    if (span.tensor >= 0) continue;
    EXPECT_EQ(span.kernel, kernel);
    EXPECT_EQ(span.end - span.start,
              nanoseconds(asked.graph.kernels[static_cast<std::size_t>(kernel)].ns(span.slow)));
    now = span.end;
    ++kernel;
  }
  EXPECT_EQ(kernel, static_cast<int>(asked.graph.kernels.size()));
}

// Fast tiers twice as fast at copies take half as long to copy; a cache as large as everything misses once.
TEST_P(PoliciesOfRandomGraphs, CachesMissLessWhenTheyAreLarger) {
  double before = 1e300;
  for (const double share : {0.0, 1.0, 64.0}) {
    PlacementProblem asked = problem(share);
    asked.fast_limit = std::max(asked.fast_limit, page);
    const PlacementSummary summary = placed(asked, "cache");
    const double all_fast = placed(asked, "all-fast").ns;
    EXPECT_GE(summary.ns, all_fast * (1.0 - 1e-12));
    if (share == 0.0) before = summary.ns;
    if (share == 64.0) {
      EXPECT_LE(summary.ns, before * (1.0 + 1e-12));
    }
    EXPECT_FALSE(summary.replay);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PoliciesOfRandomGraphs, testing::Range(0, 20));

}  // namespace
}  // namespace bandwright
