// Messages that share links fairly: collectives and steps over grids and over networks as they are built,
// with times derived by hand.
#include "simulator/transport/flows.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "core/error.h"
#include "network/builders.h"
#include "simulator/player/player.h"

namespace bandwright {
namespace {

constexpr std::int64_t mebibyte = 1 << 20;

struct FlowCase {
  Network network;
  Library library;
  Collective collective;
  std::vector<double> bandwidth;
  std::optional<FlowNetwork> built = std::nullopt;
};

Time time_of(const FlowCase& one) {
  const Step graph = lone_collective(one.network, one.collective);
  return simulate_full(
             {graph, one.network, one.library, one.bandwidth, {}, one.built ? &*one.built : nullptr})
      .step_time;
}

double us(const FlowCase& one) { return to_us(time_of(one)); }

// 50 GiB/s and 500 ns a hop; every kind of dimension by one algorithm.
Library plain_system(const std::string& algorithm, int chunks = 1) {
  Library library;
  library.chunks = chunks;
  library.latency = {nanoseconds(500)};
  library.gib = true;
  library.network = NetworkModel::Flows;
  for (const DimensionKind& kind : dimension_kinds())
    library.algorithms.by_kind[std::string(kind.name)] = algorithm;
  return library;
}

Time all_reduce_on_ring(int npus, int chunks) {
  return time_of({parse_network(fmt::format("Ring({})", npus)),
                  plain_system("halving-doubling", chunks),
                  {CollectiveKind::AllReduce, Bytes(64 * mebibyte)},
                  {50}});
}

// At distance k each link carries the messages of k pairs, S/2k each: every one of the 2 log2 n rounds takes
// S/2b = 625 us, whatever its distance. Hops are 1 + 2 + 4 .. n/2 = n - 1 each way, for every chunk.
Time by_hand(int npus, int chunks) {
  const double rounds = 2.0 * std::log2(npus);
  return nanoseconds(rounds * 625'000.0 + 2.0 * (npus - 1) * 500.0 * chunks);
}

TEST(FlowsOnRings, HalvingDoublingSharesLinks) {
  EXPECT_EQ(by_hand(8, 1), nanoseconds(3'757'000));
  EXPECT_EQ(by_hand(64, 16), nanoseconds(7'500'000 + 1'008'000));
  for (const auto& [npus, chunks] : {std::pair{8, 1}, {16, 1}, {64, 1}, {64, 16}, {256, 16}}) {
    const double ratio = to_ns(all_reduce_on_ring(npus, chunks)) / to_ns(by_hand(npus, chunks));
    EXPECT_NEAR(ratio, 1.0, 1e-6) << npus << " in " << chunks;
  }
}

// Where no link carries two messages at a time, flows take what messages through ports take.
TEST(FlowsOnGrids, WhatSharesNoLinkTakesWhatPortsTake) {
  for (const std::string_view shorthand :
       {"Ring(8)", "Switch(8)", "FullyConnected(8)", "Ring(4)_Switch(8)"}) {
    for (const CollectiveKind kind :
         {CollectiveKind::AllReduce, CollectiveKind::AllGather, CollectiveKind::ReduceScatter}) {
      Library library;
      library.chunks = 4;
      library.latency = {nanoseconds(500)};
      library.endpoint_delay = nanoseconds(10);
      library.network = NetworkModel::Flows;
      const Network network = parse_network(shorthand);
      FlowCase one{network,
                   library,
                   {kind, Bytes(64 * mebibyte)},
                   std::vector<double>(network.dimensions.size(), 50.0)};
      const Time fair = time_of(one);
      one.library.network = NetworkModel::Ports;
      const Time ports = time_of(one);
      // Each of some hundred dependent messages is rounded up by less than a picosecond.
      EXPECT_NEAR(to_ns(fair), to_ns(ports), 0.5) << shorthand;
    }
  }
}

// A tree of 8 on a switch, 0 above 4 above 2 and 6 above the rest, each message the whole chunk, m. Up, the
// two messages to an NPU share the link into it: 2 m to 2 and 6, 2 m to 4, m to 0. Down, the two of an NPU
// share the link out of it, and 4 and 2 or 6 send two each: m + 2 m + 2 m. Ports know of links out only: 3 m
// up, 5 m down.
TEST(FlowsOnGrids, ATreesChildrenShareTheLinkIntoTheirParent) {
  FlowCase tree{parse_network("Switch(8)"),
                plain_system("double-binary-tree"),
                {CollectiveKind::AllReduce, Bytes(1'000'000)},
                {50}};
  tree.library.gib = false;
  tree.library.latency = {Time(0)};
  const double message_us = 20.0;
  EXPECT_NEAR(us(tree), 10 * message_us, 1e-4);
  tree.library.network = NetworkModel::Ports;
  EXPECT_NEAR(us(tree), 8 * message_us, 1e-4);
}

// The same grid link by link takes what the grid takes, where an NPU sends one message at a time into a ring:
// messages over a switch or to a neighbour, and where several meet on a link.
TEST(FlowsOnGrids, AGridIsAGraphToo) {
  for (const std::string shorthand : {"Ring(8)", "Switch(8)", "FullyConnected(8)", "Ring(4)_Switch(8)",
                                      "Switch(4)_Ring(4)", "Ring(2)_FullyConnected(4)_Switch(4)"}) {
    for (const CollectiveKind kind :
         {CollectiveKind::AllReduce, CollectiveKind::AllGather, CollectiveKind::AllToAll}) {
      const Network network = parse_network(shorthand);
      const std::vector<double> bandwidth(network.dimensions.size(), 50.0);
      FlowCase one{network, {}, {kind, Bytes(64 * mebibyte)}, bandwidth};
      one.library.chunks = 2;
      one.library.latency = {nanoseconds(500)};
      one.library.network = NetworkModel::Flows;
      const double grid = us(one);
      one.built = FlowNetwork{.graph = build_graph("Grid(" + shorthand + ", bandwidth 50, latency 500 ns)"),
                              .latency = LatencyCharge::First};
      EXPECT_NEAR(us(one) / grid, 1.0, 1e-6) << shorthand << ' ' << collective_name(kind);
    }
  }
}

// A collective of all NPUs of a network as it is built, in one chunk, 500 ns a hop and 50 GB/s an NPU.
FlowCase on_graph(std::string_view words, const std::string& algorithm, const Collective& collective,
                  RoutingOptions routing = {}) {
  FlowCase one{
      .network = {}, .library = plain_system(algorithm), .collective = collective, .bandwidth = {50}};
  one.built = FlowNetwork{build_graph(words, {gb_per_s(50), nanoseconds(500)}), std::move(routing)};
  one.network = parse_network(fmt::format("Switch({})", one.built->graph.npus()));
  one.library.gib = false;
  return one;
}

constexpr Collective all_to_all = {CollectiveKind::AllToAll, Bytes(32'000'000)};

// Everyone sends S/n to everyone at once: S (n - 1)/n through one port of 50 GB/s, whatever the order, and
// two hops.
TEST(FlowsOnGraphs, DirectThroughOnePortTakesItsBytes) {
  EXPECT_NEAR(us(on_graph("FatTree(8, radix 16)", "direct", all_to_all)), 28e6 / 50e3 + 1.0, 1e-4);
}

// Full bisection with spraying is as one switch: S (n - 1)/n / b. At 2:1 a leaf of 8 has half the links for
// what leaves it, S (n - 8)/n of each NPU: twice as long, and longer than the port.
TEST(FlowsOnGraphs, AllToAllOnAFatTree) {
  const RoutingOptions spray{.routing = Routing::Spray};
  EXPECT_NEAR(us(on_graph("FatTree(32, radix 8)", "direct", all_to_all, spray)), 31e6 / 50e3 + 2.0, 1e-3);
  EXPECT_NEAR(us(on_graph("FatTree(32, radix 12, oversubscription 2)", "direct", all_to_all, spray)),
              2.0 * 24e6 / 50e3 + 2.0, 1e-3);
  // Three levels of 16 NPUs, by rounds: full speed in each of 15 rounds, and 2, 4 or 6 hops.
  const double rounds = us(on_graph("FatTree(16, radix 4)", "halving-doubling", all_to_all, spray));
  EXPECT_GE(rounds, 30e6 / 50e3 + 15 * 1.0);
  EXPECT_LE(rounds, 30e6 / 50e3 + 15 * 3.0);
}

// n/2 NPUs send S/2 each over the middle of a k x k torus, 2k links in each direction of 50 GB/s: no routing
// is faster.
TEST(FlowsOnGraphs, ATorusIsBoundByItsBisection) {
  const double bound = 16.0 * 8.0 * 32e6 / 16.0 / (2.0 * 4.0) / 50e3 / 2.0;
  for (const Routing routing : {Routing::Shortest, Routing::DirectionOrder, Routing::Ecmp, Routing::Spray}) {
    const double time = us(on_graph("Torus(4x4)", "direct", all_to_all, {.routing = routing}));
    EXPECT_GE(time, bound) << routing_name(routing);
    EXPECT_LE(time, 2.5 * bound) << routing_name(routing);
  }
}

// N = 4 machines of g = 8 with a NIC of 50 GB/s each: S (n - g)/n of each NPU's S leave by a NIC. The bus
// bandwidth of an all-to-all, S/t (n - 1)/n, is 50 N/(N - 1) (n - 1)/n = 64.6 GB/s.
TEST(FlowsOnGraphs, AllToAllOfMachinesReachesTheNicsRule) {
  const FlowCase rails =
      on_graph("RailOptimised(4x8, inside 450)", "direct", {CollectiveKind::AllToAll, Bytes(3'200'000'000)});
  EXPECT_NEAR(3.2e9 / (us(rails) * 1e3) * 31.0 / 32.0, 50.0 * 4.0 / 3.0 * 31.0 / 32.0, 0.01);
}

std::vector<NodeId> shuffled(std::int64_t npus, std::uint64_t seed) {
  std::vector<NodeId> order(static_cast<std::size_t>(npus));
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937_64 random(seed);
  for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[random() % (i + 1)]);
  return order;
}

// A ring of 32 in random order over 4 leaves of 8, each with one trunk of 25 GB/s up: the leaf that most
// messages leave (or reach) sets the pace, k S/32 / 25 GB/s a round, for 62 rounds.
TEST(FlowsOnGraphs, ARingInRandomOrderWaitsForTheFullestTrunk) {
  FlowCase ring = on_graph("LeafSpine(4x8, oversubscription 4, spines 1, bandwidth 12.5)", "ring",
                           {CollectiveKind::AllReduce, Bytes(64 * mebibyte)});
  ring.built->order = shuffled(32, 7);
  std::array<int, 8> crossing{};
  for (std::size_t i = 0; i < 32; ++i) {
    const NodeId from = ring.built->order[i] / 8;
    const NodeId to = ring.built->order[(i + 1) % 32] / 8;
    if (from == to) continue;
    ++crossing.at(from);
    ++crossing.at(4 + to);
  }
  const int fullest = *std::max_element(crossing.begin(), crossing.end());
  const double round = fullest * 2.0 * mebibyte / 25e3;
  EXPECT_GE(us(ring), 62.0 * round);
  EXPECT_LE(us(ring), 1.2 * 62.0 * round);
}

// Names of NPUs under one leaf, and of leaves, change nothing.
TEST(FlowsOnGraphs, NamesOfNpusDoNotMatter) {
  FlowCase one = on_graph("FatTree(32, radix 8)", "direct", all_to_all, {.routing = Routing::Spray});
  const Time time = time_of(one);
  for (std::uint64_t seed = 1; seed < 4; ++seed) {
    one.built->order = shuffled(32, seed);
    EXPECT_EQ(time_of(one), time);
  }
}

double mean_over_seeds(int queue_pairs) {
  double sum = 0.0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    sum += us(on_graph("LeafSpine(4x4, spines 4)", "halving-doubling", all_to_all,
                       {.routing = Routing::Ecmp, .seed = seed, .queue_pairs = queue_pairs}));
  }
  return sum / 100.0;
}

TEST(FlowsOnGraphs, MoreQueuePairsCollideLess) {
  const double one = mean_over_seeds(1);
  EXPECT_LT(mean_over_seeds(2), one);
  EXPECT_GT(one, us(on_graph("LeafSpine(4x4, spines 4)", "halving-doubling", all_to_all,
                             {.routing = Routing::Spray})));
}

// Latency first: starts differ with hops; latency last: all share from the start, and arrive that much later.
TEST(FlowsOnGraphs, LatencyIsChargedOnceFirstOrLast) {
  FlowCase one = on_graph("FatTree(32, radix 8)", "direct", all_to_all, {.routing = Routing::Spray});
  const double last = us(one);
  one.built->latency = LatencyCharge::First;
  EXPECT_NEAR(us(one), last, 1.0);
}

// In bulk it is last for who sends to all at once, and first for who sends to one.
TEST(FlowsOnGraphs, LatencyInBulkIsLastForThoseWhoSendToMany) {
  const auto times = [](std::string_view graph, const std::string& algorithm) {
    std::array<Time, 3> result;
    for (const LatencyCharge charge : {LatencyCharge::First, LatencyCharge::Last, LatencyCharge::Bulk}) {
      FlowCase one = on_graph(graph, algorithm, all_to_all);
      one.built->latency = charge;
      result[static_cast<std::size_t>(charge)] = time_of(one);
    }
    return result;
  };
  int told_apart = 0;
  for (const char* graph : {"FatTree(32, radix 8)", "LeafSpine(4x4, spines 4)", "Torus(4x4)"}) {
    const auto [first, last, bulk] = times(graph, "direct");
    EXPECT_EQ(bulk, last) << graph;
    told_apart += first != last ? 1 : 0;
    const auto [first_in_turn, last_in_turn, bulk_in_turn] = times(graph, "halving-doubling");
    EXPECT_EQ(bulk_in_turn, first_in_turn) << graph;
  }
  EXPECT_GT(told_apart, 0);
}

// A message of one byte over eight queue pairs: seven of them have nothing to carry.
TEST(FlowsOnGraphs, FewBytesOverManyQueuePairs) {
  for (const char* algorithm : {"direct", "halving-doubling"}) {
    const Collective tiny = {CollectiveKind::AllToAll, Bytes(16)};
    const auto time = [&](int queue_pairs) {
      return us(on_graph("LeafSpine(4x4, spines 4)", algorithm, tiny,
                         {.routing = Routing::Spray, .queue_pairs = queue_pairs}));
    };
    EXPECT_NEAR(time(8), time(1), 1e-3) << algorithm;
  }
}

TEST(FlowsOnGraphs, MoreNpusThanThereAreAreRefused) {
  FlowCase one = on_graph("FatTree(8, radix 8)", "direct", all_to_all);
  one.network = parse_network("Switch(16)");
  EXPECT_THROW(time_of(one), InputError);
}

// Layers of compute with a collective inside machines after each, and now and then one between them: what
// steps repeat.
Step layered_step(const Network& network, int layers) {
  std::vector<Group> groups = split_into_groups(network, {{"inside", 8}, {"between", 4}});
  StepBuilder step("layers", std::move(groups), {"layer"});
  std::vector<OperationId> last;
  for (int layer = 0; layer < layers; ++layer) {
    last = {step.compute({}, nanoseconds(10'000 + layer % 3), last)};
    last = {step.collective({}, {{CollectiveKind::AllReduce, Bytes(mebibyte)}, 0}, last)};
    if (layer % 5 != 4) continue;
    const OperationId between = step.collective({}, {{CollectiveKind::AllReduce, Bytes(mebibyte)}, 1}, last);
    if (layer % 2 == 0) last.push_back(between);
  }
  return std::move(step).finish();
}

// Inside machines nothing else is met, so that a phase takes as long as when it was played before: the same
// picoseconds as when all are played, from a part of the events.
TEST(FlowsOnGraphs, PhasesOfSecludedLinesArePlayedOnce) {
  for (const RoutingOptions& routing : {RoutingOptions{}, RoutingOptions{.routing = Routing::Ecmp},
                                        RoutingOptions{.routing = Routing::Adaptive}}) {
    FlowNetwork built{
        build_graph("RailOptimised(4x8, inside 450, machines_per_leaf 2)", {gb_per_s(50), nanoseconds(500)}),
        routing};
    const Network network = parse_network("Switch(8)_Switch(4)");
    const std::vector<double> bandwidth = {450, 50};
    Library library = plain_system("halving-doubling", 2);
    library.gib = false;
    const Step graph = layered_step(network, 60);
    const Scenario scenario{graph, network, library, bandwidth, {}, &built};
    const RankedStep step = of_one_kind(scenario);
    const Scenario own{step.graph, network, library, bandwidth, {}, &built};
    const StepResult once = simulate_full(own, step);
    const StepResult all = simulate_full(own, step, nullptr, {}, true);
    EXPECT_EQ(once.step_time, all.step_time);
    EXPECT_EQ(once.exposed_communication, all.exposed_communication);
    for (std::size_t q = 0; q < all.queues.size(); ++q) {
      EXPECT_EQ(once.queues[q].service, all.queues[q].service);
      EXPECT_EQ(once.queues[q].queueing, all.queues[q].queueing);
    }
    if (routing.routing == Routing::Adaptive) {
      EXPECT_EQ(once.events, all.events);  // ways that depend on others
    } else {
      EXPECT_LT(once.events, all.events / 2);
    }
  }
}

// Rails without switches inside: messages of a machine's NPUs meet those between machines, and all are
// played.
TEST(FlowsOnGraphs, LinesThatMeetAreAllPlayed) {
  FlowNetwork built{build_graph("LeafSpine(4x8, spines 1)", {gb_per_s(50), nanoseconds(500)})};
  const Network network = parse_network("Switch(8)_Switch(4)");
  const std::vector<double> bandwidth = {50, 50};
  Library library = plain_system("ring");
  const Step graph = layered_step(network, 20);
  const Scenario scenario{graph, network, library, bandwidth, {}, &built};
  const RankedStep step = of_one_kind(scenario);
  const Scenario own{step.graph, network, library, bandwidth, {}, &built};
  const StepResult once = simulate_full(own, step);
  const StepResult all = simulate_full(own, step, nullptr, {}, true);
  EXPECT_EQ(once.step_time, all.step_time);
  EXPECT_EQ(once.events, all.events);
}

// A failed link of a ring is gone round, and the messages that go round share the others.
TEST(FlowsOnGrids, AFailedLinkIsGoneRound) {
  FlowCase one{parse_network("Ring(8)"),
               plain_system("ring"),
               {CollectiveKind::AllReduce, Bytes(64 * mebibyte)},
               {50}};
  const double intact = us(one);
  one.library.links = {{.from = 0, .to = 1, .speed = 0.0}};
  // The message from 0 to 1 takes the other seven links, which nobody else uses: only later by six hops, seen
  // by its receiver in each round it is on the way of; 14 rounds.
  EXPECT_GT(us(one), intact);
  EXPECT_LE(us(one), intact + 14 * 6 * 0.5 + 1e-3);
}

}  // namespace
}  // namespace bandwright
