#include "simulator/player/play_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "core/error.h"
#include "network/builders.h"
#include "simulator/player/flow_cost.h"
#include "simulator/player/player.h"
#include "simulator/simulate.h"
#include "simulator/transport/flow_network.h"

namespace bandwright {
namespace {

// An all-reduce of 4,000 B in one chunk. An NPU sends 2 (4 - 1) messages in one phase on one line of four.
struct OnFour {
  Network network;
  Library library;
  Step graph;
  std::vector<double> bandwidth = {1.0};

  OnFour(const char* shape, NetworkModel model)
      : network(parse_network(shape)),
        graph(lone_collective(network, {CollectiveKind::AllReduce, Bytes(4000)})) {
    library.chunks = 1;
    library.network = model;
  }
  [[nodiscard]] Scenario scenario() const { return {graph, network, library, bandwidth, Time()}; }
  [[nodiscard]] PlayCost cost(bool teams = false) const {
    RankedStep step = of_one_kind(scenario());
    if (teams) {
      step.teams = {{0, 1, 2, 3}};
      step.teams_of_group = {{0, 0, 0, 0}};
    }
    return play_cost(scenario(), step);
  }
};

// 24 B for an NPU's operation, 150 for a line, 24 for what is to come: 4 x 24 + 150 + 24 for the line's phase
// and 3 x 4 x 24 beside. Events are 4 operations and the line's phase, at 40 ns; four arrivals at 10 ns; 4 x
// 6 messages in a recurrence, at 8 ns.
TEST(PlayCost, OfPortsByHand) {
  const PlayCost ring = OnFour("Ring(4)", NetworkModel::Ports).cost();
  EXPECT_DOUBLE_EQ(ring.messages, 24);
  EXPECT_DOUBLE_EQ(ring.events, 5);
  EXPECT_DOUBLE_EQ(ring.bytes, 96 + 150 + 24 + 288);
  EXPECT_DOUBLE_EQ(ring.seconds, 5 * 40e-9 + 4 * 10e-9 + 24 * 8e-9);
  // A port for each of four peers of each, 8 B.
  const PlayCost cables = OnFour("FullyConnected(4)", NetworkModel::Ports).cost();
  EXPECT_DOUBLE_EQ(cables.bytes, ring.bytes + 4 * 4 * 8);
  EXPECT_DOUBLE_EQ(cables.messages, 24);
}

// Every message is an event where NPUs are of teams, and has a seat of 64 B to come to; every NPU's phase
// waits by itself, and one message of each NPU is under way.
TEST(PlayCost, OfTeamsByHand) {
  const PlayCost cost = OnFour("Ring(4)", NetworkModel::Ports).cost(true);
  EXPECT_DOUBLE_EQ(cost.events, 4 + 4 + 24);
  EXPECT_DOUBLE_EQ(cost.bytes, 96 + (150 + 4 * 64) + 4 * 24 + 288 + 4 * 24);
  EXPECT_DOUBLE_EQ(cost.seconds, 32 * 40e-9);
  EXPECT_DOUBLE_EQ(OnFour("FullyConnected(4)", NetworkModel::Ports).cost(true).bytes,
                   cost.bytes + 4 * 4 * 8 + 2 * 4 * 24)
      << "ports of each NPU, and three messages at once";
}

// As a flow a message is two events, 450 B and 1.5 us; 110 B for each of 8 links, 60 for a way of each of 4
// NPUs.
TEST(PlayCost, OfFlowsByHand) {
  const PlayCost flows = OnFour("Ring(4)", NetworkModel::Flows).cost();
  EXPECT_DOUBLE_EQ(flows.events, 5 + 24 * 2);
  EXPECT_DOUBLE_EQ(flows.bytes, 96 + (150 + 4 * 64) + 24 + 288 + 8 * 110 + 4 * 60 + 4 * (450 + 24));
  EXPECT_DOUBLE_EQ(flows.seconds, 53 * 40e-9 + 4 * 10e-9 + 24 * 1.5e-6);
}

// Over a network as it is built, distances of 2 B from all nodes to each NPU or to its only neighbour: on a
// torus of 16 from 16 to 16, on a leaf and a spine for each two NPUs from 16 + 8 + 1 nodes to 8 leaves; of
// two leaves each, 200 B where ways are sprayed.
TEST(PlayCost, OfWaysOverAGraph) {
  const auto bytes = [](const char* words, Routing routing) {
    OnFour four("Ring(4)", NetworkModel::Flows);
    const double grid = four.cost().bytes - 8 * 110;
    const FlowNetwork built{build_graph(words, {gb_per_s(50), Time()}), {.routing = routing}};
    Scenario scenario = four.scenario();
    scenario.built = &built;
    const auto links = static_cast<double>(built.graph.links.size());
    return play_cost(scenario, of_one_kind(scenario)).bytes - grid - links * 110;
  };
  EXPECT_DOUBLE_EQ(bytes("Torus(4x4)", Routing::Shortest), 16 * 16 * 2);
  EXPECT_DOUBLE_EQ(bytes("LeafSpine(8x2, spines 1)", Routing::Shortest), 8 * 25 * 2);
  EXPECT_DOUBLE_EQ(bytes("LeafSpine(8x2, spines 1)", Routing::Spray), 8 * 25 * 2 + 8 * 8 * 200);
}

// What is worked out counts each phase once, on one line of each kind: 4 NPUs send 3 messages each to reduce
// and to gather along the first dimension, 3 rounds of an exchange each way along the second, of two chunks
// that are alike. Two slow NPUs may make two lines more, each of a kind of its own.
TEST(PlayCost, PhasesAreWorkedOutOnce) {
  const Network network = parse_network("Ring(4)_Switch(8)");
  Library library;
  library.chunks = 2;
  const Step graph = lone_collective(network, {CollectiveKind::AllReduce, Bytes(1 << 20)});
  const std::vector<double> bandwidth = {10.0, 10.0};
  const Scenario scenario{graph, network, library, bandwidth, Time()};
  const double once = 2 * 4 * 3 + 2 * 8 * 3;
  EXPECT_DOUBLE_EQ(play_cost(scenario, of_one_kind(scenario)).worked_out, once);
  library.npus = {{.first = 3, .last = 4, .port_speed = 0.5}};
  EXPECT_DOUBLE_EQ(play_cost(scenario, of_one_kind(scenario)).worked_out, 3 * once);
}

// Collectives of a ring's halves, of so many bytes each.
struct OnHalves {
  Network network;
  Library library;
  Step graph;
  std::vector<double> bandwidth = {1.0};

