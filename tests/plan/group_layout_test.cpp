// Where groups lie on networks: parts that multiply to their groups, against who lays them out.
#include "plan/hardware/group_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "core/error.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

using testing::ElementsAre;

std::vector<int> parts_of(const Parallelism& p, const std::vector<int>& npus) {
  std::vector<int> parts;
  if (!for_each_part(p, npus, [&](int part) { parts.push_back(part); })) parts.clear();
  return parts;
}

// TP 4 over [2 8]: 2 inside, 2 outside; DP 4 in what is left of the 8.
TEST(GroupParts, FillDimensionsFromTheInside) {
  EXPECT_THAT(parts_of({.tensor = 4, .data = 4}, {2, 8}), ElementsAre(2, 2, 4));
  EXPECT_THAT(parts_of({.tensor = 4, .data = 4}, {16}), ElementsAre(4, 4));
  EXPECT_THAT(parts_of({.tensor = 8, .data = 2}, {2, 2, 4}), ElementsAre(2, 2, 2, 2));
  EXPECT_THAT(parts_of({.tensor = 2, .pipeline = 3, .data = 2}, {2, 2, 3}), ElementsAre(2, 2, 3));
  // 6 and 4 have 2 in common, but 4 is not whole sixes: 4 of 6 leave a part of 1.5.
  EXPECT_FALSE(lies_over({.tensor = 4, .data = 3}, {6, 2}));
  EXPECT_TRUE(lies_over({.tensor = 3, .data = 4}, {6, 2}));
  // Nobody but one NPU.
  EXPECT_TRUE(lies_over({}, {1}));
  EXPECT_TRUE(parts_of({}, {1}).empty());
}

// An order of the groups: the first is the innermost.
TEST(GroupParts, FollowThePlacement) {
  const Parallelism p{.tensor = 2, .pipeline = 3, .data = 4, .placement = {"DP", "PP", "TP", "CP", "EP"}};
  EXPECT_THAT(parts_of(p, {4, 3, 2}), ElementsAre(4, 3, 2));
  EXPECT_THAT(parts_of(p, {4, 6}), ElementsAre(4, 3, 2));
  EXPECT_THAT(parts_of(p, {2, 12}), ElementsAre(2, 2, 3, 2));
  EXPECT_FALSE(lies_over(p, {3, 8}));
}

// Experts are divided over data parallelism: DP 8 of which EP 4 are 4 inside and 2 outside.
TEST(GroupParts, HaveExpertsInsideDataParallelism) {
  EXPECT_THAT(parts_of({.tensor = 2, .expert = 4, .data = 8}, {2, 4, 2}), ElementsAre(2, 4, 2));
}

// A division lies over a network exactly where its groups can be laid out; its parts multiply to its NPUs,
// and each dimension is full.
TEST(GroupParts, LieWhereTheyCanBeLaidOut) {
  std::mt19937 random(29);
  const FreeHardware hardware = load_free_hardware("usual");
  int laid = 0;
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto any = [&](std::vector<std::int64_t> values) { return values[random() % values.size()]; };
    Parallelism p{.tensor = any({1, 2, 3, 4, 8}),
                  .context = any({1, 1, 2, 3}),
                  .pipeline = any({1, 2, 3, 6}),
                  .data = any({1, 2, 4, 6, 9})};
    std::shuffle(p.placement.begin(), p.placement.end(), random);
    const std::vector<ShapeFamily> families = shape_families(hardware, p.npus(), 4, nullptr);
    if (families.empty()) continue;
    const ShapeFamily& family = families[random() % families.size()];
    bool can_be = true;
    try {
      const FreeLayout layout = layout_of(hardware, family, p);
      EXPECT_EQ(layout.network.size(), family.npus.size());
    } catch (const InputError&) {
      can_be = false;
    }
    EXPECT_EQ(lies_over(p, family.npus), can_be) << i;
    EXPECT_EQ(try_layout(hardware, family, p).has_value(), can_be) << i;
    (can_be ? laid : refused)++;
    if (!can_be) continue;
    const std::vector<int> parts = parts_of(p, family.npus);
    EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::int64_t{1}, std::multiplies<>()), p.npus());
    const FreeLayout layout = layout_of(hardware, family, p);
    EXPECT_EQ(layout.groups[static_cast<std::size_t>(Axes::Tensor)].npus(), p.tensor);
    EXPECT_EQ(layout.groups[static_cast<std::size_t>(Axes::Pipeline)].npus(), p.pipeline);
    // Parts of a group that are neighbours in a dimension are one.
    for (const Group& group : layout.groups) {
      for (std::size_t k = 1; k < group.dimensions.size(); ++k) {
        const GroupDimension& before = group.dimensions[k - 1];
        const GroupDimension& after = group.dimensions[k];
        EXPECT_FALSE(before.dimension == after.dimension && after.stride == before.stride * before.npus);
      }
    }
  }
  EXPECT_GT(laid, 300);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace bandwright
