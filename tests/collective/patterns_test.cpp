#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/collective/cases.h"

namespace bandwright {
namespace {

constexpr int largest = 16;

// Calls visit(block, round, sender, receiver) for each message of a program, round by round.
template <class Visit>
void for_each_message(const AlgorithmCase& each, const Program& program, Visit&& visit) {
  for (const Block& block : program) {
    for (int round = 0; round < block.rounds; ++round) {
      for (int p = 0; p < each.n; ++p) {
        for (int i = 0; i < block.pattern->sends(each.n, block, round, p); ++i) {
          visit(block, round, p, block.pattern->peer(each.n, block, round, p, i));
        }
      }
    }
  }
}

double fraction(const ByteShare& part) {
  return static_cast<double>(part.count) / static_cast<double>(part.of);
}

// What is sent in a round is received in it, nobody sends to itself, and messages() counts.
TEST(Patterns, WhatIsSentIsReceived) {
  for (const AlgorithmCase& each : algorithm_cases(largest)) {
    for (const int chunk : {0, 1}) {
      for (const Block& block : each.program(chunk)) {
        std::int64_t messages = 0;
        std::vector<int> arrived(static_cast<std::size_t>(block.rounds * each.n), 0);
        for_each_message(each, {block}, [&](const Block&, int round, int from, int to) {
          ASSERT_NE(from, to) << each.name();
          ASSERT_TRUE(to >= 0 && to < each.n) << each.name();
          ++arrived[static_cast<std::size_t>(round * each.n + to)];
          ++messages;
        });
        for (int round = 0; round < block.rounds; ++round) {
          for (int p = 0; p < each.n; ++p) {
            EXPECT_EQ(arrived[static_cast<std::size_t>(round * each.n + p)],
                      block.pattern->receives(each.n, block, round, p))
                << each.name() << " round " << round << " NPU " << p;
          }
        }
        EXPECT_EQ(messages, block.pattern->messages(each.n, block)) << each.name();
      }
    }
  }
}

// Whose data each NPU may have: a message carries what its sender had before the round.
std::vector<std::uint32_t> heard_from(const AlgorithmCase& each, const Program& program) {
  std::vector<std::uint32_t> heard;
  for (int p = 0; p < each.n; ++p) heard.push_back(1U << p);
  for (const Block& block : program) {
    for (int round = 0; round < block.rounds; ++round) {
      const std::vector<std::uint32_t> before = heard;
      for (int p = 0; p < each.n; ++p) {
        for (int i = 0; i < block.pattern->sends(each.n, block, round, p); ++i) {
          const int to = block.pattern->peer(each.n, block, round, p, i);
          heard[static_cast<std::size_t>(to)] |= before[static_cast<std::size_t>(p)];
        }
      }
    }
  }
  return heard;
}

// Everyone hears from all it needs data of: the root from all in a reduce, all from the root in a broadcast,
// each from the one before in a point-to-point, all from all else. Roots are NPU 0.
TEST(Patterns, EveryNpuHearsFromThoseWhoseDataItNeeds) {
  for (const AlgorithmCase& each : algorithm_cases(largest)) {
    for (const int chunk : {0, 1}) {
      const std::vector<std::uint32_t> heard = heard_from(each, each.program(chunk));
      const std::uint32_t all = (1U << each.n) - 1;
      // The second tree is the mirror image of the first, and so is its root.
      const bool mirrored = chunk == 1 && each.algorithm->name == "double-binary-tree";
      const int root = mirrored ? each.n - 1 : 0;
      for (int p = 0; p < each.n; ++p) {
        std::uint32_t needed = all;
        if (each.phase == CollectiveKind::Broadcast) needed = 1U << root;
        if (each.phase == CollectiveKind::Reduce && p != root) needed = 0;
        if (each.phase == CollectiveKind::PointToPoint) needed = 1U << ((p + each.n - 1) % each.n);
        EXPECT_EQ(heard[static_cast<std::size_t>(p)] & needed, needed) << each.name() << " NPU " << p;
      }
    }
  }
}

// What an NPU receives at least, in parts of what it enters with: what others have and it needs.
double least_received(CollectiveKind phase, int n, int position) {
  const double others = (n - 1.0) / n;
  switch (phase) {
    case CollectiveKind::AllReduce:
      return 2.0 * others;  // its part of the sum, and the sum of the other parts
    case CollectiveKind::ReduceScatter:
    case CollectiveKind::AllToAll:
      return others;
    case CollectiveKind::AllGather:
      return n - 1.0;
    case CollectiveKind::Broadcast:
      return position == 0 ? 0.0 : 1.0;
    case CollectiveKind::Reduce:
      return position == 0 ? 1.0 : 0.0;
    default:
      return 1.0;
  }
}

// Enough arrives everywhere. Two things save bytes: a sum is as large as its terms, so that on a tree the
// root of an all-reduce takes S from each child and the leaves S once; and a reduce needs S at the root in
// parts of which it has its own.
TEST(Patterns, EveryNpuReceivesWhatItNeeds) {
  for (const AlgorithmCase& each : algorithm_cases(largest)) {
    std::vector<double> received(static_cast<std::size_t>(each.n), 0.0);
    double sent = 0.0;
    for_each_message(each, each.program(), [&](const Block& block, int, int, int to) {
      received[static_cast<std::size_t>(to)] += fraction(block.message);
      sent += fraction(block.message);
    });
    const bool tree = each.algorithm->name == "double-binary-tree";
    for (int p = 0; p < each.n; ++p) {
      const double least =
          tree && each.phase == CollectiveKind::AllReduce ? 1.0 : least_received(each.phase, each.n, p);
      EXPECT_GE(received[static_cast<std::size_t>(p)], least * (1 - 1e-12)) << each.name() << " NPU " << p;
    }
    // Bytes are conserved: those of all messages are what the price says each NPU sends.
    const PhasePrice price = price_of(each.program(), each.n, 1);
    EXPECT_NEAR(sent / each.n, price.sent / price.of, 1e-12 * sent) << each.name();
  }
}

// A port carries what is sent through it: no NPU sends more than the phase is busy, on one port.
TEST(Patterns, NoPortCarriesMoreThanThePhaseIsBusy) {
  for (const AlgorithmCase& each : algorithm_cases(largest)) {
    std::vector<double> sent(static_cast<std::size_t>(each.n), 0.0);
    for_each_message(each, each.program(), [&](const Block& block, int, int from, int) {
      sent[static_cast<std::size_t>(from)] += fraction(block.message);
    });
    const PhasePrice price = price_of(each.program(), each.n, 1);
    EXPECT_LE(*std::max_element(sent.begin(), sent.end()), price.busy / price.of * (1 + 1e-12))
        << each.name();
  }
}

Time time_of(const AlgorithmCase& each, const Library& library, std::int64_t bytes, double gb_per_s,
             int chunk = 0) {
  const Network network = each.network();
  const Wire wire(library, network, whole_network(network).dimensions[0], gb_per_s);
  return program_time(wire, sized(each.program(chunk), wire, bytes));
}

// The two statements of a pattern: as long as its messages in turn, where only bandwidth takes time. Sizes
// 2 to 16 divide the bytes, so that nothing is rounded but to a picosecond per message.
TEST(Patterns, TakeTheirMessagesInTurn) {
  constexpr std::int64_t bytes = 1'441'440'000;
  for (const AlgorithmCase& each : algorithm_cases(largest)) {
    for (const int chunk : {0, 1}) {
      const PhasePrice price = phase_price(each.algorithm, *each.kind, each.phase, each.n);
      const double expected_ns = static_cast<double>(bytes) * price.busy / price.of / 50.0;
      EXPECT_NEAR(to_ns(time_of(each, {}, bytes, 50.0, chunk)), expected_ns, 1e-9 * expected_ns)
          << each.name();
    }
  }
}

// More bytes never take less time, nor more bandwidth more; and what is twice as large on wires twice as fast
// takes as long.
TEST(Patterns, AreMonotoneAndScale) {
  Library slow;
  slow.latency = {nanoseconds(30)};
  slow.endpoint_delay = nanoseconds(7);
  slow.message_overhead = nanoseconds(2);
  for (const AlgorithmCase& each : algorithm_cases(largest)) {
    Time before;
    for (const std::int64_t bytes : {1, 2, 100, 1'000, 1'001, 65'537, 1'000'000}) {
      const Time time = time_of(each, slow, bytes, 50.0);
      EXPECT_GE(time, before) << each.name();
      EXPECT_LE(time_of(each, slow, bytes, 51.0), time) << each.name();
      before = time;
    }
    constexpr std::int64_t divisible = 1'441'440'000;
    const double once = to_ns(time_of(each, slow, divisible, 50.0));
    EXPECT_NEAR(to_ns(time_of(each, slow, 2 * divisible, 100.0)), once, 1e-9 * once) << each.name();
  }
}

// A reduction adds up all that arrives to be added, and costs nothing where memory is infinitely fast.
TEST(Patterns, ReductionsTakeTimeWhereDataIsAdded) {
  Library reducing;
  reducing.reduction_bandwidth = gb_per_s(100.0);
  for (const AlgorithmCase& each : algorithm_cases(largest)) {
    const bool adds = each.phase == CollectiveKind::AllReduce ||
                      each.phase == CollectiveKind::ReduceScatter || each.phase == CollectiveKind::Reduce;
    const bool longer = time_of(each, reducing, 1'000'000, 50.0) > time_of(each, Library{}, 1'000'000, 50.0);
    // Halving-doubling hides the reduction of its last round, the only one of two NPUs.
    const bool hidden = each.algorithm->name == "halving-doubling" && each.n == 2;
    EXPECT_EQ(longer, adds && !hidden) << each.name();
  }
}

}  // namespace
}  // namespace bandwright