  OnHalves(int npus, const std::vector<std::int64_t>& sizes)
      : network(parse_network("Ring(" + std::to_string(npus) + ")")) {
    library.chunks = 1;
    library.latency = {nanoseconds(1)};
    library.algorithms.by_kind = {{"Ring", "ring-both"}};
    StepBuilder step("halves", split_into_groups(network, {{"TP", npus / 2}, {"DP", 2}}), {"line"});
    for (const std::int64_t size : sizes)
      step.collective({}, {{CollectiveKind::AllReduce, Bytes(size)}, 0}, {});
    graph = std::move(step).finish();
  }
  [[nodiscard]] Scenario scenario() const { return {graph, network, library, bandwidth, Time()}; }
};

// On half of a ring the last message is longer than the others, so that a phase's time is played for, once
// for each size: 4 NPUs send 2 (4 - 1) messages. Between two NPUs both ways are as long.
TEST(PlayCost, PlanningOnPartsOfRingsIsForetold) {
  EXPECT_DOUBLE_EQ(planning_cost(OnHalves(8, {4000}).scenario()).worked_out, 48);
  EXPECT_DOUBLE_EQ(planning_cost(OnHalves(8, {4000, 4000, 8000}).scenario()).worked_out, 96);
  EXPECT_DOUBLE_EQ(planning_cost(OnHalves(8, {4000, 8000}).scenario()).seconds, 96 * 8e-9);
  EXPECT_DOUBLE_EQ(planning_cost(OnHalves(4, {4000}).scenario()).worked_out, 0);
  EXPECT_DOUBLE_EQ(planning_cost(OnFour("Ring(4)", NetworkModel::Ports).scenario()).worked_out, 0);
}

// 4 x 32,767 x 32,768 messages, some 30 s, are not begun before somebody has been told.
TEST(PlayCost, IsToldBeforeAnythingIsPlanned) {
  struct Told {};
  const OnHalves ring(1 << 16, {1 << 30});
  for (const Fidelity fidelity : {Fidelity::Folded, Fidelity::Full}) {
    double foretold = 0.0;
    const PlayLimits limits{.on_cost = [&](const PlayCost& cost) {
      foretold = cost.worked_out;
      throw Told();
    }};
    const std::clock_t begin = std::clock();
    EXPECT_THROW(simulate(ring.scenario(), fidelity, nullptr, limits), Told);
    EXPECT_DOUBLE_EQ(foretold, 4.0 * 32767 * 32768);
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 5.0);
  }
}

// As flows a message that meets nobody costs a part of one that shares links: on a ring, to a neighbour,
// against halving-doubling, whose messages pass others.
TEST(PlayCost, MessagesThatMeetCostMore) {
  const auto seconds_of_each = [](const char* algorithm) {
    OnFour ring("Ring(64)", NetworkModel::Flows);
    ring.library.algorithms.by_kind = {{"Ring", algorithm}};
    return flow_play_seconds(ring.scenario()) / ring.cost().messages;
  };
  EXPECT_LT(8.0 * seconds_of_each("ring"), seconds_of_each("halving-doubling"));
  EXPECT_LT(seconds_of_each("ring"), 0.3e-6);
}

// Progress by time: events at 40 ns and messages that are worked out at 8.
TEST(PlayCost, WhatIsBehindCountsByItsTime) {
  const PlayCost cost{.events = 100, .worked_out = 500};
  EXPECT_DOUBLE_EQ(share_played(cost, {.events = 100, .messages = 0}), 0.5);
  EXPECT_DOUBLE_EQ(share_played(cost, {.events = 0, .messages = 250}), 0.25);
  EXPECT_DOUBLE_EQ(share_played(cost, {.events = 1000, .messages = 500}), 1.0);
}

// The events foretold are those that are handled when all is played, within a factor of two.
TEST(PlayCost, ForetellsTheEventsOfAPlay) {
  for (const char* shape : {"Ring(16)", "Switch(32)", "FullyConnected(12)", "Ring(4)_Switch(8)"}) {
    for (const NetworkModel model : {NetworkModel::Ports, NetworkModel::Flows}) {
      for (const int chunks : {1, 8}) {
        Library library;
        library.chunks = chunks;
        library.network = model;
        const Network network = parse_network(shape);
        const Step graph = lone_collective(network, {CollectiveKind::AllReduce, Bytes(1 << 20)});
        const std::vector<double> bandwidth(network.dimensions.size(), 10.0);
        const Scenario scenario{graph, network, library, bandwidth, Time()};
        const RankedStep step = of_one_kind(scenario);
        const Scenario own{step.graph, network, library, bandwidth, Time()};
        const double foretold = play_cost(own, step).events;
        const auto handled = static_cast<double>(simulate_full(own, step, nullptr, {}, true).events);
        EXPECT_LE(handled, 2.0 * foretold + 50) << shape << " in " << chunks;
        EXPECT_GE(handled, 0.5 * foretold - 50) << shape << " in " << chunks;
      }
    }
  }
}

TEST(PlayCost, RefusesMoreThanADayOrThanThereIs) {
  EXPECT_NO_THROW(require_affordable({.seconds = 86400.0}));
  const auto refusal = [](const PlayCost& cost) {
    try {
      require_affordable(cost);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refusal({.messages = 1e12, .seconds = 86401.0}),
              testing::AllOf(testing::HasSubstr("1e+12 messages"), testing::HasSubstr("more than a day")));
  EXPECT_THAT(refusal({.bytes = 1e18}), testing::HasSubstr("this machine has"));
}

}  // namespace
}  // namespace bandwright
