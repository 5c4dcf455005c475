#include "training/training_step.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "simulator/closed_form/closed_form.h"
#include "training/division/parallel_groups.h"
#include "training/estimate.h"
#include "training/layers/layer_cost.h"
#include "training/step_parts.h"

namespace bandwright {
namespace {

TrainingJob job(const char* model, std::int64_t tp, std::int64_t pp, std::int64_t dp, std::int64_t batch) {
  TrainingJob result{load_architecture(model),
                     load_machine("dgx-a100"),
                     {.tensor = tp, .pipeline = pp, .data = dp, .global_batch = batch}};
  return result;
}

double step_ns(const TrainingJob& job) { return estimate(job).step_ns; }

std::string problem_of(const TrainingJob& job) {
  try {
    validate(job.model, job.parallelism);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(TrainingStep, ProgramIsItsExpandedGraph) {
  TrainingJob interleaved = job("gpt3-175b", 8, 8, 2, 16);
  interleaved.parallelism.schedule = PipelineSchedule::Interleaved;
  interleaved.parallelism.virtual_stages = 3;
  TrainingJob sharded = job("gpt-7.5b", 1, 1, 64, 128);
  sharded.parallelism.zero = 3;
  for (const TrainingJob& each : {interleaved, sharded}) {
    const Network network = each.machine.network(each.parallelism.npus());
    Step program = training_step(each, network);
    program.wire_efficiency.clear();
    const std::vector<double> b = each.machine.gb_per_s(network);
    const double expected = ClosedForm(expand(program), network).step_time_ns(b);
    EXPECT_NEAR(ClosedForm(program, network).step_time_ns(b), expected, 1e-9 * expected);
  }
}

// With everything but layers and micro-batches free, (m + (p-1)/v) p-ths of the work: 8 stages, 16
// micro-batches.
TEST(TrainingStep, InterleavingDividesTheBubble) {
  TrainingJob plain = job("gpt3-175b", 8, 8, 1, 16);
  TrainingJob interleaved = plain;
  interleaved.parallelism.schedule = PipelineSchedule::Interleaved;
  interleaved.parallelism.virtual_stages = 2;
  const auto bubble = [](const TrainingJob& each) {
    for (const BreakdownLine& line : estimate(each).breakdown) {
      if (line.name == "pipeline bubble") return line.exposed_ns;
    }
    return 0.0;
  };
  EXPECT_NEAR(bubble(interleaved) / bubble(plain), 0.5, 0.03);
  EXPECT_LT(step_ns(interleaved), step_ns(plain));
}

TEST(TrainingStep, RecomputationNeverTakesLess) {
  for (const std::int64_t tp : {1, 8}) {
    TrainingJob each = job("gpt-7.5b", tp, 1, 16, 64);
    each.parallelism.attention = AttentionKernel::Unfused;
    const double none = step_ns(each);
    each.parallelism.recompute = Recomputation::Selective;
    const double selective = step_ns(each);
    each.parallelism.recompute = Recomputation::Full;
    EXPECT_LE(none, selective);
    EXPECT_LE(selective, step_ns(each));
  }
}

// Communication beside the gradient of the weights, and transfers nobody waits for, never take longer.
TEST(TrainingStep, NewerSoftwareNeverTakesLonger) {
  for (const std::int64_t tp : {1, 2, 8}) {
    TrainingJob newer = job("gpt-7.5b", tp, 2, 2, 32);
    TrainingJob older = newer;
    older.parallelism.overlap_backward = false;
    EXPECT_LE(step_ns(newer), step_ns(older) * (tp == 1 ? 1.0 : 0.999)) << tp;
    TrainingJob waiting = older;
    waiting.parallelism.synchronous_sends = true;
    EXPECT_GT(step_ns(waiting), step_ns(older)) << tp;
  }
}

TEST(TrainingStep, MoreBandwidthNeverTakesLonger) {
  const TrainingJob each = job("llama3-70b", 8, 4, 4, 64);
  double before = 1e300;
  for (const double factor : {0.25, 0.5, 1.0, 2.0, 4.0}) {
    const double ns = estimate(each, {300.0 * factor, 25.0 * factor}).step_ns;
    EXPECT_LE(ns, before);
    before = ns;
  }
}

// Streams and passes that only count what is called beside compute, and how often that holds compute up.
class CountedStreams final : public StepStreams {
 public:
  explicit CountedStreams(std::vector<Group> groups) : groups_(std::move(groups)) {}
  void compute(Label /*label*/, Time /*duration*/) override {}
  void join(StreamSet /*waits*/) override {}
  void repeat(std::int64_t times, Rounds write) override {
    if (times > 0) write();
  }
  [[nodiscard]] const Group& group(std::uint32_t index) const override { return groups_[index]; }

 private:
  std::vector<Group> groups_;
};
class CountedPasses final : public StepPasses {
 public:
  void forward(bool /*sparse*/, Role /*role*/) override {}
  void backward(bool /*sparse*/, Role /*role*/) override {}
  void embedding_forward(Role /*role*/) override {}
  void embedding_backward(Role /*role*/) override {}
  void output_forward(Role /*role*/) override {}
  void output_backward(Role /*role*/) override {}
  void send(Role /*role*/) override {}
  void begin_routes_beside(std::int64_t /*layers*/) override {}
  void end_routes_beside() override {}
  [[nodiscard]] bool layers_outlast_output(std::int64_t /*layers*/) const override { return true; }
  void call(Axes axis, CollectiveKind /*kind*/, double /*bytes*/, Label /*label*/, StreamSet /*waits*/,
            StreamSet /*sets*/) override {
    if (axis == Axes::Data) ++calls;
  }
  void take_processors(Axes axis, CollectiveKind /*kind*/, double /*bytes*/, Label /*label*/) override {
    if (axis == Axes::Data) ++taken;
  }
  int calls = 0;
  int taken = 0;
};

// Beside compute, a collective over replicas in one machine takes processors; between machines late NPUs are
// waited for as well, for twice as long, but where further micro-batches or the many collectives of ZeRO 3
// take that up.
TEST(TrainingStep, LateReplicasOnOtherMachinesAreWaitedFor) {
  const auto taken = [](TrainingJob each, int zero) {
    each.parallelism.zero = zero;
    CountedStreams streams(parallel_groups(each.machine.network(each.parallelism.npus()), each.parallelism));
    CountedPasses passes;
    write_training_step(each, streams, passes);
    EXPECT_GT(passes.calls, 0);
    return static_cast<double>(passes.taken) / static_cast<double>(passes.calls);
  };
  EXPECT_EQ(taken(job("gpt-1.7b", 1, 1, 8, 8), 1), 1.0);
  EXPECT_EQ(taken(job("gpt-1.7b", 1, 1, 16, 16), 1), 3.0);
  EXPECT_EQ(taken(job("gpt-1.7b", 1, 1, 16, 16), 3), 1.0);
  EXPECT_EQ(taken(job("gpt-1.7b", 1, 1, 16, 32), 1), 1.0);
  EXPECT_EQ(taken(job("gpt-1.7b", 1, 2, 16, 32), 1), 1.0);
}

// Copies to the host that outlast compute decide: 24 layers, there and back, at 0.8 of the link. Half as fast
// a link takes as long once more; a very fast one nothing.
TEST(TrainingStep, CopiesToTheHostTakeWhatComputeDoesNotHide) {
  TrainingJob each = job("gpt-1.7b", 1, 1, 1, 1);
  const double without = step_ns(each);
  each.parallelism.offloaded_layers = all_layers;
  each.machine.npu.host_gb_per_s = 1e6;
  EXPECT_DOUBLE_EQ(step_ns(each), without);
  each.machine.npu.host_gb_per_s = 0.02;
  const double slow = step_ns(each);
  each.machine.npu.host_gb_per_s = 0.01;
  const double copies = 24.0 * 2.0 * layer_activations(each.model, each.parallelism) / (0.8 * 0.02);
  EXPECT_NEAR(step_ns(each) - slow, copies, 1e-6 * copies);
  EXPECT_GT(slow, copies);
  each.machine.npu.host_gb_per_s.reset();
  EXPECT_THROW(static_cast<void>(step_ns(each)), InputError);
}

// Beside a layer that runs again a copy has all of its backward pass, three times the forward one, to come
// back in. One that takes 1.5 forward passes is seen for half of one forward, not at all backward.
TEST(TrainingStep, CopiesComeBackBesideAllOfABackwardPass) {
  TrainingJob each = job("gpt-1.7b", 1, 1, 1, 1);
  each.machine.npu.constants.host_us = 0.0;
  each.parallelism.recompute = Recomputation::Full;
  const double without = step_ns(each);
  const LayerCost cost = dense_layer_cost(each.model, each.parallelism, each.machine.npu);
  const double forward_ns = cost.attention.forward.ns() + cost.ffn.forward.ns();
  const double bytes = layer_activations(each.model, each.parallelism);
  each.parallelism.offloaded_layers = all_layers;
  each.machine.npu.host_gb_per_s = bytes / (0.8 * 1.5 * forward_ns);
  EXPECT_NEAR(step_ns(each), without + 24.0 * 0.5 * forward_ns, 1e-6 * without);
}

TEST(Estimate, BreakdownAddsUpToTheStep) {
  TrainingJob sparse = job("mixtral-8x7b", 2, 2, 8, 64);
  sparse.parallelism.expert = 8;
  for (const TrainingJob& each : {job("gpt3-175b", 8, 8, 4, 128), sparse}) {
    const TrainingEstimate result = estimate(each);
    double sum = 0.0;
    for (const BreakdownLine& line : result.breakdown) sum += line.exposed_ns;
    EXPECT_NEAR(sum, result.step_ns, 1e-6 * result.step_ns);
    EXPECT_GT(result.mfu, 0.05);
    EXPECT_LT(result.mfu, 1.0);
  }
}

TEST(Estimate, TimelineEndsWithTheStep) {
  const TrainingJob each = job("gpt-1.7b", 2, 2, 2, 8);
  const StepTimeline step = step_timeline(each);
  Time end;
  for (const Timeline::Span& span : step.timeline.operations) end = std::max(end, span.end);
  EXPECT_NEAR(to_ns(end), step_ns(each), 1e-6 * step_ns(each));
}

TEST(Validation, NamesTheNearestChoices) {
  EXPECT_EQ(problem_of(job("gpt3-175b", 128, 1, 1, 1)),
            "tensor 128 does not divide the attention heads, 96 (nearest that do: 32, 48, 96)");
  EXPECT_EQ(problem_of(job("gpt3-175b", 8, 99, 1, 99)),
            "pipeline 99 above the 96 layers, embedding and output layer of GPT-3 175B (at most 98)");
  EXPECT_EQ(
      problem_of(job("gpt3-175b", 8, 1, 7, 30)),
      "global batch 30 does not divide into micro-batches of 1 on 7 data-parallel ranks (nearest that do: "
      "28, 35)");
  TrainingJob experts = job("mixtral-8x7b", 1, 1, 9, 9);
  experts.parallelism.expert = 3;
  EXPECT_EQ(problem_of(experts),
            "expert 3 does not divide the number of experts 8 (nearest that do: 1, 2, 4)");
  EXPECT_EQ(problem_of(job("gpt3-175b", 8, 8, 4, 128)), "");
}

TEST(Validation, NamesNpuCountsThatFit) {
  Parallelism p{.tensor = 8, .pipeline = 8};
  try {
    fill_data_parallel(p, 500);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "TP 8 x CP 1 x PP 8 = 64 does not divide 500 NPUs (nearest NPU counts: 448, 512)");
  }
}

}  // namespace
}  // namespace bandwright
