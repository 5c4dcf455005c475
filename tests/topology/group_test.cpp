#include "topology/group.h"

#include <gtest/gtest.h>

#include <set>

#include "core/error.h"

namespace bandwright {
namespace {

using Dimensions = std::vector<GroupDimension>;

std::vector<Group> split(std::string_view network, std::int64_t tp) {
  const Network net = parse_network(network);
  return split_into_groups(net, {{"TP", tp}, {"DP", net.npus() / tp}});
}

// [8,128]: M=16 breaks the outer dimension into 2 (TP) and 64 (DP); M=128 into 16 and 8.
TEST(Group, BreaksDimensionsAsTheReferenceDoes) {
  const auto tp16 = split("Ring(8)_Switch(128)", 16);
  EXPECT_EQ(tp16[0].dimensions, (Dimensions{{0, 8, 1}, {1, 2, 8}}));
  EXPECT_EQ(tp16[1].dimensions, (Dimensions{{1, 64, 16}}));
  const auto tp128 = split("Ring(2)_FullyConnected(8)_Ring(8)_Switch(8)", 128);
  EXPECT_EQ(tp128[0].dimensions, (Dimensions{{0, 2, 1}, {1, 8, 2}, {2, 8, 16}}));
  EXPECT_EQ(tp128[1].dimensions, (Dimensions{{3, 8, 128}}));
}

// FullyConnected(8): each NPU has 7 links. Two NPUs share one of them, four have three each; a switch and a
// ring carry everything for any group.
TEST(Group, OwnLinksOfAPartOfAFullyConnectedDimension) {
  const Network network = parse_network("Ring(8)_FullyConnected(8)_Switch(16)");
  std::vector<Group> groups = split_into_groups(network, {{"TP", 16}, {"DP", 64}});
  EXPECT_EQ(groups[0].dimensions[1].share, 1.0);
  use_own_links(groups, network);
  EXPECT_EQ(groups[0].dimensions[0].share, 1.0);
  EXPECT_EQ(groups[0].dimensions[1].share, 1.0 / 7);
  EXPECT_EQ(groups[1].dimensions[0].share, 3.0 / 7);
  EXPECT_EQ(groups[1].dimensions[1].share, 1.0);
}

TEST(Group, OneNpuHasNothingToCommunicate) {
  const auto groups = split("Ring(8)_Switch(4)", 1);
  EXPECT_TRUE(groups[0].dimensions.empty());
  EXPECT_EQ(groups[0].npus(), 1);
  EXPECT_EQ(groups[1].npus(), 32);
}

// Members of a group, from its description: offsets are sums of position times stride.
std::set<std::int64_t> members(const Group& group) {
  std::set<std::int64_t> ids = {0};
  for (const GroupDimension& dimension : group.dimensions) {
    std::set<std::int64_t> grown;
    for (const std::int64_t id : ids) {
      for (int position = 0; position < dimension.npus; ++position)
        grown.insert(id + position * dimension.stride);
    }
    ids = std::move(grown);
  }
  return ids;
}

// Whatever the split: sizes multiply to the NPU count, and the sums of one member of each group are all NPUs
// once.
TEST(Group, AnySplitPartitionsTheNetwork) {
  const Network network = parse_network("Ring(2)_FullyConnected(12)_Switch(6)");
  int valid = 0;
  for (std::int64_t a = 1; a <= 144; ++a) {
    for (std::int64_t b = 1; a * b <= 144; ++b) {
      if (144 % (a * b) != 0) continue;
      std::vector<Group> groups;
      try {
        groups = split_into_groups(network, {{"A", a}, {"B", b}, {"C", 144 / (a * b)}});
      } catch (const InputError&) {
        continue;
      }
      ++valid;
      std::set<std::int64_t> all;
      for (const auto x : members(groups[0])) {
        for (const auto y : members(groups[1])) {
          for (const auto z : members(groups[2])) all.insert(x + y + z);
        }
      }
      EXPECT_EQ(all.size(), 144U) << a << " " << b;
      EXPECT_EQ(*all.rbegin(), 143) << a << " " << b;
    }
  }
  EXPECT_GT(valid, 50);
}

// Members of split groups are recognised again, wherever the group starts; what is no grid is not.
TEST(Group, GridsAreRecognised) {
  const Network network = parse_network("Ring(4)_Switch(6)_Ring(2)");
  const auto recognised = [&](std::vector<int> members) { return aligned_group(network, "g", members); };
  EXPECT_EQ(recognised({1, 3})->dimensions, (Dimensions{{0, 2, 2}}));
  EXPECT_EQ(recognised({2, 6, 10, 14, 18, 22})->dimensions, (Dimensions{{1, 6, 4}}));
  EXPECT_EQ(recognised({0, 2, 24, 26})->dimensions, (Dimensions{{0, 2, 2}, {2, 2, 24}}));
  EXPECT_TRUE(recognised({5})->dimensions.empty());
  EXPECT_FALSE(recognised({0, 1, 3}));     // uneven
  EXPECT_FALSE(recognised({0, 1, 2, 4}));  // not every place of the 3 x 2 grid
  EXPECT_THROW(recognised({0, 48}), InputError);
}

TEST(Group, NamesTheNearestSizesThatDivide) {
  try {
    split("Ring(8)_Switch(128)", 12);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "TP group of 12 NPUs does not divide the dimensions of Ring(8)_Switch(128) (nearest sizes that do: "
        "4, 8, 16)");
  }
  EXPECT_THROW(split("Ring(8)", 16), InputError);
  EXPECT_THROW(split_into_groups(parse_network("Ring(8)"), {{"TP", 0}}), InputError);
  EXPECT_THROW(split_into_groups(parse_network("Ring(8)"), {{"TP", 2}, {"DP", 2}}), InputError);
}

}  // namespace
}  // namespace bandwright
