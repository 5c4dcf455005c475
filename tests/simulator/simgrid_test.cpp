// Flows against SimGrid 3.32, an independent implementation of max-min fair sharing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "network/builders.h"
#include "simulator/player/player.h"
#include "simulator/transport/flow_network.h"
#include "tests/support/flow_rounds.h"

namespace bandwright {
namespace {

struct IndependentFlows {
  std::vector<double> capacity;
  std::vector<PlannedFlow> flows;
};

IndependentFlows independent_flows(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  IndependentFlows result;
  for (std::uint64_t i = 2 + below(30); i > 0; --i)
    result.capacity.push_back(1e8 * static_cast<double>(1 + below(100)));
  for (std::uint64_t i = 1 + below(150); i > 0; --i) {
    std::vector<LinkId> links(result.capacity.size());
    std::iota(links.begin(), links.end(), 0U);
    for (std::size_t k = links.size() - 1; k > 0; --k) std::swap(links[k], links[below(k + 1)]);
    links.resize(std::min<std::size_t>(links.size(), 1 + below(6)));
    PlannedFlow flow{.start = Time(static_cast<std::int64_t>(below(5'000'000'000))),
                     .bytes = static_cast<std::int64_t>(1 + below(10'000'000))};
    for (const LinkId link : links) flow.way.push_back({link});
    result.flows.push_back(std::move(flow));
  }
  return result;
}

// Flows that wait for no other end when SimGrid's do, to 1e-6 of the time or 10 ps.
TEST(SimGrid, IndependentFlows) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const IndependentFlows one = independent_flows(seed);
    const std::vector<Time> ours = play_flows(one.capacity, one.flows);
    const std::vector<double> theirs = simgrid_ends(one.capacity, one.flows);
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      ASSERT_NEAR(to_seconds(ours[i]), theirs[i], std::max(1e-6 * theirs[i], 10e-12)) << seed << ' ' << i;
    }
  }
}

// 1 MB each over one link of 1 GB/s, latencies 1 and 3 us. Here: the first is alone for 2 us, then both
// share, 1.999 and 2.001 ms. SimGrid shares in proportion to 1 / latency, as TCP does: the first has 3/4 of
// the link and ends after 4/3 ms, then the second has its 2/3 MB left for itself: 2 ms, and latencies.
TEST(SimGrid, LatenciesAreWeightsThere) {
  const std::vector<PlannedFlow> flows = {{nanoseconds(1e3), 1'000'000, {{0}}},
                                          {nanoseconds(3e3), 1'000'000, {{0}}}};
  const std::vector<Time> ours = play_flows(std::vector{1e9}, flows);
  EXPECT_EQ(ours, (std::vector<Time>{nanoseconds(1'999'000), nanoseconds(2'001'000)}));
  const std::vector<double> theirs = simgrid_ends_with_latencies(1e9, {1e-6, 3e-6}, 1'000'000);
  EXPECT_NEAR(theirs[0], 1.3337e-3, 2e-6);
  EXPECT_NEAR(theirs[1], 2.0010e-3, 2e-6);
}

// What the player makes of the same algorithm on the same network, one chunk.
double played(const NetworkGraph& graph, const RoutingOptions& routing, const std::string& algorithm,
              const Collective& collective, const std::vector<NodeId>& order = {}) {
  const Network network = parse_network("Switch(" + std::to_string(graph.npus()) + ")");
  Library library;
  library.chunks = 1;
  library.network = NetworkModel::Flows;
  library.algorithms.by_kind = {{"Switch", algorithm}};
  const std::vector<double> bandwidth = {50.0};
  const FlowNetwork built{graph, routing, LatencyCharge::First, order};
  return to_seconds(
      simulate_full({lone_collective(network, collective), network, library, bandwidth, {}, &built})
          .step_time);
}

NetworkGraph fat_tree() { return build_graph("FatTree(64, radix 8)", {gb_per_s(50), nanoseconds(500)}); }

TEST(SimGrid, RingAllReduce) {
  constexpr std::int64_t bytes = 64 << 20;
  const RoutingOptions ecmp{.routing = Routing::Ecmp, .seed = 5};
  const RoundsCase ring = rounds_over(fat_tree(), ecmp, 64, 126, bytes / 64,
                                      [](int, std::uint32_t rank) { return (rank + 1) % 64; });
  const double theirs = simgrid_rounds(ring.capacity, ring.rounds).end_s.back();
  const double ours = played(fat_tree(), ecmp, "ring", {CollectiveKind::AllReduce, Bytes(bytes)});
  EXPECT_NEAR(ours / theirs, 1.0, 1e-6);
}

std::vector<NodeId> shuffled_npus(std::uint32_t npus, std::uint64_t seed) {
  std::vector<NodeId> order(npus);
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937_64 random(seed);
  for (std::size_t i = npus - 1; i > 0; --i) std::swap(order[i], order[random() % (i + 1)]);
  return order;
}

// Messages of a ring cross: leaves of 8 with one trunk of 2 b, NPUs in random order. An NPU whose neighbour
// is behind a full trunk sends one message after the other over it, as a connection does.
TEST(SimGrid, RingInRandomOrderOverTrunks) {
  constexpr std::int64_t bytes = 64 << 20;
  const NetworkGraph graph = build_graph("LeafSpine(4x8, oversubscription 4, spines 1, bandwidth 12.5)",
                                         {std::nullopt, nanoseconds(500)});
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<NodeId> order = shuffled_npus(32, seed);
    Routes routes(graph, {});
    Rounds rounds(62);
    for (std::vector<RoundMessage>& round : rounds) {
      for (std::uint32_t rank = 0; rank < 32; ++rank) {
        Routes::Way way;
        routes.find(
            order[rank], order[(rank + 1) % 32], 0, [](LinkId) { return 0.0; }, way);
        round.push_back({rank, (rank + 1) % 32, bytes / 32, to_seconds(way.latency), way.steps});
      }
    }
    const double theirs = simgrid_rounds(routes.capacities(), rounds, Senders::InTurn).end_s.back();
    const double ours = played(graph, {}, "ring", {CollectiveKind::AllReduce, Bytes(bytes)}, order);
    EXPECT_NEAR(ours / theirs, 1.0, 1e-4) << seed;
  }
}

TEST(SimGrid, HalvingDoublingOnARing) {
  constexpr std::int64_t bytes = 64 << 20;
  const NetworkGraph torus = build_graph("Torus(16)", {gib_per_s(50), nanoseconds(500)});
  Routes routes(torus, {});
  Rounds rounds;
  for (const int distance : {1, 2, 4, 8, 8, 4, 2, 1}) {
    std::vector<RoundMessage>& round = rounds.emplace_back();
    for (std::uint32_t rank = 0; rank < 16; ++rank) {
      Routes::Way way;
      const auto to = rank ^ static_cast<std::uint32_t>(distance);
      routes.find(
          rank, to, 0, [](LinkId) { return 0.0; }, way);
      round.push_back({rank, to, bytes / (2 * distance), to_seconds(way.latency), way.steps});
    }
  }
  const double theirs = simgrid_rounds(routes.capacities(), rounds).end_s.back();
  const double ours = played(torus, {}, "halving-doubling", {CollectiveKind::AllReduce, Bytes(bytes)});
  EXPECT_NEAR(ours / theirs, 1.0, 1e-6);
  EXPECT_NEAR(ours * 1e9, 5'015'000.0, 1.0);  // 8 rounds of 625 us and 2 x 15 hops
}

// Eight rings of the NPUs i, i + 8, i + 16 ... of a ring of 64, all at once: a message passes eight links,
// and each link carries one of every ring, S/8 each, so that each of 14 rounds takes S/b. Against a tree
// under ECMP by SimGrid alone.
double strided_rings(const NetworkGraph& graph, const RoutingOptions& routing, std::int64_t bytes) {
  const Network network = parse_network("Switch(8)_Switch(8)");
  Library library;
  library.chunks = 1;
  library.network = NetworkModel::Flows;
  library.algorithms.by_kind = {{"Switch", "ring"}};
  const std::vector<double> bandwidth = {50.0, 50.0};
  StepBuilder step("strided", split_into_groups(network, {{"inside", 8}, {"strided", 8}}), {"line"});
  step.collective({}, {{CollectiveKind::AllReduce, Bytes(bytes)}, 1}, {});
  const Step graph_of_one = std::move(step).finish();
  const FlowNetwork built{graph, routing, LatencyCharge::First};
  return to_seconds(simulate_full({graph_of_one, network, library, bandwidth, {}, &built}).step_time);
}

TEST(SimGrid, StridedRings) {
  constexpr std::int64_t bytes = 64 << 20;
  const auto next = [](int, std::uint32_t rank) { return (rank + 8) % 64; };
  const NetworkGraph ring = build_graph("Torus(64)", {gb_per_s(50), nanoseconds(500)});
  const NetworkGraph tree = fat_tree();
  for (const auto& [graph, routing] :
       {std::pair{&ring, RoutingOptions{}}, {&tree, RoutingOptions{.routing = Routing::Ecmp, .seed = 3}}}) {
    const RoundsCase rounds = rounds_over(*graph, routing, 64, 14, bytes / 8, next);
    const double theirs = simgrid_rounds(rounds.capacity, rounds.rounds, Senders::InTurn).end_s.back();
    const double ours = strided_rings(*graph, routing, bytes);
    EXPECT_NEAR(ours / theirs, 1.0, 1e-6);
    if (graph != &ring) continue;
    const double by_hand = 14.0 * (8 * 500e-9 + static_cast<double>(bytes) / 50e9);
    EXPECT_NEAR(ours / by_hand, 1.0, 1e-6);
  }
}

// All 64 x 63 messages start together, without latencies: links that fill up one after the other.
TEST(SimGrid, AllAtOnce) {
  constexpr std::int64_t bytes = 64 << 20;
  const NetworkGraph tree = build_graph("FatTree(64, radix 8)", {gb_per_s(50), Time(0)});
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const RoutingOptions ecmp{.routing = Routing::Ecmp, .seed = seed};
    const RoundsCase all = rounds_over(tree, ecmp, 64, 63, bytes / 64, [](int r, std::uint32_t rank) {
      return (rank + static_cast<std::uint32_t>(r) + 1) % 64;
    });
    const double theirs = simgrid_at_once(all.capacity, all.rounds, Updates::Full).end_s.back();
    const double ours = played(tree, ecmp, "direct", {CollectiveKind::AllToAll, Bytes(bytes)});
    EXPECT_NEAR(ours / theirs, 1.0, 1e-6) << seed;
  }
}

