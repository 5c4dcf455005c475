#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/event_driven.h"
#include "simulator/player/player.h"

namespace bandwright {
namespace {

// 2 to 16 divide it, and the segments of their chains.
constexpr std::int64_t divisible = 1'441'440'000;

struct Times {
  double closed_ns = 0.0;
  double engine_ns = 0.0;
};

Times times(const Network& network, const Collective& collective, const Library& library,
            const std::vector<double>& gb_per_s) {
  const Step graph = lone_collective(network, collective);
  return {ClosedForm(graph, network, library).step_time_ns(gb_per_s),
          to_ns(simulate_folded({graph, network, library, gb_per_s, Time()}).step_time)};
}

Library in_one_chunk() {
  Library library;
  library.chunks = 1;
  return library;
}

// One group alone on one idle dimension, in one chunk: closed form and engine tell the same time for every
// collective x algorithm x kind x size, whether the algorithm serves it or another has to.
TEST(OnePrice, OfEveryCollectiveAlgorithmKindAndSize) {
  for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
    for (const DimensionKind& kind : dimension_kinds()) {
      Library library = in_one_chunk();
      library.algorithms.by_kind[std::string(kind.name)] = algorithm.name;
      for (const CollectiveKindInfo& collective : collective_kinds()) {
        for (int n = 2; n <= 16; ++n) {
          const Network network = parse_network(fmt::format("{}({})", kind.name, n));
          const Times time = times(network, {collective.kind, Bytes(divisible)}, library, {50.0});
          EXPECT_NEAR(time.engine_ns, time.closed_ns, 1e-9 * time.closed_ns)
              << collective.name << " by " << algorithm.name << " on " << network.shorthand();
        }
      }
    }
  }
}

// The same without a name, and as all NPUs by themselves play it.
TEST(OnePrice, OfNaturalAlgorithmsAndEveryNpu) {
  const std::vector<double> b = {50.0};
  const Library library = in_one_chunk();
  for (const DimensionKind& kind : dimension_kinds()) {
    for (const CollectiveKindInfo& collective : collective_kinds()) {
      for (int n = 2; n <= 16; ++n) {
        const Network network = parse_network(fmt::format("{}({})", kind.name, n));
        const Step graph = lone_collective(network, {collective.kind, Bytes(divisible)});
        const double closed = ClosedForm(graph, network, library).step_time_ns(b);
        EXPECT_NEAR(to_ns(simulate_full({graph, network, library, b, Time()}).step_time), closed,
                    1e-9 * closed)
            << collective.name << " on " << network.shorthand();
      }
    }
  }
}

// 1 GB on a switch of 6 at 50 GB/s: 5/6 of it at 50 B/ns are 16,667 us, in 64 chunks and one.
TEST(OnePrice, AllToAllOnASwitchIsItsBytes) {
  for (int n = 2; n <= 33; ++n) {
    const Network network = parse_network(fmt::format("Switch({})", n));
    const Times time = times(network, {CollectiveKind::AllToAll, Bytes(1'000'000'000)}, {}, {50.0});
    const double expected = 1e9 * (n - 1) / n / 50.0;
    EXPECT_NEAR(time.closed_ns, expected, 1e-9 * expected) << n;
    EXPECT_NEAR(time.engine_ns, expected, 1e-5 * expected) << n;
  }
}

// Broadcast and reduce by scatter and all-gather: 2 S (n-1)/n. No algorithm does either in less than S/b.
TEST(OnePrice, BroadcastAndReduceTakeNoLessThanTheirBytes) {
  for (const CollectiveKind kind : {CollectiveKind::Broadcast, CollectiveKind::Reduce}) {
    for (const int n : {2, 4, 8, 16}) {
      const Network network = parse_network(fmt::format("Switch({})", n));
      const Times time = times(network, {kind, Bytes(divisible)}, in_one_chunk(), {50.0});
      const double expected = 2.0 * divisible * (n - 1) / n / 50.0;
      EXPECT_NEAR(time.closed_ns, expected, 1e-9 * expected) << n;
      EXPECT_NEAR(time.engine_ns, expected, 1e-9 * expected) << n;
    }
    for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
      for (int n = 2; n <= 16; ++n) {
        Library library = in_one_chunk();
        library.algorithms.by_kind["Switch"] = algorithm.name;
        const Network network = parse_network(fmt::format("Switch({})", n));
        EXPECT_GE(times(network, {kind, Bytes(divisible)}, library, {50.0}).closed_ns,
                  divisible / 50.0 - 1e-6)
            << algorithm.name << " " << n;
      }
    }
  }
}

// On a ring everything goes through the neighbours: 1 + 2 + .. + n-1 parts of S/n.
TEST(OnePrice, AllToAllOnARingPassesPartsOn) {
  for (int n = 2; n <= 16; ++n) {
    const Network network = parse_network(fmt::format("Ring({})", n));
    const Times time = times(network, {CollectiveKind::AllToAll, Bytes(divisible)}, in_one_chunk(), {50.0});
    const double expected = divisible * (n - 1) / 2.0 / 50.0;
    EXPECT_NEAR(time.closed_ns, expected, 1e-9 * expected) << n;
    EXPECT_NEAR(time.engine_ns, expected, 1e-9 * expected) << n;
  }
}

// Over several dimensions a single chunk does one phase after the other: the sum of what the dimensions take.
// Many chunks fill all dimensions: the slowest one's time, and a share of the others' that falls as 1/chunks.
TEST(OnePrice, OverSeveralDimensionsComesWithChunks) {
  const Network network = parse_network("Switch(6)_FullyConnected(5)_Ring(4)");
  const std::vector<double> b = {400.0, 90.0, 30.0};
  for (const CollectiveKindInfo& collective : collective_kinds()) {
    const Collective call{collective.kind, Bytes(divisible)};
    double sum = 0.0;
    double slowest = 0.0;
    for (const Traffic& load : collective_traffic(call, whole_network(network), network)) {
      const double ns = load.busy / b[static_cast<std::size_t>(load.dimension)];
      sum += ns;
      slowest = std::max(slowest, ns);
    }
    Library library = in_one_chunk();
    EXPECT_NEAR(times(network, call, library, b).engine_ns, sum, 1e-8 * sum) << collective.name;
    for (const int chunks : {16, 64, 256}) {
      library.chunks = chunks;
      const Times time = times(network, call, library, b);
      EXPECT_NEAR(time.closed_ns, slowest, 1e-9 * slowest);
      EXPECT_GE(time.engine_ns, slowest * (1 - 1e-9)) << collective.name;
      EXPECT_LE(time.engine_ns, (slowest + 2.0 * (sum - slowest) / chunks) * (1 + 1e-4))
          << collective.name << " in " << chunks;
    }
  }
}

}  // namespace
}  // namespace bandwright
