// Where ports are asked of a network whose links they do not know.
#include "simulator/shared_links.h"

#include <gtest/gtest.h>

namespace bandwright {
namespace {

// An all-reduce of the second of two groups, the first innermost.
std::vector<SharedLinks> links_shared_by(const char* shorthand, std::int64_t inside, std::int64_t outside,
                                         const std::map<std::string, std::string>& algorithms = {},
                                         std::vector<SharedLinks> (*find)(const Scenario&) = shared_links) {
  const Network network = parse_network(shorthand);
  Library library;
  library.algorithms.by_kind = algorithms;
  StepBuilder step("step", split_into_groups(network, {{"TP", inside}, {"DP", outside}}), {"line"});
  for (const std::uint32_t group : {0U, 1U}) {
    if (step.group(group).dimensions.empty()) continue;
    step.collective({}, {{CollectiveKind::AllReduce, Bytes(1 << 20)}, group}, {});
  }
  const Step graph = std::move(step).finish();
  const std::vector<double> bandwidth(network.dimensions.size(), 50.0);
  return find({graph, network, library, bandwidth, Time(0)});
}

// DP rings of every 8th NPU of a ring pass the seven in between, each with a ring of its own.
TEST(SharedLinksOfAGrid, InterleavedGroupsOfARingMeet) {
  const std::vector<SharedLinks> shared = links_shared_by("Ring(64)", 8, 8);
  ASSERT_EQ(shared.size(), 1U);
  EXPECT_EQ(shared[0].dimension, 0);
  EXPECT_EQ(shared[0].groups, std::vector<std::string>{"DP"});
  EXPECT_EQ(links_shared_by("Switch(8)_Ring(64)", 32, 16).size(), 1U);
}

// Neighbours have a link to themselves; a switch and a full mesh have one for each NPU, or for each two.
TEST(SharedLinksOfAGrid, NeighboursAndSwitchesDoNot) {
  EXPECT_TRUE(links_shared_by("Ring(8)_Ring(8)", 8, 8).empty());
  EXPECT_TRUE(links_shared_by("Switch(64)", 8, 8).empty());
  EXPECT_TRUE(links_shared_by("FullyConnected(64)", 8, 8).empty());
  EXPECT_TRUE(links_shared_by("Ring(3)", 3, 1).empty());
}

// Halving and doubling on a ring: at distance 2 and more, messages of one group meet.
TEST(SharedLinksOfAGrid, OneGroupsMessagesMeetWhereTheyPassOthers) {
  EXPECT_TRUE(links_shared_by("Ring(8)", 8, 1).empty());
  EXPECT_EQ(links_shared_by("Ring(8)", 8, 1, {{"Ring", "halving-doubling"}}).size(), 1U);
  EXPECT_EQ(links_shared_by("Ring(8)", 8, 1, {{"Ring", "direct"}}).size(), 1U);
}

// In a tree two children send to their parent at a time; all others receive as many messages as they send. A
// ring has a link into an NPU from each side.
TEST(SharedLinksOfAGrid, TwoChildrenShareTheLinkIntoTheirParent) {
  const auto into = [](const char* shorthand, const char* kind, const char* algorithm) {
    return links_shared_by(shorthand, 8, 1, {{kind, algorithm}}, shared_links_in).size();
  };
  EXPECT_EQ(into("Switch(8)", "Switch", "double-binary-tree"), 1U);
  for (const char* algorithm : {"ring", "direct", "halving-doubling", "ring-both"})
    EXPECT_EQ(into("Switch(8)", "Switch", algorithm), 0U) << algorithm;
  EXPECT_EQ(into("Ring(8)", "Ring", "double-binary-tree"), 0U);
}

}  // namespace
}  // namespace bandwright
