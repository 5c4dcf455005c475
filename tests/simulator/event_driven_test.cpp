#include "simulator/event_driven.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/picture/chrome_trace.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

StepResult play(const Network& network, const Library& library, const Collective& collective,
                const std::vector<double>& bandwidth) {
  const Step graph = lone_collective(network, collective);
  return simulate_folded({graph, network, library, bandwidth, library.after_lone_collective});
}

// semantics of the reference by hand: 17B's gradients, 869,449,728 B, over Ring(8) at 87.58 GiB/s and
// Switch(128) at 12.42 GiB/s in 64 chunks of 13,585,152 B. Reduce-scatter on the ring: 7 messages of
// 1,698,144 B, each 18,059 ns + 1 + reduction 9, and 1 to begin: 126,484 ns. All-reduce on the switch:
// 252,714 ns. All-gather: 126,421 ns. The switch is busy throughout: 126,484 + 64 x 252,714 + 126,421.
TEST(EventDriven, TheWorkedExample) {
  const Network network = parse_network("Ring(8)_Switch(128)");
  Library library = load_library("astra1");
  const StepResult result =
      play(network, library, {CollectiveKind::AllReduce, Bytes(869'449'728)}, {87.58, 12.42});
  EXPECT_EQ(result.step_time, nanoseconds(126'484 + 64 * 252'714 + 126'421 + 5));
  ASSERT_EQ(result.queues.size(), 2U);
  EXPECT_EQ(result.queues[0].chunks, 128);  // two phases of each chunk
  EXPECT_EQ(result.queues[1].mean_service(), nanoseconds(252'714));
  EXPECT_EQ(result.groups.back().exposed, result.step_time);
}

// The example of the Themis paper: 512 NPUs, three dimensions of 50 GB/s, 1 GB. Ascending, the first
// dimension carries 2 x 7/8 GB at 50 GB/s: 35 ms, and the others idle. All three together need
// 2 x 511/512 GB at 150 GB/s: 13.3 ms.
TEST(EventDriven, ThemisUsesAllDimensions) {
  const Network network = parse_network("Ring(8)_Ring(8)_Ring(8)");
  Library library;
  const Collective all_reduce{CollectiveKind::AllReduce, Bytes(1'000'000'000)};
  const std::vector<double> bandwidth = {50, 50, 50};
  EXPECT_NEAR(to_ms(play(network, library, all_reduce, bandwidth).step_time), 35.0, 0.2);
  library.scheduler = "themis";
  const double balanced = to_ms(play(network, library, all_reduce, bandwidth).step_time);
  EXPECT_GT(balanced, 2.0 * 511.0 / 512.0 / 0.150);
  EXPECT_LT(balanced, 13.9);
}

struct CollectiveSample {
  Network network;
  std::vector<double> bandwidth;
  Collective collective;
};

CollectiveSample collective_sample(std::mt19937& random) {
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  CollectiveSample sample;
  std::string shorthand;
  const int dimensions = pick(1, 4);
  for (int d = 0; d < dimensions; ++d) {
    const std::size_t kind = static_cast<std::size_t>(pick(0, 2));
    shorthand += fmt::format("{}{}({})", d == 0 ? "" : "_", dimension_kinds()[kind].name, 1 << pick(1, 3));
    sample.bandwidth.push_back(pick(1, 400));
  }
  sample.network = parse_network(shorthand);
  constexpr std::array kinds = {CollectiveKind::AllReduce, CollectiveKind::ReduceScatter,
                                CollectiveKind::AllGather};
  sample.collective = {kinds[static_cast<std::size_t>(pick(0, 2))], Bytes(pick(1, 1 << 24))};
  return sample;
}

double lower_bound_ns(const CollectiveSample& s) {
  return ClosedForm(lone_collective(s.network, s.collective), s.network).step_time_ns(s.bandwidth);
}

// Nothing beats the busiest dimension's wire, whatever the network, size, chunks and latency.
TEST(EventDriven, NeverBeatsItsLowerBound) {
  std::mt19937 random(3);
  for (int i = 0; i < 400; ++i) {
    const CollectiveSample s = collective_sample(random);
    Library library;
    library.chunks = 1 + i % 70;
    library.latency = {nanoseconds(i % 5)};
    const StepResult result = play(s.network, library, s.collective, s.bandwidth);
    EXPECT_GE(to_ns(result.step_time), lower_bound_ns(s) * (1 - 1e-12)) << s.network.shorthand();
  }
}

// Without latency, chunks hide all but the first and last: a chunk passes each dimension at most twice, so
// the time over the bound shrinks as 1/chunks.
TEST(EventDriven, ApproachesTheClosedFormWithManyChunks) {
  std::mt19937 random(4);
  for (int i = 0; i < 60; ++i) {
    CollectiveSample s = collective_sample(random);
    s.collective.bytes = Bytes(std::int64_t{1} << 33);
    Library library;
    library.chunks = 1024;
    const double bound = lower_bound_ns(s);
    EXPECT_LE(to_ns(play(s.network, library, s.collective, s.bandwidth).step_time), 1.02 * bound)
        << s.network.shorthand();
  }
}

// 175B's TP group has 2 of the 8 fully connected NPUs of 3D, and its DP group 4: one and three of seven
// links.
TEST(EventDriven, IsTheClosedFormOfOwnLinksOnAPartOfAFullyConnectedDimension) {
  const Network network = load_network("3D");
  Step graph = build_step(load_model("175B"), network, training_loop("NoOverlap"), {});
  Library library;
  library.chunks = 1024;
  const std::vector<double> bandwidth = {200.0, 75.0, 50.0};
  const double played = to_ns(simulate_folded({graph, network, library, bandwidth, Time()}).step_time);
  const double whole = ClosedForm(graph, network).step_time_ns(bandwidth);
  use_own_links(graph.groups, network);
  const double own = ClosedForm(graph, network).step_time_ns(bandwidth);
  EXPECT_GT(own, 1.02 * whole);
  EXPECT_NEAR(played, own, 2e-3 * own);
}

// Bytes per dimension are the closed form's, but for sizes rounded up to whole bytes.
TEST(EventDriven, SendsTheBytesOfTheClosedForm) {
  std::mt19937 random(5);
  for (int i = 0; i < 100; ++i) {
    CollectiveSample s = collective_sample(random);
    s.collective.bytes = Bytes(std::int64_t{1} << 30);
    const StepResult result = play(s.network, Library{}, s.collective, s.bandwidth);
    const ClosedForm closed(lone_collective(s.network, s.collective), s.network);
    const StepResult expected = closed.evaluate(s.bandwidth);
    for (std::size_t d = 0; d < s.bandwidth.size(); ++d) {
      EXPECT_NEAR(result.dimensions[d].bytes, expected.dimensions[d].bytes,
                  1e-4 * expected.dimensions[d].bytes);
    }
  }
}

TEST(EventDriven, RunsAreRepeatable) {
  const Network network = load_network("4D");
  Library library;
  library.scheduler = "themis";
  Timeline first;
  Timeline second;
  const Step graph = lone_collective(network, {CollectiveKind::AllReduce, Bytes(123'456'789)});
  const std::vector<double> bandwidth = {140, 120, 60, 7};
  simulate_folded({graph, network, library, bandwidth, {}}, &first);
  simulate_folded({graph, network, library, bandwidth, {}}, &second);
  EXPECT_EQ(chrome_trace(first, graph), chrome_trace(second, graph));
}

TEST(EventDriven, RefusesTheImpossible) {
  const Network ring = parse_network("Ring(6)");
  Library library;
  EXPECT_THROW(play(ring, library, {CollectiveKind::AllReduce, Bytes(1 << 20)}, {0.0}), InputError);
  EXPECT_THROW(play(ring, library, {CollectiveKind::AllReduce, Bytes(std::int64_t{1} << 50)}, {1e-9}),
               InputError);
}

// An algorithm named for rings that does not serve six NPUs: the natural one does.
TEST(EventDriven, FallsBackWhereAnAlgorithmDoesNotServe) {
  const Network ring = parse_network("Ring(6)");
  const Collective all_reduce{CollectiveKind::AllReduce, Bytes(1 << 20)};
  const Time natural = play(ring, Library{}, all_reduce, {1.0}).step_time;
  Library library;
  library.algorithms.by_kind["Ring"] = "halving-doubling";
  EXPECT_EQ(play(ring, library, all_reduce, {1.0}).step_time, natural);
}

// An operation that waits for itself never ends: an error that names it, not a result.
TEST(EventDriven, ADeadlockIsAnError) {
  const Network network = parse_network("Ring(2)");
  StepBuilder builder("loop", {}, {"stuck"});
  const OperationId itself = 0;
  builder.compute({}, nanoseconds(1), std::span(&itself, 1));
  const Step graph = std::move(builder).finish();
  const std::vector<double> bandwidth = {1.0};
  const Library library;
  try {
    simulate_folded({graph, network, library, bandwidth, {}});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("stuck"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace bandwright
