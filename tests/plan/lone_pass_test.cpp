// Passes that are timed alone, and the least that a division computes: against the engines that play them.
#include "plan/lone_pass.h"

#include <gtest/gtest.h>

#include <random>

#include "collective/collective.h"
#include "plan/division_bound.h"
#include "simulator/closed_form/closed_form.h"
#include "tests/step/random_step.h"
#include "tests/training/plain_machine.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

constexpr Label label{};

StepBuilder builder() { return {"pass", {}, {"line"}}; }

// What is timed alone is the closed form of the same step, whatever waits for what.
TEST(LonePasses, AreTheClosedFormOfStepsWithoutBlocks) {
  std::mt19937 random(5);
  const Network network = parse_network("Ring(4)_Switch(8)");
  const std::vector<double> gb_per_s = {40.0, 9.0};
  int apart = 0;
  for (int tried = 0; tried < 100; ++tried) {
    const Step step = expand(random_step(random));
    const std::vector<double> efficiency = {0.25 + 0.75 * (tried % 4) / 3.0, 1.0 / (1.0 + tried % 3)};
    const LonePass lone = timed_alone(step, network, gb_per_s, efficiency);
    Step same = step;
    same.wire_efficiency = efficiency;
    const double closed = ClosedForm(same, network).step_time_ns(gb_per_s);
    ASSERT_NEAR(lone.ns, closed, 1e-9 * closed) << tried;
    ASSERT_EQ(lone.apart, ends_together(step));
    apart += lone.apart ? 1 : 0;
  }
  EXPECT_GT(apart, 0);
  EXPECT_LT(apart, 100);
}

// Blocks are not written out for it.
TEST(LonePasses, WithBlocksAreNotApart) {
  StepBuilder one = builder();
  one.compute(label, nanoseconds(3), {});
  Step step = std::move(one).finish();
  const Network network = parse_network("Ring(4)");
  const std::vector<double> unit = {1.0};
  EXPECT_EQ(timed_alone(step, network, unit, unit).ns, 3.0);
  EXPECT_TRUE(timed_alone(step, network, unit, unit).apart);
  step.blocks.push_back({.first = 0, .end = 1, .times = 2});
  EXPECT_FALSE(timed_alone(step, network, unit, unit).apart);
}

// A step ends together where its last operation holds the compute stream and follows all others, directly or
// not.
TEST(LonePasses, EndTogetherWhereTheLastOneFollowsAll) {
  EXPECT_TRUE(ends_together(builder().finish()));
  const auto step = [](bool joined, OperationKind last, bool blocks) {
    StepBuilder pass = builder();
    const OperationId first = pass.compute(label, nanoseconds(1), {});
    const OperationId second = pass.compute(label, nanoseconds(1), std::array{first});
    const OperationId aside = pass.overhead(label, nanoseconds(1), std::array{first});
    pass.compute(label, nanoseconds(1), joined ? std::vector{second, aside} : std::vector{second});
    Step written = std::move(pass).finish();
    written.operations.back().kind = last;
    written.operations.back().blocks = blocks;
    return written;
  };
  for (const OperationKind kind :
       {OperationKind::Compute, OperationKind::Overhead, OperationKind::Collective, OperationKind::Host}) {
    const bool holds = kind == OperationKind::Compute || kind == OperationKind::Overhead;
    EXPECT_EQ(ends_together(step(true, kind, false)), holds);
    EXPECT_TRUE(ends_together(step(true, kind, true)));
    EXPECT_FALSE(ends_together(step(false, kind, true)));
  }
}

// On NPUs and links without any other limit a step computes the bound, and its optimizer besides: all layers
// of all micro-batches, the embedding and the output layer of one stage.
TEST(DivisionBounds, AreMetWhereComputeIsAll) {
  for (const char* model : {"gpt-1.7b", "llama3-8b", "nemotron-h-8b", "mixtral-8x7b"}) {
    for (const Recomputation again : {Recomputation::None, Recomputation::Full}) {
      for (const std::int64_t micro_batch : {1, 2}) {
        TrainingJob job = plain_job(
            model,
            {.tensor = 2, .data = 4, .micro_batch = micro_batch, .global_batch = 32, .recompute = again});
        job.machine.npu = only_compute();
        job.parallelism.whole_graphs = true;
        const Network network = job.machine.network(job.parallelism.npus());
        const std::vector<double> fast(network.dimensions.size(), 1e9);
        const double step = estimate(job, fast).step_ns;
        const double bound = DivisionBound(job)(job.parallelism);
        EXPECT_LE(bound, step) << model;
        EXPECT_GT(bound, 0.995 * step) << model << ", " << micro_batch;
      }
    }
  }
}

// Twice the batch is twice the bound without a pipeline; with one the passes of fill and drain come once.
TEST(DivisionBounds, GrowWithTheMicroBatches) {
  const TrainingJob job = plain_job("llama3-8b", {});
  DivisionBound bound(job);
  const auto of = [&](std::int64_t pipeline, std::int64_t batch) {
    return bound({.pipeline = pipeline, .global_batch = batch});
  };
  EXPECT_NEAR(of(1, 64), 2.0 * of(1, 32), 1e-9 * of(1, 64));
  EXPECT_NEAR(of(4, 64) - of(4, 32), of(4, 96) - of(4, 64), 1e-9 * of(4, 64));
  // 8 of 32 layers are a stage, three stages come before the last: (32 + 3) / 32 of a quarter, but for what
  // the first and last do besides.
  const double steady = of(4, 64) - of(4, 32);
  EXPECT_NEAR((of(4, 32) - steady) / steady, 3.0 / 32.0, 1e-6);
  // What is computed again passes forward twice, of which backward is two.
  const double usual = bound({.pipeline = 4, .global_batch = 32});
  const double again = bound({.pipeline = 4, .global_batch = 32, .recompute = Recomputation::Full});
  EXPECT_GT(again, 1.25 * usual);
  EXPECT_LT(again, 1.40 * usual);
}

}  // namespace
}  // namespace bandwright
