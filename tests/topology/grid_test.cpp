#include "topology/grid.h"

#include <gtest/gtest.h>

namespace bandwright {
namespace {

TEST(Grid, IdsAreMixedRadixInnermostFastest) {
  const std::vector<GridLines> grid = grid_lines(parse_network("Ring(4)_Switch(3)_Ring(5)"));
  ASSERT_EQ(grid, (std::vector<GridLines>{{4, 1}, {3, 4}, {5, 12}}));
  // 47 = 3 + 4 * 2 + 12 * 3
  EXPECT_EQ(grid[0].position(47), 3);
  EXPECT_EQ(grid[1].position(47), 2);
  EXPECT_EQ(grid[2].position(47), 3);
}

// In every direction the lines share out the NPUs: line and position name each of them once, there and back.
TEST(Grid, LineAndPositionNameEveryNpuOnce) {
  for (const GridLines& lines : grid_lines(parse_network("Ring(4)_Switch(3)_Ring(5)"))) {
    std::vector<int> seen(60);
    for (std::int64_t line = 0; line < 60 / lines.npus; ++line) {
      for (int position = 0; position < lines.npus; ++position) {
        const std::int64_t npu = lines.npu(line, position);
        ++seen.at(static_cast<std::size_t>(npu));
        EXPECT_EQ(lines.line(npu), line);
        EXPECT_EQ(lines.position(npu), position);
        EXPECT_EQ(lines.first(npu), lines.npu(line, 0));
      }
    }
    EXPECT_EQ(seen, std::vector<int>(60, 1));
  }
}

}  // namespace
}  // namespace bandwright
