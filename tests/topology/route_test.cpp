#include "topology/route.h"

#include <gtest/gtest.h>

namespace bandwright {
namespace {

// Ring(4)_Switch(3): NPU 1 is at (1, 0), NPU 10 at (2, 2).
TEST(Route, CrossesTheDimensionsInWhichNpusDiffer) {
  const Network network = parse_network("Ring(4)_Switch(3)");
  const std::vector<Hop> hops = hops_between(network, 1, 10);
  ASSERT_EQ(hops.size(), 2U);
  EXPECT_EQ(hops[0].dimension, 0);
  EXPECT_EQ(hops[0].from, 1);
  EXPECT_EQ(hops[0].to, 2);
  EXPECT_EQ(hops[1].dimension, 1);
  EXPECT_EQ(hops[1].stride, 4);
  EXPECT_EQ(hops[1].to, 2);
  EXPECT_TRUE(hops_between(network, 5, 5).empty());
  EXPECT_EQ(deciding_hop(network, 1, 10, Crossing::Innermost).dimension, 0);
  EXPECT_EQ(deciding_hop(network, 1, 10, Crossing::All).dimension, 1);
  EXPECT_EQ(deciding_hop(network, 1, 9, Crossing::Innermost).dimension, 1);
}

}  // namespace
}  // namespace bandwright
