// What a search of networks remembers of what it reached: against sorting everything.
#include "plan/hardware/search/leaders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <thread>

#include "plan/hardware/search/packed_survivors.h"
#include "runner/message.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

constexpr double nothing_yet = std::numeric_limits<double>::infinity();

// The least of each division, different values in order; the so-manyth, or none.
double last_of(const std::vector<double>& reached, std::size_t wanted) {
  std::vector<double> values;
  for (const double each : reached) {
    if (std::isfinite(each)) values.push_back(each);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values.size() < wanted ? nothing_yet : values[wanted - 1];
}

// Values differ by whole numbers. A division that leads may come to tie with another: then the last one is
// that of before, which the search makes up for by wanting more.
TEST(Leaders, TheLastIsThatOfAllThatWereReached) {
  std::mt19937 random(11);
  for (int trial = 0; trial < 300; ++trial) {
    const std::size_t divisions = 1 + random() % 12;
    const std::size_t wanted = 1 + random() % 5;
    Leaders leaders(divisions);
    leaders.want(wanted);
    std::vector<double> reached(divisions, nothing_yet);
    double before = nothing_yet;
    for (int step = 0; step < 60; ++step) {
      const auto division = static_cast<std::uint32_t>(random() % divisions);
      const double value = 1.0 + static_cast<double>(random() % 1000);
      leaders.reach(division, value);
      reached[division] = std::min(reached[division], value);
      EXPECT_EQ(leaders.reached(division), reached[division]);
      EXPECT_LE(leaders.last(), before) << "never loosens";
      EXPECT_LE(leaders.last(), last_of(reached, wanted));
      before = leaders.last();
    }
    leaders.want(wanted);  // anew, of what was reached
    EXPECT_EQ(leaders.last(), last_of(reached, wanted)) << trial;
    leaders.want(divisions + 1);
    EXPECT_EQ(leaders.last(), nothing_yet);
  }
}

// Without ties the last one is exact at every moment.
TEST(Leaders, TheLastIsExactWithoutTies) {
  std::mt19937 random(12);
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<double> values(40);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i + 1);
    std::shuffle(values.begin(), values.end(), random);
    const std::size_t wanted = 1 + random() % 6;
    Leaders leaders(8);
    leaders.want(wanted);
    std::vector<double> reached(8, nothing_yet);
    for (const double value : values) {
      const auto division = static_cast<std::uint32_t>(random() % 8);
      leaders.reach(division, value);
      reached[division] = std::min(reached[division], value);
      EXPECT_EQ(leaders.last(), last_of(reached, wanted));
    }
  }
}

// Values within a millionth may tie, and count once.
TEST(Leaders, WhatMayTieCountsOnce) {
  Leaders leaders(4);
  leaders.want(2);
  leaders.reach(0, 100.0);
  leaders.reach(1, 100.0 * (1.0 + 1e-8));
  EXPECT_EQ(leaders.last(), nothing_yet) << "one value so far";
  leaders.reach(2, 100.0 * (1.0 + 1e-5));
  EXPECT_DOUBLE_EQ(leaders.last(), 100.0 * (1.0 + 1e-5));
  leaders.reach(3, 90.0);
  EXPECT_EQ(leaders.last(), 100.0 * (1.0 + 1e-8)) << "all that tie with the last";
}

// Whatever the order in which threads come: what each reached at last is the least it was told.
TEST(Leaders, AnyNumberOfThreadsReachesTheSame) {
  constexpr std::size_t divisions = 16;
  for (const unsigned threads : {1U, 4U}) {
    Leaders leaders(divisions);
    leaders.want(5);
    std::vector<std::thread> all;
    for (unsigned t = 0; t < threads; ++t) {
      all.emplace_back([&, t] {
        for (unsigned i = t; i < 4000; i += threads) {
          // A permutation of 0 ... 4000, as 7 has no common divisor with 4001: no value comes twice.
          leaders.reach(i % divisions, 1.0 + static_cast<double>(i * 7 % 4001));
        }
      });
    }
    for (std::thread& each : all) each.join();
    std::vector<double> reached(divisions, nothing_yet);
    for (unsigned i = 0; i < 4000; ++i) {
      double& least = reached[i % divisions];
      least = std::min(least, 1.0 + static_cast<double>(i * 7 % 4001));
    }
    for (std::uint32_t d = 0; d < divisions; ++d) EXPECT_EQ(leaders.reached(d), reached[d]) << d;
    EXPECT_EQ(leaders.last(), last_of(reached, 5)) << threads;
  }
}

