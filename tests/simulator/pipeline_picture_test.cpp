#include "simulator/picture/pipeline_picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace bandwright {
namespace {

Time end_of(const std::vector<StagePass>& passes) {
  Time end;
  for (const StagePass& pass : passes) end = std::max(end, pass.end);
  return end;
}

constexpr Time forward = picoseconds(1'000);
constexpr Time backward = picoseconds(2'000);

// 1F1B fills and drains p - 1 passes each way: (m + p - 1) (f + b).
TEST(PipelinePicture, OneForwardOneBackwardTakesItsClosedForm) {
  const std::vector<StagePass> passes = pipeline_passes({.stages = 4, .micro_batches = 8}, forward, backward);
  EXPECT_EQ(passes.size(), 4u * 8u * 2u);
  EXPECT_EQ(end_of(passes), picoseconds((8 + 3) * 3'000));
}

// Interleaved over v chunks the bubble is that of 1F1B over v: m v + p - 1 passes of each way (Narayanan et
// al. 2021, section 2.2).
TEST(PipelinePicture, ChunksShortenTheBubble) {
  const std::vector<StagePass> passes =
      pipeline_passes({.stages = 4, .chunks = 2, .micro_batches = 8}, forward, backward);
  EXPECT_EQ(end_of(passes), picoseconds((8 * 2 + 3) * 3'000));
}

TEST(PipelinePicture, AStageDoesOneThingAtATime) {
  const std::vector<StagePass> passes =
      pipeline_passes({.stages = 3, .chunks = 2, .micro_batches = 6}, forward, backward);
  for (std::size_t i = 1; i < passes.size(); ++i) {
    if (passes[i].stage != passes[i - 1].stage) continue;
    EXPECT_GE(passes[i].start, passes[i - 1].end);
  }
}

// The first stage holds as many micro-batches as there are stages, the last one.
TEST(PipelinePicture, StagesHoldAsManyMicroBatchesAsTheyHaveAhead) {
  const std::vector<StagePass> passes = pipeline_passes({.stages = 4, .micro_batches = 8}, forward, backward);
  std::map<std::int64_t, int> held;
  std::map<std::int64_t, int> most;
  for (const StagePass& pass : passes) {
    held[pass.stage] += pass.forward ? 1 : -1;
    most[pass.stage] = std::max(most[pass.stage], held[pass.stage]);
  }
  EXPECT_EQ(most, (std::map<std::int64_t, int>{{0, 4}, {1, 3}, {2, 2}, {3, 1}}));
}

}  // namespace
}  // namespace bandwright
