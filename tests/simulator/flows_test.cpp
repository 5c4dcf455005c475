// Messages that share links fairly: collectives and steps over grids and over networks as they are built, with
// times derived by hand.
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
  System system;
  Collective collective;
  std::vector<double> bandwidth;
  std::optional<FlowNetwork> built = std::nullopt;
};

Time time_of(const FlowCase& one) {
  const Step graph = lone_collective(one.network, one.collective);
  return simulate_full({graph, one.network, one.system, one.bandwidth, {}, one.built ? &*one.built : nullptr})
      .step_time;
}

// 50 GiB/s and 500 ns a hop; every kind of dimension by one algorithm.
System plain_system(const std::string& algorithm, int chunks = 1) {
  System system;
  system.chunks = chunks;
  system.latency = {nanoseconds(500)};
  system.gib = true;
  system.network = NetworkModel::Flows;
  for (const DimensionKind& kind : dimension_kinds()) system.algorithms.by_kind[std::string(kind.name)] = algorithm;
  return system;
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

// Where no link carries two messages at a time, flows take what messages in turn take.
TEST(FlowsOnGrids, LinksThatNothingSharesCostWhatTheyDidInTurn) {
  for (const std::string_view shorthand : {"Ring(8)", "Switch(8)", "FullyConnected(8)", "Ring(4)_Switch(8)"}) {
    for (const CollectiveKind kind :
         {CollectiveKind::AllReduce, CollectiveKind::AllGather, CollectiveKind::ReduceScatter}) {
      System system;
      system.chunks = 4;
      system.latency = {nanoseconds(500)};
      system.endpoint_delay = nanoseconds(10);
      system.network = NetworkModel::Flows;
      const Network network = parse_network(shorthand);
      FlowCase one{network, system, {kind, Bytes(64 * mebibyte)},
                   std::vector<double>(network.dimensions.size(), 50.0)};
      const Time fair = time_of(one);
      one.system.network = NetworkModel::Links;
      const Time in_turn = time_of(one);
      one.system.network = NetworkModel::Ports;
      const Time ports = time_of(one);
      // Each of some hundred dependent messages is rounded up by less than a picosecond.
      EXPECT_NEAR(to_ns(fair), to_ns(in_turn), 0.5) << shorthand;
      EXPECT_NEAR(to_ns(fair), to_ns(ports), 0.5) << shorthand;
    }
  }
}

}  // namespace
}  // namespace bandwright