// The best of each candidate, the best first; of equals the first candidate.
TEST(ReachedNetworks, KeepsTheBestOfEach) {
  ReachedNetworks reached;
  EXPECT_TRUE(reached.best().empty());
  reached.keep(3, {.value = 5.0, .step_ns = 1.0, .gb_per_s = {1.0}});
  reached.keep(1, {.value = 7.0, .step_ns = 2.0, .gb_per_s = {2.0}});
  reached.keep(3, {.value = 6.0, .step_ns = 3.0, .gb_per_s = {3.0}});  // worse: not kept
  reached.keep(1, {.value = 5.0, .step_ns = 4.0, .arrangement = 9, .gb_per_s = {4.0}});
  const auto best = reached.best();
  ASSERT_EQ(best.size(), 2U);
  EXPECT_EQ(best[0].first, 1U);
  EXPECT_EQ(best[0].second.arrangement, 9U);
  EXPECT_EQ(best[0].second.gb_per_s, std::vector<double>{4.0});
  EXPECT_EQ(best[1].first, 3U);
  EXPECT_EQ(best[1].second.step_ns, 1.0);
}

// The last one listed, what the division reached elsewhere, and of step times the longest that is asked for;
// each with the gap to which optima are known.
TEST(ExcludingLimit, IsTheLeastOfWhatExcludes) {
  HardwareSpace space;
  HardwareSearch search;
  Leaders leaders(3);
  leaders.want(1);
  EXPECT_EQ(excluding_limit(space, search, leaders, 0), nothing_yet);
  leaders.reach(0, 80.0);
  leaders.reach(1, 100.0);
  const double more = 1.0 + space.goal.gap();
  EXPECT_EQ(excluding_limit(space, search, leaders, 0), 80.0 * more);
  EXPECT_EQ(excluding_limit(space, search, leaders, 1), 80.0 * more);
  leaders.want(3);
  EXPECT_EQ(excluding_limit(space, search, leaders, 1), 100.0 * more);
  EXPECT_EQ(excluding_limit(space, search, leaders, 2), nothing_yet);
  search.longest_step_ns = 50.0;
  EXPECT_EQ(excluding_limit(space, search, leaders, 2), 50.0 * more);
  space.goal = {PlanObjective::NetworkCost, 0.0, 50.0};  // dollars are compared, not times
  EXPECT_EQ(excluding_limit(space, search, leaders, 2), nothing_yet);
}

TEST(Above, IsStrictButForRounding) {
  EXPECT_FALSE(above(1.0, 1.0));
  EXPECT_FALSE(above(1.0 + 1e-13, 1.0));
  EXPECT_TRUE(above(1.0 + 1e-11, 1.0));
  EXPECT_FALSE(above(1e300, nothing_yet));
  EXPECT_TRUE(above(nothing_yet, nothing_yet)) << "no network is fast enough";
}

// A message that is cut anywhere is refused, and no byte of it is read beyond its end.
TEST(PackedSurvivors, AMessageThatIsCutIsRefused) {
  const std::string whole =
      packed_survivors({{7, 9, {.npus = {2, 4}, .classes = {0, 3}, .kinds = {1, 4}}, 1.5}});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(refused([&] { return unpacked_survivors(std::string_view(whole).substr(0, size)); }),
              "ranks: a message is shorter than it should be")
        << size;
  }
  Leaders leaders(2);
  leaders.want(1);
  leaders.reach(1, 4.0);
  const std::vector<std::uint32_t> both = {0, 1};
  const std::string reached = packed_reached(both, leaders);
  for (std::size_t size = 0; size < reached.size(); ++size) {
    EXPECT_THROW(
        {
          std::string_view rest = std::string_view(reached).substr(0, size);
          unpack_reached(rest, leaders);
        },
        InputError)
        << size;
  }
}

}  // namespace
}  // namespace bandwright