// An all-to-all by rounds under ECMP: what is shared differs from round to round, and differences of starts
// double, so that only the first rounds can be asked to be equal, and the end on average.
RoundsCase shifts(std::uint64_t seed) {
  return rounds_over(
      fat_tree(), {.routing = Routing::Ecmp, .seed = seed}, 64, 63, 1 << 20,
      [](int r, std::uint32_t rank) { return (rank + static_cast<std::uint32_t>(r) + 1) % 64; });
}

// The collective cut off after some rounds, as independent play of the same messages.
std::vector<double> our_round_ends(const RoundsCase& one) {
  FlowEngine engine(one.capacity);
  struct Waiting {
    Time start;
    std::uint32_t rank;
    std::uint32_t round;
  };
  const auto ranks = static_cast<std::uint32_t>(one.rounds.front().size());
  std::vector<double> ends(one.rounds.size());
  std::vector<Waiting> waiting;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> of_flow;  // receiver and round
  std::vector<std::uint32_t> at(ranks);                          // round of each rank
  std::vector<std::vector<bool>> there(ranks, std::vector<bool>(one.rounds.size() + 1));
  const auto begin = [&](std::uint32_t rank, Time now) {
    if (at[rank] == one.rounds.size()) return;
    const RoundMessage& message = one.rounds[at[rank]][rank];
    waiting.push_back({now + nanoseconds(message.latency_s * 1e9), rank, at[rank]});
  };
  for (std::uint32_t rank = 0; rank < ranks; ++rank) begin(rank, Time(0));
  while (!waiting.empty() || !engine.idle()) {
    Time now = 2 * clock_end;
    for (const Waiting& each : waiting) now = std::min(now, each.start);
    if (!engine.idle()) now = std::min(now, engine.next_end());
    std::vector<std::uint32_t> arrived;
    engine.take_ended(now, [&](FlowId flow) {
      const auto [rank, round] = of_flow[flow];
      there[rank][round] = true;
      ends[round] = std::max(ends[round], to_seconds(now));
      arrived.push_back(rank);
    });
    for (const std::uint32_t rank : arrived) {
      while (at[rank] < one.rounds.size() && there[rank][at[rank]]) {
        ++at[rank];
        begin(rank, now);
      }
    }
    for (std::size_t i = 0; i < waiting.size();) {
      if (waiting[i].start > now) {
        ++i;
        continue;
      }
      const RoundMessage& message = one.rounds[waiting[i].round][waiting[i].rank];
      const FlowId flow = engine.start(now, message.way, message.bytes);
      of_flow.resize(std::max<std::size_t>(of_flow.size(), flow + std::size_t{1}));
      of_flow[flow] = {message.to, waiting[i].round};
      waiting[i] = waiting.back();
      waiting.pop_back();
    }
    engine.refill(now);
  }
  return ends;
}

