// Flows against packets, one by one, on the same ways: what fluids leave out.
#include <gtest/gtest.h>

#include <algorithm>

#include "network/builders.h"
#include "network/flows/flow_play.h"
#include "simulator/player/player.h"
#include "simulator/transport/flow_network.h"
#include "tests/support/packet_play.h"

namespace bandwright {
namespace {

constexpr std::int64_t bytes_of_each = 16 << 20;
constexpr std::uint32_t packet_ranks = 64;

// 64 NPUs under leaves with half the links up, 500 ns a hop.
NetworkGraph two_to_one() {
  return build_graph("FatTree(64, radix 12, oversubscription 2)", {gb_per_s(50), nanoseconds(500)});
}

double as_flows(const RoutingOptions& routing, const std::string& algorithm, CollectiveKind kind) {
  const NetworkGraph graph = two_to_one();
  const Network network = parse_network("Switch(64)");
  Library library;
  library.chunks = 1;
  library.network = NetworkModel::Flows;
  library.algorithms.by_kind = {{"Switch", algorithm}};
  const std::vector<double> bandwidth = {50.0};
  const FlowNetwork built{.graph = graph, .routing = routing};
  return to_seconds(
      simulate_full(
          {lone_collective(network, {kind, Bytes(bytes_of_each)}), network, library, bandwidth, {}, &built})
          .step_time);
}

template <class Peer>
RoundsCase round_messages(const RoutingOptions& routing, int rounds, std::int64_t size, Peer&& peer) {
  return rounds_over(two_to_one(), routing, packet_ranks, rounds, size, std::forward<Peer>(peer));
}

// A message of m bytes_of_each over h links takes m/b + (h - 1) packets longer whole packet by whole packet:
// 0.25 us of 7.2 us for 256 KiB over four links, which bounds how far rounds can be apart where nothing is
// shared.
TEST(Packets, RingAllReduce) {
  for (std::uint64_t seed = 1; seed <= 1; ++seed) {
    const RoutingOptions ecmp{.routing = Routing::Ecmp, .seed = seed};
    const RoundsCase ring = round_messages(ecmp, 126, bytes_of_each / packet_ranks,
                                           [](int, std::uint32_t rank) { return (rank + 1) % packet_ranks; });
    EXPECT_NEAR(as_flows(ecmp, "ring", CollectiveKind::AllReduce) / packets_of_rounds(ring), 1.0, 0.05)
        << seed;
  }
}

// A round of it as flows that start together.
double flows_of_a_round(const std::vector<double>& capacity, const std::vector<RoundMessage>& round) {
  std::vector<PlannedFlow> flows;
  for (const RoundMessage& message : round)
    flows.push_back({nanoseconds(message.latency_s * 1e9), message.bytes, message.way});
  const std::vector<Time> ends = play_flows(capacity, flows);
  return to_seconds(*std::max_element(ends.begin(), ends.end()));
}

// Its 12 rounds, each begun together. Begun as messages come, rounds of pairs that met nobody run ahead, and
// who is first in a queue decides who is late: 9 % apart at one seed of three.
TEST(Packets, HalvingDoublingAllReduce) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const RoutingOptions ecmp{.routing = Routing::Ecmp, .seed = seed};
    double as_fluids = 0.0;
    double as_packets = 0.0;
    for (const int distance : {1, 2, 4, 8, 16, 32, 32, 16, 8, 4, 2, 1}) {
      const RoundsCase round = round_messages(
          ecmp, 1, bytes_of_each / (2 * distance),
          [&](int, std::uint32_t rank) { return rank ^ static_cast<std::uint32_t>(distance); });
      as_fluids += flows_of_a_round(round.capacity, round.rounds.front());
      as_packets += packets_at_once(round);
    }
    EXPECT_NEAR(as_fluids / as_packets, 1.0, 0.05) << seed;
  }
}

RoundsCase exchanged_at_once(const RoutingOptions& routing) {
  return round_messages(routing, 63, bytes_of_each / packet_ranks, [](int r, std::uint32_t rank) {
    return (rank + static_cast<std::uint32_t>(r) + 1) % packet_ranks;
  });
}

// At once the fullest link is always at work, fluid or not.
TEST(Packets, AllToAllAtOnce) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const RoutingOptions ecmp{.routing = Routing::Ecmp, .seed = seed};
    EXPECT_NEAR(as_flows(ecmp, "direct", CollectiveKind::AllToAll) / packets_at_once(exchanged_at_once(ecmp)),
                1.0, 0.05)
        << seed;
  }
}

// Eight send 1 MiB each to one: its link is always at work, so that all is there after 8 MiB, fluid or not.
// But eight times what it takes comes to the last switch: after 1 MiB, 7 MiB wait there, more than a switch
// has for a port. What it drops or pauses, fluids do not know.
TEST(Packets, IncastFillsBuffersThatFluidsDoNotHave) {
  const NetworkGraph graph = build_graph("FatTree(9, radix 18)", {gb_per_s(50), Time(0)});
  RoundsCase incast =
      rounds_over(graph, {}, 9, 1, 1 << 20, [](int, std::uint32_t rank) { return rank == 0 ? 1 : 0; });
  std::erase_if(incast.rounds[0], [](const RoundMessage& message) { return message.to != 0; });
  ASSERT_EQ(incast.rounds[0].size(), 8U);
  std::vector<PlannedFlow> flows;
  PacketPlay play(incast.capacity);
  for (const RoundMessage& message : incast.rounds[0]) {
    flows.push_back({Time(0), message.bytes, message.way});
    play.start(message, 0.0, [](double) {});
  }
  const double end = play.run();
  const std::vector<Time> ends = play_flows(incast.capacity, flows);
  const double packet_s = 4096.0 / 50e9;
  EXPECT_NEAR(to_seconds(*std::max_element(ends.begin(), ends.end())), 8.0 * (1 << 20) / 50e9, 1e-11);
  EXPECT_NEAR(end, 8.0 * (1 << 20) / 50e9 + packet_s, 1e-11);
  EXPECT_NEAR(play.longest_queue(), 7.0 * (1 << 20), 8 * 4096.0);
}

}  // namespace
}  // namespace bandwright
