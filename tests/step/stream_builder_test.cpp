#include "step/stream_builder.h"

#include <gtest/gtest.h>

#include "tests/step/random_streams.h"

namespace bandwright {
namespace {

// Plays what runs on which stream round by round: when each execution ends, in order.
void play_streams(const std::vector<StreamItem>& items, std::array<Time, stream_count>& busy_until,
                  std::vector<Time>& ends) {
  for (const StreamItem& item : items) {
    for (std::int64_t round = 0; round < item.times; ++round) play_streams(item.items, busy_until, ends);
    if (item.times > 0) continue;
    Time end;
    for (std::size_t stream = 0; stream < stream_count; ++stream) {
      if (contains(item.waits, static_cast<Stream>(stream))) end = std::max(end, busy_until[stream]);
    }
    end += item.operation.duration;
    for (std::size_t stream = 0; stream < stream_count; ++stream) {
      if (contains(item.occupies, static_cast<Stream>(stream))) busy_until[stream] = end;
    }
    ends.push_back(end);
  }
}

class RandomStreams : public testing::TestWithParam<unsigned> {};

// The dependencies that the builder writes say the same as the streams they come from.
TEST_P(RandomStreams, AreTheirDependencies) {
  std::mt19937 random(GetParam());
  const auto items = random_streams(random, static_cast<Following>(GetParam() % 3));
  std::array<Time, stream_count> busy_until{};
  std::vector<Time> expected;
  play_streams(items, busy_until, expected);
  const Step flat = expand(written(items));
  std::vector<Time> ends;
  for (const Operation& operation : flat.operations) {
    Time start;
    for (const OperationId before : flat.dependencies_of(operation)) start = std::max(start, ends[before]);
    ends.push_back(start + operation.duration);
  }
  EXPECT_EQ(ends, expected);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomStreams, testing::Range(1U, 301U));

std::vector<OperationId> waits(const Step& step, OperationId id) {
  const auto before = step.dependencies_of(step.operations[id]);
  return {before.begin(), before.end()};
}

// compute 0; repeat 3 { compute 1, 2 }; compute 3: the loop is entered from 0 and renewed by 2.
TEST(StreamBuilder, EntersALoopAndRenewsIt) {
  StreamBuilder builder("loop", {}, {"line"});
  builder.compute({}, nanoseconds(1));
  builder.repeat(3, [&] {
    builder.compute({}, nanoseconds(1));
    builder.compute({}, nanoseconds(1));
  });
  builder.compute({}, nanoseconds(1));
  const Step step = std::move(builder).finish();
  EXPECT_EQ(waits(step, 1), (std::vector<OperationId>{0, 2}));
  EXPECT_EQ(waits(step, 2), (std::vector<OperationId>{1}));
  EXPECT_EQ(waits(step, 3), (std::vector<OperationId>{2}));
}

// A stream that only passes together with the compute stream never leads: no dependency on it.
TEST(StreamBuilder, StreamsThatFollowComputeNeedNoDependencies) {
  StreamBuilder builder("blocking", {}, {"line"});
  const std::uint32_t entered = builder.enter({{CollectiveKind::AllReduce, Bytes(8)}, 0});
  const StreamSet both = streams(Stream::Tensor, Stream::Compute);
  builder.call({}, entered, Time(0), both, both);
  builder.compute({}, nanoseconds(1));
  builder.call({}, entered, Time(0), both, both);
  const Step step = std::move(builder).finish();
  EXPECT_EQ(waits(step, 2), (std::vector<OperationId>{1}));
  EXPECT_TRUE(step.operations[2].blocks);
}

TEST(StreamBuilder, BlocksOfNothingVanish) {
  StreamBuilder builder("empty", {}, {"line"});
  builder.repeat(3, [&] { builder.repeat(2, [&] { builder.compute({}, Time(0)); }); });
  builder.repeat(0, [&] { builder.compute({}, nanoseconds(1)); });
  const Step step = std::move(builder).finish();
  EXPECT_TRUE(step.blocks.empty());
  EXPECT_TRUE(step.operations.empty());
}

}  // namespace
}  // namespace bandwright