TEST(SimGrid, ShiftsInTheirFirstRoundsAndOnAverage) {
  double sum = 0.0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const RoundsCase one = shifts(seed);
    const std::vector<double> theirs = simgrid_rounds(one.capacity, one.rounds).end_s;
    const std::vector<double> ours = our_round_ends(one);
    for (std::size_t r = 0; r < 16 && seed <= 5; ++r)
      EXPECT_NEAR(ours[r] / theirs[r], 1.0, 1e-6) << seed << ' ' << r;
    EXPECT_NEAR(ours.back() / theirs.back(), 1.0, 0.02) << seed;
    sum += ours.back() / theirs.back();
  }
  EXPECT_NEAR(sum / 20.0, 1.0, 0.003);
}

// The same as the player has it, where an NPU's messages leave one after the other: the whole collective.
TEST(SimGrid, AllToAllByRoundsInTurn) {
  double sum = 0.0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const RoutingOptions ecmp{.routing = Routing::Ecmp, .seed = seed};
    const RoundsCase one = shifts(seed);
    const double theirs = simgrid_rounds(one.capacity, one.rounds, Senders::InTurn).end_s.back();
    const double ours =
        played(fat_tree(), ecmp, "halving-doubling", {CollectiveKind::AllToAll, Bytes(64 << 20)});
    EXPECT_NEAR(ours / theirs, 1.0, 0.03) << seed;
    sum += ours / theirs;
  }
  EXPECT_NEAR(sum / 20.0, 1.0, 0.003);
}

}  // namespace
}  // namespace bandwright
