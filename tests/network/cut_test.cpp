#include "network/cut.h"

#include <gtest/gtest.h>

#include "network/builders.h"

namespace bandwright {
namespace {

double halves(std::string_view words) {
  return between_halves(build_graph(words, {gb_per_s(50), Time()})).value();
}

// Half the NPUs at 50 GB/s each where nothing is narrower; at 2:1 half of that. Across the middle of a ring
// of 8 two links, of a 4 x 4 torus eight, of a mesh four.
TEST(BetweenHalves, ByHand) {
  EXPECT_NEAR(halves("FatTree(32, radix 8)"), 16 * 50.0, 1e-6);
  EXPECT_NEAR(halves("FatTree(32, radix 12, oversubscription 2)"), 8 * 50.0, 1e-6);
  EXPECT_NEAR(halves("Torus(8)"), 2 * 50.0, 1e-6);
  EXPECT_NEAR(halves("Torus(4x4)"), 8 * 50.0, 1e-6);
  EXPECT_NEAR(halves("Mesh(4x4)"), 4 * 50.0, 1e-6);
}

// A half of four machines has 16 NICs; NPUs that pass nothing on cannot help either.
TEST(BetweenHalves, NpusPassOnOnlyWhereTheyDo) {
  EXPECT_NEAR(halves("RailOptimised(4x8, inside 450, pxn no)"), 16 * 50.0, 1e-6);
  EXPECT_NEAR(halves("RailOnly(4x8, inside 450)"), 16 * 50.0, 1e-6);
}

TEST(BetweenHalves, FailedLinksCarryNothing) {
  NetworkGraph graph = build_graph("Torus(8)", {gb_per_s(50), Time()});
  for (GraphLink& link : graph.links)
    link.failed = link.from + link.to == 7 && link.from > 2 && link.to > 2;  // 3 - 4
  EXPECT_NEAR(between_halves(graph).value(), 50.0, 1e-6);
}

}  // namespace
}  // namespace bandwright
