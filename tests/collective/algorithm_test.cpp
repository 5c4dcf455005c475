#include "collective/algorithm.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/collective/cases.h"

namespace bandwright {
namespace {

double busy(std::string_view algorithm, CollectiveKind phase, int n, int ports = 1) {
  const PhasePrice price = price_of(collective_algorithm(algorithm).program(phase, n, 0), n, ports);
  return price.busy / price.of;
}
double sent(std::string_view algorithm, CollectiveKind phase, int n) {
  const PhasePrice price = price_of(collective_algorithm(algorithm).program(phase, n, 0), n, 1);
  return price.sent / price.of;
}

std::int64_t rounds(const Program& program) {
  std::int64_t sum = 0;
  for (const Block& block : program) sum += block.rounds;
  return sum;
}

// What each takes of a byte on one port, from the papers that the headers name. All-reduce: twice (n-1)/n but
// for the tree, which sends all of it up log2 n + 1 levels and down to two children in turn.
TEST(Algorithm, PricesOfTheLiterature) {
  for (const int n : {2, 4, 8, 16}) {
    const double others = (n - 1.0) / n;
    for (const char* algorithm : {"ring", "ring-both", "direct", "halving-doubling"}) {
      EXPECT_DOUBLE_EQ(busy(algorithm, CollectiveKind::AllReduce, n), 2.0 * others) << algorithm << n;
      EXPECT_DOUBLE_EQ(busy(algorithm, CollectiveKind::ReduceScatter, n), others) << algorithm << n;
      EXPECT_DOUBLE_EQ(busy(algorithm, CollectiveKind::AllGather, n), n - 1.0) << algorithm << n;
      EXPECT_DOUBLE_EQ(sent(algorithm, CollectiveKind::AllReduce, n), 2.0 * others) << algorithm << n;
    }
    // A chain of 4 n segments of S/(4 n): the last one leaves n - 2 messages after the source's own 4 n.
    EXPECT_DOUBLE_EQ(busy("ring", CollectiveKind::Broadcast, n), (n - 2 + 4.0 * n) / (4.0 * n)) << n;
    EXPECT_DOUBLE_EQ(busy("direct", CollectiveKind::Broadcast, n), 2.0 * others) << n;
    EXPECT_DOUBLE_EQ(busy("halving-doubling", CollectiveKind::Broadcast, n), 2.0 * others) << n;
    // All n - 1 others get the buffer, by whatever way; only the tree sends nothing twice over.
    EXPECT_DOUBLE_EQ(sent("ring", CollectiveKind::Broadcast, n), others) << n;
    EXPECT_DOUBLE_EQ(sent("double-binary-tree", CollectiveKind::Broadcast, n), others) << n;
    EXPECT_DOUBLE_EQ(sent("double-binary-tree", CollectiveKind::AllReduce, n), 2.0 * others) << n;
  }
}

// Both ways round a ring, a part goes at most n/2 links: for n = 5 over 1, 2, 2 and 1 of them, 6/5 of a
// buffer; for n = 6 over 1, 2, 3, 2 and 1, 9/6.
TEST(Algorithm, AllToAllTakesTheShorterWayRound) {
  EXPECT_DOUBLE_EQ(busy("ring-both", CollectiveKind::AllToAll, 5), 6.0 / 5.0);
  EXPECT_DOUBLE_EQ(busy("ring-both", CollectiveKind::AllToAll, 6), 9.0 / 6.0);
  EXPECT_DOUBLE_EQ(busy("ring", CollectiveKind::AllToAll, 6), 15.0 / 6.0);
  for (int n = 2; n <= 33; ++n) {
    int links = 0;
    for (int k = 1; k < n; ++k) links += std::min(k, n - k);
    EXPECT_DOUBLE_EQ(sent("ring-both", CollectiveKind::AllToAll, n), static_cast<double>(links) / n) << n;
  }
}

// With a port per peer each has its (n-1)-th part of the bandwidth: what all send to all at once takes as
// long as on one port, what goes to a single peer n - 1 times as long.
TEST(Algorithm, PortsSideBySide) {
  for (const int n : {4, 8, 16}) {
    for (const CollectiveKindInfo& phase : collective_kinds()) {
      if (phase.kind == CollectiveKind::PointToPoint) continue;
      if (phase.kind != CollectiveKind::Reduce) {
        EXPECT_DOUBLE_EQ(busy("direct", phase.kind, n, n - 1), busy("direct", phase.kind, n)) << phase.name;
      }
      EXPECT_DOUBLE_EQ(busy("ring", phase.kind, n, n - 1), (n - 1) * busy("ring", phase.kind, n))
          << phase.name;
    }
    // Two neighbours, two ports.
    EXPECT_DOUBLE_EQ(busy("ring-both", CollectiveKind::AllReduce, n, n - 1),
                     (n - 1) * busy("ring-both", CollectiveKind::AllReduce, n) / 2);
  }
}

// Rounds in which a collective ends where latency counts most.
TEST(Algorithm, RoundsOfEach) {
  const auto count = [](std::string_view algorithm, CollectiveKind phase, int n) {
    return rounds(collective_algorithm(algorithm).program(phase, n, 0));
  };
  EXPECT_EQ(count("ring", CollectiveKind::AllReduce, 16), 30);
  EXPECT_EQ(count("ring", CollectiveKind::AllToAll, 16), 120);
  EXPECT_EQ(count("ring", CollectiveKind::Broadcast, 16), 78);  // 64 segments, the last one 14 links later
  EXPECT_EQ(count("ring-both", CollectiveKind::AllToAll, 16), 36);
  EXPECT_EQ(count("ring-both", CollectiveKind::AllToAll, 15), 28);
  EXPECT_EQ(count("direct", CollectiveKind::AllReduce, 16), 2);
  EXPECT_EQ(count("halving-doubling", CollectiveKind::AllReduce, 16), 8);
  EXPECT_EQ(count("halving-doubling", CollectiveKind::AllToAll, 16), 15);
  EXPECT_EQ(count("double-binary-tree", CollectiveKind::AllReduce, 16), 8);
  EXPECT_EQ(count("bruck", CollectiveKind::AllGather, 17), 5);
}

TEST(Algorithm, ServesWhatItSays) {
  for (const CollectiveKindInfo& phase : collective_kinds()) {
    for (int n = 2; n <= 33; ++n) {
      const bool power = n == 2 || n == 4 || n == 8 || n == 16 || n == 32;
      const bool message = phase.kind == CollectiveKind::PointToPoint;
      const bool gathers = phase.kind == CollectiveKind::AllGather;
      const bool spreads = phase.kind == CollectiveKind::AllToAll;
      const bool scatters = phase.kind == CollectiveKind::ReduceScatter;
      const auto serves = [&](std::string_view name) {
        return collective_algorithm(name).serves(phase.kind, n);
      };
      EXPECT_TRUE(serves("ring"));
      EXPECT_TRUE(serves("ring-both"));
      EXPECT_EQ(serves("direct"), !message);
      EXPECT_EQ(serves("halving-doubling"), power && !message) << n;
      EXPECT_EQ(serves("double-binary-tree"), !message && !gathers && !spreads && !scatters);
      EXPECT_EQ(serves("bruck"), gathers || spreads);
    }
  }
  EXPECT_TRUE(collective_algorithm("ring").serves(CollectiveKind::AllToAll, 32768));
  EXPECT_FALSE(collective_algorithm("ring").serves(CollectiveKind::AllToAll, 32769));
  EXPECT_TRUE(collective_algorithm("ring").serves(CollectiveKind::AllReduce, 32769));
}

// The named one where it serves, else the natural one, else the fastest: a tree is not for an all-gather;
// halving-doubling, natural on a switch, not for 6 NPUs, where direct and ring take as many bytes but direct
// fewer rounds.
TEST(Algorithm, InUse) {
  const DimensionKind& crossbar = dimension_kind("Switch");
  const CollectiveAlgorithm& tree = collective_algorithm("double-binary-tree");
  const auto used = [&](const CollectiveAlgorithm* named, CollectiveKind phase, int n) {
    return algorithm_for(named, crossbar, phase, n).name;
  };
  EXPECT_EQ(used(&tree, CollectiveKind::AllReduce, 8), "double-binary-tree");
  EXPECT_EQ(used(&tree, CollectiveKind::AllGather, 8), "halving-doubling");
  EXPECT_EQ(used(&tree, CollectiveKind::AllGather, 6), "direct");
  EXPECT_EQ(used(nullptr, CollectiveKind::AllReduce, 6), "direct");
  EXPECT_EQ(used(nullptr, CollectiveKind::PointToPoint, 8), "ring");
  // 2 n messages of half the bytes, or n: the fewest rounds decide among chains, which are alike.
  EXPECT_EQ(used(nullptr, CollectiveKind::Broadcast, 7), "ring");
}

// Prices that are kept are those of what is asked for, whoever asked before.
TEST(Algorithm, PricesThatAreKeptAreThoseAskedFor) {
  for (int again = 0; again < 2; ++again) {
    for (const AlgorithmCase& each : algorithm_cases(40)) {
      const PhasePrice kept = phase_price(each.algorithm, *each.kind, each.phase, each.n);
      const int ports = each.kind->name == "FullyConnected" ? each.n - 1 : 1;
      const PhasePrice fresh = price_of(each.program(), each.n, ports);
      ASSERT_EQ(kept.busy, fresh.busy) << each.name();
      ASSERT_EQ(kept.sent, fresh.sent) << each.name();
      ASSERT_EQ(kept.of, fresh.of) << each.name();
    }
  }
}

// What an NPU sends on average: all messages of all, by the bytes of each.
TEST(Algorithm, BytesOfAProgramAreThoseOfItsMessages) {
  for (const AlgorithmCase& each : algorithm_cases(9)) {
    const Network network = each.network();
    const Wire wire({}, network, whole_network(network).dimensions[0], 50.0);
    const Program program = sized(each.program(), wire, 100'003);
    double total = 0.0;
    for (const Block& block : program) {
      EXPECT_EQ(block.bytes, wire.size(100'003, block.message));
      EXPECT_EQ(block.reduced, wire.size(100'003, block.reduces));
      for (int round = 0; round < block.rounds; ++round) {
        for (int p = 0; p < each.n; ++p) {
          total += static_cast<double>(block.pattern->sends(each.n, block, round, p) * block.bytes);
        }
      }
    }
    EXPECT_DOUBLE_EQ(program_bytes(wire, program), total / each.n) << each.name();
  }
}

TEST(Algorithm, NamesAreACatalogue) {
  for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
    EXPECT_EQ(&collective_algorithm(algorithm.name), &algorithm);
    EXPECT_FALSE(algorithm.help.empty());
    EXPECT_FALSE(algorithm.sizes.empty());
  }
  EXPECT_THROW(collective_algorithm("rign"), InputError);
}

}  // namespace
}  // namespace bandwright
