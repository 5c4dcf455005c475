#include "collective/algorithms/bruck.h"

#include <gtest/gtest.h>

#include <vector>

namespace bandwright {
namespace {

double busy(CollectiveKind phase, int n) {
  const PhasePrice price = price_of(bruck_algorithm().program(phase, n, 0), n, 1);
  return price.busy / price.of;
}

// Six NPUs: shards 1 + 2 + 2; parts for offsets with bit 1 (1, 3, 5), bit 2 (2, 3) and bit 4 (4, 5) of
// sixths.
TEST(Bruck, SendsByHand) {
  EXPECT_DOUBLE_EQ(busy(CollectiveKind::AllGather, 6), 5.0);
  EXPECT_DOUBLE_EQ(busy(CollectiveKind::AllToAll, 6), 7.0 / 6.0);
}

// Round by round, the shards an NPU has are those of it and of the NPUs before it, and what it passes on are
// those nearest to it.
TEST(Bruck, GathersEveryShardOnce) {
  for (int n = 2; n <= 40; ++n) {
    std::int64_t has = 1;
    for (const Block& block : bruck_algorithm().program(CollectiveKind::AllGather, n, 0)) {
      EXPECT_LE(block.message.count, has) << n;
      EXPECT_EQ(block.parameter, has) << n;
      has += block.message.count;
    }
    EXPECT_EQ(has, n);
  }
}

// A part for the NPU at offset j moves on in the rounds of j's bits, which add up to j; what is sent in a
// round are the parts that move in it.
TEST(Bruck, PassesEveryPartToItsNpu) {
  for (int n = 2; n <= 40; ++n) {
    std::vector<std::int64_t> moved(static_cast<std::size_t>(n), 0);
    for (const Block& block : bruck_algorithm().program(CollectiveKind::AllToAll, n, 0)) {
      std::int64_t parts = 0;
      for (int j = 1; j < n; ++j) {
        if ((j & block.parameter) == 0) continue;
        moved[static_cast<std::size_t>(j)] += block.parameter;
        ++parts;
      }
      EXPECT_EQ(block.message.count, parts) << n;
      EXPECT_EQ(block.message.of, n);
    }
    for (int j = 0; j < n; ++j) EXPECT_EQ(moved[static_cast<std::size_t>(j)], j) << n;
  }
}

// Few rounds win where latency counts: 63 NPUs, 6 messages instead of 62.
TEST(Bruck, TakesFewRounds) {
  EXPECT_EQ(bruck_algorithm().program(CollectiveKind::AllToAll, 63, 0).size(), 6U);
  EXPECT_EQ(bruck_algorithm().program(CollectiveKind::AllGather, 64, 0).size(), 6U);
  EXPECT_EQ(bruck_algorithm().program(CollectiveKind::AllGather, 65, 0).size(), 7U);
}

}  // namespace
}  // namespace bandwright
