// Max-min fair flows: rates and ends by hand, and against filling everything anew.
#include "network/flows/flow_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "core/error.h"
#include "network/flows/flow_play.h"

namespace bandwright {
namespace {

constexpr double gigabyte = 1e9;

std::vector<FlowStep> way(std::initializer_list<LinkId> links) {
  std::vector<FlowStep> steps;
  for (const LinkId link : links) steps.push_back({link});
  return steps;
}

PlannedFlow flow(double start_us, std::int64_t bytes, std::initializer_list<LinkId> links) {
  return {nanoseconds(start_us * 1e3), bytes, way(links)};
}

std::vector<double> ends_us(std::span<const double> capacity, const std::vector<PlannedFlow>& flows) {
  std::vector<double> result;
  for (const Time end : play_flows(capacity, flows)) result.push_back(to_us(end));
  return result;
}

// Rates of flows that all start now.
std::vector<double> rates(std::span<const double> capacity, const std::vector<PlannedFlow>& flows) {
  FlowEngine engine(capacity);
  std::vector<double> result;
  for (const PlannedFlow& each : flows) engine.start(Time(0), each.way, 1'000'000'000);
  engine.refill(Time(0));
  for (FlowId id = 0; id < flows.size(); ++id) result.push_back(engine.rate(id));
  return result;
}

TEST(FlowEngine, ALoneFlowTakesItsBytesOverTheSlowestLink) {
  // 1 MB at 1 GB/s: 1 ms.
  EXPECT_EQ(ends_us(std::vector{2 * gigabyte, gigabyte}, {flow(5, 1'000'000, {0, 1})}), std::vector{1005.0});
}

TEST(FlowEngine, TwoFlowsHalveALinkUntilOneHasEnded) {
  // 1 MB and 2 MB at 1 GB/s: both at 0.5 GB/s until 2 ms, when the second has 1 MB left at 1 GB/s.
  EXPECT_EQ(ends_us(std::vector{gigabyte}, {flow(0, 1'000'000, {0}), flow(0, 2'000'000, {0})}),
            (std::vector{2000.0, 3000.0}));
}

// 1 MB each over a link of 1 GB/s after 1 and 3 us: the first is alone for 2 us (2 kB), then 998 kB at half
// speed until 1,999 us, when the second has 2 kB left: 2,001 us.
TEST(FlowEngine, StartsAreNotWeights) {
  EXPECT_EQ(ends_us(std::vector{gigabyte}, {flow(1, 1'000'000, {0}), flow(3, 1'000'000, {0})}),
            (std::vector{1999.0, 2001.0}));
}

// Three lone flows that would all end after 1 ms; after 0.5 ms somebody joins one of them on its link: both
// have 0.5 and 1 MB left at half speed, until 1.5 ms, and the newcomer 0.5 MB more at full speed.
TEST(FlowEngine, AJoinedFlowLeavesThoseThatEndTogether) {
  EXPECT_EQ(ends_us(std::vector{gigabyte, gigabyte, gigabyte},
                    {flow(0, 1'000'000, {0}), flow(0, 1'000'000, {1}), flow(0, 1'000'000, {2}),
                     flow(500, 1'000'000, {1})}),
            (std::vector{1000.0, 1500.0, 1000.0, 2000.0}));
}

// What links carry is told alike of lone flows and of those that share: 1 GB/s of the second link's 2.
TEST(FlowEngine, RatesOfLoneFlowsAreTold) {
  FlowEngine engine(std::vector{1e9, 2e9});
  const FlowId lone = engine.start(Time(0), way({0, 1}), 1'000'000);
  engine.refill(Time(0));
  EXPECT_EQ((std::vector{engine.rate(lone), engine.used(0), engine.used(1)}), (std::vector{1e9, 1e9, 1e9}));
  EXPECT_EQ(engine.flows_on(1), 1);
  const FlowId other = engine.start(Time(0), way({1}), 1'000'000);
  engine.refill(Time(0));
  EXPECT_EQ((std::vector{engine.rate(lone), engine.rate(other), engine.used(1)}),
            (std::vector{1e9, 1e9, 2e9}));
  EXPECT_EQ(engine.flows_on(1), 2);
}

// The parking lot: a flow over all n links, and one over each. Every link is halved.
TEST(FlowEngine, ParkingLot) {
  EXPECT_EQ(rates(std::vector{1e9, 1e9, 1e9},
                  {flow(0, 1, {0, 1, 2}), flow(0, 1, {0}), flow(0, 1, {1}), flow(0, 1, {2})}),
            (std::vector{5e8, 5e8, 5e8, 5e8}));
}

// Links of 10, 6 and 8 GB/s; flows a {0}, b {0, 1}, c {1, 2}, d {1}. Link 1 has the lowest level, 6/3 = 2: b,
// c, d get 2; then link 0 leaves 8 to a, and link 2 is never full.
TEST(FlowEngine, ThreeLinksAndFourFlows) {
  EXPECT_EQ(rates(std::vector{10e9, 6e9, 8e9},
                  {flow(0, 1, {0}), flow(0, 1, {0, 1}), flow(0, 1, {1, 2}), flow(0, 1, {1})}),
            (std::vector{8e9, 2e9, 2e9, 2e9}));
}

// A trunk of two is one link of twice the capacity: three flows get two thirds each; the same three over two
// single links, two of them on one, do not.
TEST(FlowEngine, ATrunkIsSharedByAll) {
  EXPECT_EQ(
      ends_us(std::vector{2e9}, {flow(0, 2'000'000, {0}), flow(0, 2'000'000, {0}), flow(0, 2'000'000, {0})}),
      (std::vector{3000.0, 3000.0, 3000.0}));
  EXPECT_EQ(ends_us(std::vector{1e9, 1e9},
                    {flow(0, 2'000'000, {0}), flow(0, 2'000'000, {0}), flow(0, 2'000'000, {1})}),
            (std::vector{4000.0, 4000.0, 2000.0}));
}

// A flow sprayed over two links with another on one of them. 1 GB/s each: the level of link 1 is 1 / (1/2 +
// 1).
TEST(FlowEngine, SprayedFlowsTakeSharesOfLinks) {
  constexpr std::uint32_t half = FlowStep::whole / 2;
  FlowEngine engine(std::vector{1e9, 1e9});
  engine.start(Time(0), std::vector<FlowStep>{{0, half}, {1, half}}, 1'000'000);
  engine.start(Time(0), way({1}), 1'000'000);
  engine.refill(Time(0));
  EXPECT_NEAR(engine.rate(0), 1e9 / 1.5, 1.0);
  EXPECT_NEAR(engine.rate(1), 1e9 / 1.5, 1.0);
  EXPECT_NEAR(engine.used(0), 1e9 / 3.0, 1.0);
  EXPECT_NEAR(engine.used(1), 1e9, 1.0);
}

TEST(FlowEngine, NothingToSendEndsWhereItStarts) {
  EXPECT_EQ(ends_us(std::vector{1e9}, {flow(7, 0, {0}), flow(0, 5, {}), flow(0, 1'000'000, {0})}),
            (std::vector{7.0, 0.0, 1000.0}));
}

// One ends as the other starts: the second has the link for itself from then on.
TEST(FlowEngine, AnEndAndAStartAtOneMomentAreOneChange) {
  EXPECT_EQ(ends_us(std::vector{1e9}, {flow(0, 1'000'000, {0}), flow(1000, 1'000'000, {0})}),
            (std::vector{1000.0, 2000.0}));
}

// Over one link twice a flow takes two shares: 1/3 GB/s beside a flow that takes one.
TEST(FlowEngine, ALinkCrossedTwiceIsTakenTwice) {
  const std::vector<double> each = rates(std::vector{1e9}, {flow(0, 1, {0, 0}), flow(0, 1, {0})});
  EXPECT_NEAR(each[0], 1e9 / 3, 1.0);
  EXPECT_NEAR(each[1], 1e9 / 3, 1.0);
}

// 10^15 bytes at 1 kB/s would take 10^24 ps: refused, not wrapped around.
TEST(FlowEngine, TimesBeyondTheClockAreRefused) {
  EXPECT_THROW(play_flows(std::vector{1e3}, std::vector{flow(0, std::int64_t{1} << 50, {0})}), InputError);
}

TEST(FlowEngine, LinksTooFarApartAreRefused) { EXPECT_THROW(FlowEngine(std::vector{1e18, 1e3}), InputError); }

TEST(FlowEngine, AFailedLinkTakesNoFlow) {
  FlowEngine engine(std::vector{1e9, 0.0});
  EXPECT_THROW(engine.start(Time(0), way({0, 1}), 1), std::logic_error);
}

struct RandomCase {
  std::vector<double> capacity;
  std::vector<PlannedFlow> flows;
};

// Capacities and starts of few values, so that much happens at one moment; or of any. Of up to 40 links, or
// so many that most flows are lone until somebody comes.
RandomCase random_case(std::uint64_t seed, std::size_t more_links = 0) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  RandomCase result;
  const bool even = below(2) == 0;
  for (std::uint64_t i = 2 + below(40) + more_links; i > 0; --i) {
    result.capacity.push_back(even ? 1e9 * static_cast<double>(1 + below(4))
                                   : 1e7 * static_cast<double>(1 + below(1000)));
  }
  for (std::uint64_t i = 1 + below(400); i > 0; --i) {
    std::vector<LinkId> links(result.capacity.size());
    std::iota(links.begin(), links.end(), 0U);
    std::shuffle(links.begin(), links.end(), random);
    links.resize(std::min<std::size_t>(links.size(), 1 + below(6)));
    PlannedFlow flow;
    flow.start = Time(even ? static_cast<std::int64_t>(below(5) * 1'000'000'000)
                           : static_cast<std::int64_t>(below(5'000'000'000)));
    flow.bytes = even ? static_cast<std::int64_t>(1'000'000 * (1 + below(3)))
                      : static_cast<std::int64_t>(1 + below(10'000'000));
    for (const LinkId link : links) flow.way.push_back({link});
    result.flows.push_back(std::move(flow));
  }
  return result;
}

TEST(FlowEngine, LocalRefillGivesTheTimesOfFillingEverythingAnew) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const RandomCase one = random_case(seed);
    ASSERT_EQ(play_flows(one.capacity, one.flows), play_flows(one.capacity, one.flows, Refill::All)) << seed;
    const RandomCase sparse = random_case(seed, 500);
    ASSERT_EQ(play_flows(sparse.capacity, sparse.flows),
              play_flows(sparse.capacity, sparse.flows, Refill::All))
        << seed;
  }
}

TEST(FlowEngine, NamesOfLinksAndOrderOfFlowsDoNotMatter) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const RandomCase one = random_case(seed);
    std::mt19937_64 random(seed + 1000);
    std::vector<LinkId> name(one.capacity.size());
    std::iota(name.begin(), name.end(), 0U);
    std::shuffle(name.begin(), name.end(), random);
    std::vector<std::size_t> place(one.flows.size());
    std::iota(place.begin(), place.end(), std::size_t{0});
    std::shuffle(place.begin(), place.end(), random);
    RandomCase other{std::vector<double>(one.capacity.size()), std::vector<PlannedFlow>(one.flows.size())};
    for (std::size_t i = 0; i < name.size(); ++i) other.capacity[name[i]] = one.capacity[i];
    for (std::size_t i = 0; i < place.size(); ++i) {
      other.flows[place[i]] = one.flows[i];
      for (FlowStep& step : other.flows[place[i]].way) step.link = name[step.link];
    }
    const std::vector<Time> ends = play_flows(one.capacity, one.flows);
    const std::vector<Time> renamed = play_flows(other.capacity, other.flows);
    for (std::size_t i = 0; i < ends.size(); ++i) ASSERT_EQ(renamed[place[i]], ends[i]) << seed;
  }
}

// Progressive filling as in the book, in doubles: all free flows grow alike until a link is full.
std::vector<double> filled(std::span<const double> capacity, std::span<const std::vector<FlowStep>> ways) {
  std::vector<double> rate(ways.size(), -1.0);
  std::vector<double> left(capacity.begin(), capacity.end());
  for (;;) {
    std::vector<double> shares(capacity.size());
    for (std::size_t f = 0; f < ways.size(); ++f) {
      if (rate[f] < 0.0) {
        for (const FlowStep& step : ways[f])
          shares[step.link] += static_cast<double>(step.share) / FlowStep::whole;
      }
    }
    double level = 1e300;
    std::size_t full = capacity.size();
    for (std::size_t l = 0; l < capacity.size(); ++l) {
      if (shares[l] == 0.0 || left[l] / shares[l] >= level) continue;
      level = left[l] / shares[l];
      full = l;
    }
    if (full == capacity.size()) return rate;
    for (std::size_t f = 0; f < ways.size(); ++f) {
      const bool on = std::any_of(ways[f].begin(), ways[f].end(),
                                  [&](const FlowStep& step) { return step.link == full; });
      if (rate[f] >= 0.0 || !on) continue;
      rate[f] = level;
      for (const FlowStep& step : ways[f])
        left[step.link] -= level * static_cast<double>(step.share) / FlowStep::whole;
    }
  }
}

// Flows come and go at random; after each change all rates are those of the book's filling, and no link
// carries more than it can.
void compare_with_filling(std::uint64_t seed, bool sprayed) {
  std::mt19937_64 random(seed);
  std::vector<double> capacity(20);
  for (double& c : capacity) c = 1e7 * static_cast<double>(1 + random() % 1000);
  FlowEngine engine(capacity);
  std::vector<std::vector<FlowStep>> ways;  // by flow; empty: none
  Time now;
  for (int change = 0; change < 300; ++change) {
    for (std::uint64_t i = random() % 3 + 1; i > 0; --i) {
      std::vector<FlowStep> steps;
      for (LinkId link = 0; link < capacity.size(); ++link) {
        if (random() % 5 > 0) continue;
        steps.push_back({link, sprayed ? FlowStep::whole / static_cast<std::uint32_t>(1 + random() % 4)
                                       : FlowStep::whole});
      }
      if (steps.empty()) continue;
      const FlowId id = engine.start(now, steps, static_cast<std::int64_t>(1 + random() % 100'000'000));
      ways.resize(std::max<std::size_t>(ways.size(), id + 1));
      ways[id] = steps;
    }
    engine.refill(now);
    const std::vector<double> expected = filled(capacity, ways);
    std::vector<double> used(capacity.size());
    for (FlowId id = 0; id < ways.size(); ++id) {
      if (ways[id].empty()) continue;
      ASSERT_NEAR(engine.rate(id) / expected[id], 1.0, 1e-9) << seed;
    }
    for (LinkId l = 0; l < capacity.size(); ++l)
      ASSERT_LE(engine.used(l), capacity[l] * (1.0 + 1e-12)) << seed;
    if (engine.idle()) continue;
    now = engine.next_end();
    engine.take_ended(now, [&](FlowId id) { ways[id].clear(); });
  }
}

TEST(FlowEngine, RatesAreThoseOfProgressiveFilling) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) compare_with_filling(seed, false);
}

TEST(FlowEngine, RatesOfSprayedFlowsAreThoseOfProgressiveFilling) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) compare_with_filling(seed, true);
}

}  // namespace
}  // namespace bandwright
