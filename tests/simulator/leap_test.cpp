// Rounds that repeat are leapt over, and nothing changes by it.
#include "simulator/leap.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "step/stream_builder.h"

namespace bandwright {
namespace {

// A pipeline stage's step on Ring(4)_Switch(8): rounds of compute and collectives of groups that overlap with
// it or do not, between something before and after.
class RandomPipeline {
 public:
  RandomPipeline(std::uint32_t seed, std::int64_t rounds) : random_(seed) {
    library.chunks = 1 + pick(4);
    library.latency = {nanoseconds(37 * pick(2))};
    library.scheduler = pick(2) > 0 ? "themis" : "ascending";
    library.chunk_order = pick(2) > 0 ? ChunkOrder::Fifo : ChunkOrder::SmallestFirst;
    library.collectives = static_cast<CollectiveOrder>(pick(3));
    const int tensor = pick(2) > 0 ? 4 : 8;
    StreamBuilder builder("pipeline", split_into_groups(network, {{"TP", tensor}, {"DP", 32 / tensor}}),
                          {"line"});
    for (int i = 0; i < pick(3); ++i) operation(builder);
    const int inside = 2 + pick(6);
    const int nested = pick(3);
    const auto state = random_;  // every round the same
    builder.repeat(rounds, [&] {
      random_ = state;
      for (int i = 0; i < inside; ++i) operation(builder);
      if (nested > 0) builder.repeat(1 + nested, [&] { operation(builder), operation(builder); });
      builder.compute({}, nanoseconds(1 + pick(20000)));
    });
    for (int i = 0; i < pick(4); ++i) operation(builder);
    builder.join(streams(Stream::Tensor, Stream::Data));
    program = std::move(builder).finish();
  }

  void operation(StreamBuilder& builder) {
    const std::array roles = {Role::Forward, Role::InputGradient, Role::WeightGradient};
    const Label label{roles[static_cast<std::size_t>(pick(3))], 0};
    if (pick(2) > 0) return builder.compute(label, nanoseconds(1 + pick(20000)));
    const auto group = static_cast<std::uint32_t>(pick(2));
    const Stream stream = group == 0 ? Stream::Tensor : Stream::Data;
    const CollectiveKind kind = pick(2) > 0 ? CollectiveKind::AllReduce : CollectiveKind::AllGather;
    const StreamSet sets = pick(2) > 0 ? streams(stream) : streams(stream, Stream::Compute);
    const StreamSet waits =
        static_cast<StreamSet>(sets | (pick(3) > 0 ? streams(Stream::Compute) : StreamSet{0}));
    builder.collective(label, {{kind, Bytes(1 + pick(1 << 20))}, group}, nanoseconds(pick(100)), waits, sets);
  }

  [[nodiscard]] Scenario scenario() const { return {program, network, library, bandwidth, nanoseconds(3)}; }
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  Network network = parse_network("Ring(4)_Switch(8)");
  Library library;
  std::vector<double> bandwidth = {80.0, 25.0};
  Step program;

 private:
  std::mt19937 random_;
};

class RandomPipelines : public testing::TestWithParam<int> {};

TEST_P(RandomPipelines, ALeapChangesNothing) {
  const RandomPipeline pipeline(static_cast<std::uint32_t>(GetParam()), 400);
  const LeapingResult leapt = simulate_leaping(pipeline.scenario());
  const LeapingResult played = simulate_rounds(pipeline.scenario());
  const StepResult& a = leapt.result;
  const StepResult& b = played.result;
  EXPECT_EQ(played.rounds_leapt, 0);
  EXPECT_EQ(a.step_time, b.step_time);
  EXPECT_EQ(a.compute_time, b.compute_time);
  EXPECT_EQ(a.exposed_communication, b.exposed_communication);
  EXPECT_EQ(a.overhead, b.overhead);
  EXPECT_EQ(a.events, b.events);
  for (std::size_t g = 0; g < a.groups.size(); ++g) EXPECT_EQ(a.groups[g].exposed, b.groups[g].exposed);
  for (std::size_t d = 0; d < a.dimensions.size(); ++d) {
    EXPECT_EQ(a.dimensions[d].exposed, b.dimensions[d].exposed);
    EXPECT_NEAR(a.dimensions[d].bytes, b.dimensions[d].bytes, 1e-9 * b.dimensions[d].bytes);
    EXPECT_NEAR(a.dimensions[d].utilization, b.dimensions[d].utilization, 1e-9);
  }
  for (std::size_t q = 0; q < a.queues.size(); ++q) {
    EXPECT_EQ(a.queues[q].chunks, b.queues[q].chunks);
    EXPECT_EQ(a.queues[q].service, b.queues[q].service);
    EXPECT_EQ(a.queues[q].queueing, b.queues[q].queueing);
  }
  Time on_path;
  for (const CriticalOperation& each : a.critical_path) on_path += each.end - each.start;
  EXPECT_LE(on_path, a.step_time);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPipelines, testing::Range(1, 120));

// Most of them do repeat: a test that never leaps would show nothing.
TEST(Leap, MostPipelinesRepeat) {
  int leapt = 0;
  for (std::uint32_t seed = 1; seed < 120; ++seed) {
    const RandomPipeline pipeline(seed, 400);
    if (simulate_leaping(pipeline.scenario()).rounds_leapt > 0) ++leapt;
  }
  EXPECT_GT(leapt, 60);
}

// 1000 ns of compute and an all-reduce of 1000 B on Ring(2) at 1 GB/s, which it waits for, a million times:
// two messages of 500 ns each, so 2000 ns a round.
TEST(Leap, AMillionRoundsByHand) {
  const Network network = parse_network("Ring(2)");
  StreamBuilder builder("rounds", {whole_network(network)}, {"line"});
  builder.repeat(1'000'000, [&] {
    builder.compute({}, nanoseconds(1000));
    builder.collective({}, {{CollectiveKind::AllReduce, Bytes(1000)}, 0}, {}, streams(Stream::Compute),
                       streams(Stream::Compute));
  });
  const Step program = std::move(builder).finish();
  Library library;
  library.chunks = 1;
  const std::vector<double> bandwidth = {1.0};
  const LeapingResult answer = simulate_leaping({program, network, library, bandwidth, {}});
  EXPECT_EQ(answer.result.step_time, nanoseconds(2e9));
  EXPECT_EQ(answer.result.exposed_communication, nanoseconds(1e9));
  EXPECT_EQ(answer.result.events, 3'000'000);  // a compute, a phase and a collective end in each
  EXPECT_GT(answer.rounds_leapt, 999'000);
}

// A million rounds of 10 seconds are 115 days.
TEST(Leap, BeyondTheClockIsRefused) {
  const Network network = parse_network("Ring(2)");
  StreamBuilder builder("long", {whole_network(network)}, {"line"});
  builder.repeat(1'000'000, [&] { builder.compute({}, nanoseconds(1e10)); });
  const Step program = std::move(builder).finish();
  const std::vector<double> bandwidth = {1.0};
  EXPECT_THROW(simulate_leaping({program, network, Library{}, bandwidth, {}}), InputError);
}

}  // namespace
}  // namespace bandwright
