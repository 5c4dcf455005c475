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

// The dependencies that the builder writes say the same as the streams they come from.
void expect_as_played(const std::vector<StreamItem>& items) {
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

class RandomStreams : public testing::TestWithParam<unsigned> {};

TEST_P(RandomStreams, AreTheirDependencies) {
  std::mt19937 random(GetParam());
  expect_as_played(random_streams(random, static_cast<Following>(GetParam() % 3)));
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

// As deep as blocks may be in each other, all of which begin with the same operation: it waits for the one
// before them all, and for whoever ends a round of each.
TEST(StreamBuilder, BlocksBeginTogether) {
  StreamItem inside{.operation = {.kind = OperationKind::Compute, .duration = nanoseconds(1)},
                    .waits = streams(Stream::Compute),
                    .occupies = streams(Stream::Compute)};
  const StreamItem operation = inside;
  std::vector<OperationId> expected = {0};
  for (std::size_t depth = 0; depth < StreamBuilder::most_blocks; ++depth) {
    inside = {.times = 2, .items = {inside, operation}};
    expected.insert(expected.begin() + 1, static_cast<OperationId>(depth + 2));
  }
  const std::vector<StreamItem> items = {operation, inside};
  EXPECT_EQ(waits(written(items), 1), expected);
  expect_as_played(items);
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

// Each way to write an operation: who it is, what it takes and which streams it waits for.
TEST(StreamBuilder, WritesEveryKindOfOperation) {
  StreamBuilder builder("all", {whole_network(parse_network("Ring(4)"))}, {"x", "y"});
  const Label label = {Role::Forward, 1};
  const GroupCollective call = {{CollectiveKind::AllReduce, Bytes(8)}, 0};
  builder.compute(label, nanoseconds(1));
  builder.host(label, nanoseconds(2));
  builder.collective(label, call, nanoseconds(3), streams(Stream::Host), streams(Stream::Data));
  builder.join(streams(Stream::Data, Stream::Host));
  const Step step = std::move(builder).finish();
  const auto& operations = step.operations;
  ASSERT_EQ(operations.size(), 4U);
  const std::vector<OperationKind> kinds = {OperationKind::Compute, OperationKind::Host,
                                            OperationKind::Collective, OperationKind::Overhead};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(operations[i].kind, kinds[i]);
    EXPECT_EQ(operations[i].duration, i < 3 ? nanoseconds(static_cast<double>(i + 1)) : Time());
    EXPECT_EQ(operations[i].role, i < 3 ? Role::Forward : Role::Other);
    EXPECT_EQ(operations[i].line, i < 3 ? 1 : 0);
    EXPECT_FALSE(operations[i].blocks);
  }
  EXPECT_EQ(waits(step, 0), (std::vector<OperationId>{}));
  EXPECT_EQ(waits(step, 1), (std::vector<OperationId>{0}));
  EXPECT_EQ(waits(step, 2), (std::vector<OperationId>{1}));
  EXPECT_EQ(waits(step, 3), (std::vector<OperationId>{0, 2, 1}));  // by stream: Compute, Data, Host
}

// What takes no time or moves no bytes is not there; equal collectives are one.
TEST(StreamBuilder, LeavesOutWhatIsNothing) {
  const Network network = parse_network("Ring(4)");
  StreamBuilder builder("none", {whole_network(network), {.name = "one NPU"}}, {"x"});
  const StreamSet data = streams(Stream::Data);
  builder.compute({}, Time());
  builder.host({}, Time());
  builder.copy({}, Time());
  builder.compute({}, picoseconds(1));
  builder.host({}, picoseconds(1));
  builder.collective({}, {{CollectiveKind::AllReduce, Bytes(0)}, 0}, nanoseconds(1), data, data);
  builder.collective({}, {{CollectiveKind::AllReduce, Bytes(9)}, 1}, nanoseconds(1), data, data);
  EXPECT_EQ(builder.enter({{CollectiveKind::AllReduce, Bytes(1)}, 0}), 0U);
  EXPECT_EQ(builder.enter({{CollectiveKind::AllReduce, Bytes(2)}, 0}), 1U);
  EXPECT_EQ(builder.enter({{CollectiveKind::AllReduce, Bytes(1)}, 0}), 0U);
  builder.collective({}, {{CollectiveKind::AllReduce, Bytes(1)}, 0}, Time(), data, data);
  EXPECT_EQ(builder.group(1).name, "one NPU");
  const Step step = std::move(builder).finish();
  ASSERT_EQ(step.operations.size(), 3U);
  EXPECT_EQ(step.operations[0].duration, picoseconds(1));
  EXPECT_EQ(step.operations[1].kind, OperationKind::Host);
  EXPECT_EQ(step.collectives.size(), 2U);
}

// repeat 2 { a  repeat 3 { b }  repeat 4 { } } c: blocks know their operations, rounds and blocks inside.
TEST(StreamBuilder, WritesBlocks) {
  StreamBuilder builder("blocks", {}, {"line"});
  const auto some = [&] { builder.compute({}, nanoseconds(1)); };
  builder.repeat(2, [&] {
    some();
    builder.repeat(7, [] {});
    builder.repeat(3, some);
    builder.repeat(4, [] {});
  });
  some();
  const Step step = std::move(builder).finish();
  ASSERT_EQ(step.blocks.size(), 2U);
  EXPECT_EQ(step.blocks[0].first, 0U);
  EXPECT_EQ(step.blocks[0].end, 2U);
  EXPECT_EQ(step.blocks[0].times, 2U);
  EXPECT_EQ(step.blocks[0].inner, 1U);
  EXPECT_EQ(step.blocks[1].first, 1U);
  EXPECT_EQ(step.blocks[1].end, 2U);
  EXPECT_EQ(step.blocks[1].times, 3U);
  EXPECT_EQ(step.blocks[1].inner, 0U);
  EXPECT_EQ(executions(step), (std::vector<double>{2.0, 6.0, 1.0}));
  // An empty block leaves nothing behind: the one after it is renewed by its own operation.
  EXPECT_EQ(waits(step, 0), (std::vector<OperationId>{1}));
  EXPECT_EQ(waits(step, 1), (std::vector<OperationId>{0, 1}));
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
