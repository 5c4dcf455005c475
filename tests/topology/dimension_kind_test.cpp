#include "topology/dimension_kind.h"

#include <gtest/gtest.h>

#include <set>

namespace bandwright {
namespace {

// Every route has as many links as there are hops, links of the dimension, none of them twice.
TEST(DimensionKind, RoutesAreHopsLong) {
  for (const DimensionKind& kind : dimension_kinds()) {
    for (int n = 2; n <= 9; ++n) {
      for (int from = 0; from < n; ++from) {
        for (int to = 0; to < n; ++to) {
          if (from == to) continue;
          std::vector<int> links;
          kind.route(n, from, to, links);
          EXPECT_EQ(static_cast<int>(links.size()), kind.hops(n, from, to)) << kind.name << n << from << to;
          EXPECT_EQ(std::set<int>(links.begin(), links.end()).size(), links.size());
          for (const int link : links) {
            EXPECT_GE(link, 0);
            EXPECT_LT(link, kind.link_count(n));
          }
        }
      }
    }
  }
}

// A ring message takes the shorter way: on a ring of 8 position 5 is 3 hops down from 0, position 4 is 4
// hops.
TEST(DimensionKind, RingTakesTheShorterWay) {
  const DimensionKind& ring = dimension_kind("ring");
  EXPECT_EQ(ring.hops(8, 0, 5), 3);
  EXPECT_EQ(ring.hops(8, 0, 4), 4);
  EXPECT_EQ(ring.hops(2, 1, 0), 1);
  std::vector<int> links;
  ring.route(8, 0, 6, links);  // 0 down to 7, 7 down to 6: links n+0 and n+7
  EXPECT_EQ(links, (std::vector<int>{8, 15}));
}

// All of an NPU's cables together carry its bandwidth: n-1 messages at once on fully connected, one
// elsewhere.
TEST(DimensionKind, MessagesShareTheNpusBandwidth) {
  EXPECT_DOUBLE_EQ(dimension_kind("Ring").message_share(8), 1.0);
  EXPECT_DOUBLE_EQ(dimension_kind("Switch").message_share(8), 1.0);
  EXPECT_DOUBLE_EQ(dimension_kind("FullyConnected").message_share(8) * 7, 1.0);
}

}  // namespace
}  // namespace bandwright
