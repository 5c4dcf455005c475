#include "collective/traffic.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "collective/algorithm.h"
#include "core/error.h"

namespace bandwright {
namespace {

std::vector<Traffic> traffic(CollectiveKind kind, std::int64_t size, std::string_view shorthand) {
  const Network network = parse_network(shorthand);
  return collective_traffic({kind, bytes(size)}, whole_network(network), network);
}

struct Loads {
  std::vector<double> bytes;
  std::vector<double> busy;
  friend bool operator==(const Loads&, const Loads&) = default;
};
Loads loads(CollectiveKind kind, std::int64_t size, std::string_view shorthand) {
  Loads result;
  for (const Traffic& each : traffic(kind, size, shorthand)) {
    result.bytes.push_back(each.bytes);
    result.busy.push_back(each.busy);
  }
  return result;
}

// Over 2 x 4 NPUs with 800 B: dimension 0 reduces 800 B (half of it leaves, each way), dimension 1 the 400 B
// left (three quarters leave, each way).
TEST(Traffic, OfEachCollectiveByHand) {
  const char* network = "Ring(2)_Ring(4)";
  EXPECT_EQ(loads(CollectiveKind::AllReduce, 800, network), (Loads{{800.0, 600.0}, {800.0, 600.0}}));
  EXPECT_EQ(loads(CollectiveKind::ReduceScatter, 800, network), (Loads{{400.0, 300.0}, {400.0, 300.0}}));
  // Shards of 100 B: the outer dimension gathers 3 x 100 B, the inner one then 400 B more.
  EXPECT_EQ(loads(CollectiveKind::AllGather, 100, network), (Loads{{400.0, 300.0}, {400.0, 300.0}}));
  // Each of 4 NPUs passes on parts of 200 B over 1, 2 and 3 links: 1200 B.
  EXPECT_EQ(loads(CollectiveKind::AllToAll, 800, network), (Loads{{400.0, 1200.0}, {400.0, 1200.0}}));
  // Chains: 8 segments of 100 B over one link, 16 of 50 B over three: 18 in turn, 48 messages of 4 NPUs.
  EXPECT_EQ(loads(CollectiveKind::Broadcast, 800, network), (Loads{{400.0, 600.0}, {800.0, 900.0}}));
  EXPECT_EQ(loads(CollectiveKind::PointToPoint, 800, network), (Loads{{800.0, 800.0}, {800.0, 800.0}}));
}

// 8 NPUs, 800 B. A switch scatters 400 + 200 + 100 B from the root and gathers 7 x 100 B: 2 S 7/8. Fully
// connected the seven parts of each round leave side by side, at a seventh of the bandwidth each.
TEST(Traffic, BroadcastAndReduceScatterAndGather) {
  for (const CollectiveKind kind : {CollectiveKind::Broadcast, CollectiveKind::Reduce}) {
    for (const char* network : {"Switch(8)", "FullyConnected(8)"}) {
      EXPECT_DOUBLE_EQ(traffic(kind, 800, network)[0].busy, 1400.0) << network;
    }
  }
}

// One message takes one of the seven links.
TEST(Traffic, ASendBetweenFullyConnectedNpusHasOneLink) {
  EXPECT_DOUBLE_EQ(traffic(CollectiveKind::PointToPoint, 800, "FullyConnected(8)")[0].busy, 5600.0);
}

// Every NPU has (n-1)/n of its buffer to send, and a switch carries all of it at once, whatever its size.
TEST(Traffic, AllToAllOnASwitchOfAnySize) {
  for (int n = 2; n <= 40; ++n) {
    const double expected = 1e9 * (n - 1) / n;
    EXPECT_NEAR(traffic(CollectiveKind::AllToAll, 1'000'000'000, fmt::format("Switch({})", n))[0].busy,
                expected, 1e-9 * expected)
        << n;
  }
}

// On a ring a part for the NPU k further on is passed on k times: (1 + 2 + ... + n-1)/n = (n-1)/2 buffers.
TEST(Traffic, AllToAllOnARing) {
  for (int n = 2; n <= 40; ++n) {
    EXPECT_DOUBLE_EQ(traffic(CollectiveKind::AllToAll, 1'000'000'000, fmt::format("Ring({})", n))[0].busy,
                     1e9 * (n - 1) / 2)
        << n;
  }
}

// An all-reduce is a reduce-scatter and the all-gather of its result; and n - 1 of n parts leave each NPU
// whatever the number of dimensions they are spread over.
TEST(Traffic, AllReduceIsReduceScatterThenAllGather) {
  for (const char* network :
       {"Ring(8)", "Ring(2)_Switch(4)", "Ring(2)_Ring(2)_Ring(2)", "Switch(3)_Ring(5)_Ring(7)"}) {
    const std::int64_t npus = parse_network(network).npus();
    const auto scatter = traffic(CollectiveKind::ReduceScatter, npus * 1000, network);
    const auto gather = traffic(CollectiveKind::AllGather, 1000, network);
    const auto both = traffic(CollectiveKind::AllReduce, npus * 1000, network);
    double sent = 0.0;
    for (std::size_t d = 0; d < both.size(); ++d) {
      EXPECT_NEAR(both[d].bytes, scatter[d].bytes + gather[d].bytes, 1e-6) << network;
      EXPECT_NEAR(both[d].busy, both[d].bytes, 1e-6) << network;
      sent += both[d].bytes;
    }
    EXPECT_NEAR(sent, 2.0 * 1000.0 * static_cast<double>(npus - 1), 1e-6) << network;
  }
}

// A named algorithm is what counts: a tree sends all S at every level, to two children in turn.
// Switch(8): 0 -> 4, then 4 -> 2 and 6, of which 6 has it last, then 6 -> 5 and 7: 1 + 2 + 2 messages.
TEST(Traffic, FollowsTheSystemsAlgorithms) {
  const Network network = parse_network("Switch(8)");
  Library library;
  library.algorithms.by_kind["Switch"] = "double-binary-tree";
  const auto tree =
      collective_traffic({CollectiveKind::Broadcast, bytes(800)}, whole_network(network), network, library);
  EXPECT_DOUBLE_EQ(tree[0].busy, 4000.0);
  EXPECT_DOUBLE_EQ(tree[0].bytes, 700.0);  // 7 messages of 8 NPUs
  // By dimension and phase, in front of it.
  library.algorithms.by_dimension = {{{CollectiveKind::Broadcast, "direct"}}};
  EXPECT_DOUBLE_EQ(
      collective_traffic({CollectiveKind::Broadcast, bytes(800)}, whole_network(network), network, library)[0]
          .busy,
      1400.0);
}

// Plain: an all-reduce of everything on each dimension.
TEST(Traffic, FollowsTheComposition) {
  const Network network = parse_network("Ring(2)_Ring(4)");
  Library library;
  library.composition = Composition::Plain;
  const auto plain =
      collective_traffic({CollectiveKind::AllReduce, bytes(800)}, whole_network(network), network, library);
  EXPECT_DOUBLE_EQ(plain[0].busy, 800.0);
  EXPECT_DOUBLE_EQ(plain[1].busy, 1200.0);
}

// What a named or natural algorithm does not serve, the natural one does, or the fastest there is.
TEST(Traffic, FallsBackToTheFastest) {
  for (const CollectiveKindInfo& collective : collective_kinds()) {
    for (int n = 2; n <= 16; ++n) {
      const DimensionKind& kind = dimension_kind("Switch");
      const CollectiveAlgorithm& natural = collective_algorithm(kind.natural_algorithm);
      const PhasePrice used = phase_price(nullptr, kind, collective.kind, n);
      if (natural.serves(collective.kind, n)) {
        EXPECT_EQ(&algorithm_for(nullptr, kind, collective.kind, n), &natural);
        continue;
      }
      for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
        if (!algorithm.serves(collective.kind, n)) continue;
        const PhasePrice price = price_of(algorithm.program(collective.kind, n, 0), n, 1);
        EXPECT_LE(used.busy / used.of, price.busy / price.of * (1 + 1e-12))
            << collective.name << " " << n << " " << algorithm.name;
      }
    }
  }
}

TEST(Traffic, NamesAreACatalogue) {
  for (const CollectiveKindInfo& info : collective_kinds()) {
    EXPECT_EQ(collective_kind(info.name), info.kind);
    EXPECT_EQ(collective_name(info.kind), info.name);
  }
  EXPECT_THROW(collective_kind("allreduce?"), InputError);
}

}  // namespace
}  // namespace bandwright
