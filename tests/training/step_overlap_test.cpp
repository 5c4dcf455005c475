// What runs beside what in a training step: each rule by a step in which it alone decides.
#include <gtest/gtest.h>

#include "simulator/closed_form/closed_form.h"
#include "tests/training/plain_machine.h"
#include "training/collective_time.h"
#include "training/division/dealing.h"
#include "training/estimate.h"
#include "training/layers/expert_routing.h"
#include "training/layers/layer_cost.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

double step_at(const TrainingJob& job, const std::vector<double>& gb_per_s) {
  return estimate(job, gb_per_s).step_ns;
}

// Exchanges beside another micro-batch: the last micro-batch of a step has none beside it, so that its
// exchanges, and they alone, are waited for. With so much compute that the others hide behind it a step is
// its compute and one micro-batch's exchanges.
TEST(StepOverlap, TheLastMicroBatchWaitsForItsExperts) {
  for (const std::int64_t pipeline : {1, 2}) {
    TrainingJob job =
        plain_job("mixtral-8x7b", {.expert = 8, .pipeline = pipeline, .data = 8, .global_batch = 64});
    job.parallelism.dispatch = ExpertDispatch::AllToAll;
    job.parallelism.whole_graphs = true;
    job.parallelism.overlap_expert = true;
    job.parallelism.gradient_bytes = 0;  // nothing else is communicated between replicas
    const std::vector<double> fast(job.machine.network(job.parallelism.npus()).dimensions.size(), 1e9);
    const double compute = step_at(job, fast);
    // Exchanges over eight neighbours, the first dimension: S 7/8 each, four times in a layer.
    std::vector<double> narrow = fast;
    narrow[0] = 300.0;
    const double bytes = 2.0 * 2.0 * static_cast<double>(job.model.sequence * job.model.hidden) * 7.0 / 8.0;
    const double layers = static_cast<double>(job.model.layers) / static_cast<double>(pipeline);
    const double one = layers * 4.0 * bytes / 300.0;
    // In the pipeline the passes of fill and drain have no other beside them either: half of a micro-batch
    // each way.
    const double bubble = pipeline == 1 ? 0.0 : one;
    EXPECT_NEAR(step_at(job, narrow) - compute, one + bubble, 0.02 * one) << pipeline;
    job.parallelism.overlap_expert = false;
    const auto micro_batches = static_cast<double>(job.parallelism.micro_batches());
    EXPECT_NEAR(step_at(job, narrow) - compute, micro_batches * one + bubble, 0.02 * one) << pipeline;
  }
}

// The table of the last stage is as heavy as the layers it lacks, or not: 62 layers over 4 stages of two
// chunks are 64 with the ends, 16 of each stage in chunks of 8, whatever the ends weigh.
TEST(StepOverlap, EndsThatFillAPlaceWeighALayer) {
  TransformerArchitecture model = load_architecture("llama2-7b");
  model.layers = 62;
  TrainingJob job{
      model,
      plain_machine(),
      {.pipeline = 4, .virtual_stages = 2, .schedule = PipelineSchedule::Interleaved, .global_batch = 16}};
  const Dealing dealt = dealing(model, job.parallelism);
  ASSERT_TRUE(dealt.even);
  ASSERT_EQ(dealt.stage, 16);
  ASSERT_EQ(dealt.last_stage, 15);
  const LayerCost layer = dense_layer_cost(model, job.parallelism, job.machine.npu);
  const BlockPasses head = head_cost(model, job.parallelism, job.machine.npu);
  const auto ns = [](const BlockPasses& passes) {
    return passes.forward.ns() + passes.input_gradient.ns() + passes.weight_gradient.ns();
  };
  const double each = ns(layer.attention) + ns(layer.ffn);
  std::map<Role, double> computed = computed_ns(step_of(job));
  const double worked =
      computed[Role::Forward] + computed[Role::InputGradient] + computed[Role::WeightGradient];
  // And 0.3 of the four sends of a micro-batch.
  const double send =
      2.0 * static_cast<double>(model.sequence * model.hidden) / job.machine.dimensions[0].gb_per_s;
  EXPECT_NEAR(worked, 16.0 * (15.0 * each + ns(head) + 4.0 * 0.3 * send), 1e-6 * worked);
}

// Without a pipeline no stage sends; with synchronous transfers the host issues two kernels after each.
TEST(StepOverlap, SynchronousSendsWaitForTheHost) {
  TrainingJob job = plain_job("gpt-1.7b", {.pipeline = 4, .global_batch = 8});
  job.machine.npu.constants.host_us = 10.0;
  job.parallelism.whole_graphs = true;
  const Step usual = step_of(job);
  job.parallelism.synchronous_sends = true;
  const Step waiting = step_of(job);
  const auto all = [](const Step& step) {
    double ns = 0.0;
    for (const auto& [role, each] : computed_ns(step)) ns += each;
    return ns;
  };
  // Of each of 8 micro-batches two, and of the other stages' passes 3 down and 2 up.
  EXPECT_NEAR(all(waiting) - all(usual), (2.0 * 8.0 + 3.0 + 2.0) * 2.0 * 10e3, 1.0);
}

// Interleaved stages send beside the next chunk, of which 0.3 is waited for all the same.
TEST(StepOverlap, InterleavedStagesWaitForAThirdOfASend) {
  TrainingJob job = plain_job(
      "gpt-1.7b",
      {.pipeline = 4, .virtual_stages = 2, .schedule = PipelineSchedule::Interleaved, .global_batch = 8});
  const double bytes = 2.0 * static_cast<double>(job.model.sequence * job.model.hidden);
  const double send = bytes / job.machine.dimensions[0].gb_per_s;
  const std::map<Role, double> beside = computed_ns(step_of(job));
  job.parallelism.synchronous_sends = true;
  const std::map<Role, double> waited = computed_ns(step_of(job));
  // 8 micro-batches of two chunks, forward and back.
  EXPECT_NEAR(beside.at(Role::Forward) - waited.at(Role::Forward), 16.0 * 0.3 * send, 1.0);
  EXPECT_NEAR(beside.at(Role::InputGradient) - waited.at(Role::InputGradient), 16.0 * 0.3 * send, 1.0);
}

// Multiplications that run beside the pieces of TP's collectives are as long in all as without: one piece
// of them first, the others beside.
TEST(StepOverlap, ProjectionsBesideTensorAreTheSame) {
  for (const std::int64_t tensor : {2, 4, 8}) {
    TrainingJob job = plain_job("llama3-8b", {.tensor = tensor, .global_batch = 2});
    job.parallelism.sequence_parallel = true;
    const auto projections = [&](bool beside) {
      job.parallelism.overlap_tensor = beside;
      const Step step = step_of(job);
      const std::vector<double> times = executions(step);
      double ns = 0.0;
      for (std::size_t i = 0; i < step.operations.size(); ++i) {
        const Operation& each = step.operations[i];
        const bool counted = each.kind == OperationKind::Compute && each.role == Role::Forward &&
                             each.line == static_cast<std::uint16_t>(StepLine::Projections);
        if (counted) ns += times[i] * to_ns(each.duration);
      }
      return ns;
    };
    const double apart = projections(false);
    EXPECT_GT(apart, 0.0);
    EXPECT_NEAR(projections(true), apart, 1e-6 * apart) << tensor;
  }
}

// Keys and values that come beside the attention core are hidden where that takes longer, and waited for
// whole where they do not.
TEST(StepOverlap, ContextComesBesideTheCore) {
  TrainingJob job = plain_job("llama3-8b", {.context = 4, .data = 2, .global_batch = 2});
  job.parallelism.whole_graphs = true;
  job.parallelism.gradient_bytes = 0;
  const double compute = step_at(job, {1e9});
  EXPECT_NEAR(step_at(job, {300.0}) - compute, 0.0, 0.1 * compute);
  job.parallelism.overlap_context = false;
  const TransformerArchitecture& model = job.model;
  const double keys = 2.0 * static_cast<double>(model.sequence) / 4.0 *
                      static_cast<double>(2 * model.kv_heads * model.head_dim);
  // A gather of 3 shards forward, and backward one with a scatter of 4 x 3/4.
  const double sent = static_cast<double>(model.layers) * keys * (3.0 + 3.0 + 3.0);
  EXPECT_NEAR(step_at(job, {300.0}) - compute, sent / 300.0, 0.02 * sent / 300.0);
}

// TP's communication beside the gradient of the weights costs what it takes longer than those.
TEST(StepOverlap, BackwardTensorCallsHideBehindWeights) {
  TrainingJob job = plain_job("gpt-1.7b", {.tensor = 8, .global_batch = 1});
  const LayerCost layer = dense_layer_cost(job.model, job.parallelism, job.machine.npu);
  const double all_reduce =
      2.0 * 7.0 / 8.0 * 2.0 * static_cast<double>(job.model.sequence * job.model.hidden);
  const std::vector<double> fast = {1e9};
  for (const double gb_per_s : {30.0, 100.0, 300.0, 3000.0}) {
    const double call = all_reduce / gb_per_s;
    const double hidden =
        std::min(call, layer.attention.weight_gradient.ns()) + std::min(call, layer.ffn.weight_gradient.ns());
    job.parallelism.overlap_backward = false;
    const double after = step_at(job, {gb_per_s});
    job.parallelism.overlap_backward = true;
    EXPECT_NEAR(after - step_at(job, {gb_per_s}), 24.0 * hidden, 1e-3 * after) << gb_per_s;
  }
}

// NPU kernels that copy take their share of the processors from what runs beside them.
TEST(StepOverlap, CopyingTakesProcessors) {
  TrainingJob job = plain_job("llama3-8b", {.data = 8, .global_batch = 8});
  job.parallelism.whole_graphs = true;
  const std::map<Role, double> free = computed_ns(step_of(job));
  job.machine.dimensions[0].software.copies = true;
  const std::map<Role, double> taken = computed_ns(step_of(job));
  EXPECT_EQ(copying_share(job.machine), 20.0 / 132.0);
  const Network network = job.machine.network(8);
  double copied = 0.0;
  const Step step = step_of(job);
  const std::vector<double> times = executions(step);
  for (std::size_t i = 0; i < step.operations.size(); ++i) {
    if (step.operations[i].kind != OperationKind::Collective) continue;
    const GroupCollective& call = step.collectives[step.operations[i].collective];
    copied += times[i] * collective_ns(job.machine, network, step.groups[call.group], call.collective);
  }
  EXPECT_NEAR(taken.at(Role::WeightGradient) - free.at(Role::WeightGradient), 20.0 / 132.0 * copied,
              1e-3 * copied);
}

// Kernels of clamped experts that are not fused start one by one: 12 more forward, twice as many backward.
TEST(StepOverlap, ClampedExpertsHaveKernelsOfTheirOwn) {
  TransformerArchitecture model = load_architecture("gpt-oss-120b");
  ASSERT_TRUE(model.clamped_ffn);
  const Npu npu = load_machine("dgx-h100").npu;
  const BlockPasses clamped = sparse_layer_cost(model, {}, npu).ffn;
  model.clamped_ffn = false;
  const BlockPasses plain = sparse_layer_cost(model, {}, npu).ffn;
  EXPECT_EQ(clamped.forward.kernels - plain.forward.kernels, 12.0);
  EXPECT_EQ(clamped.input_gradient.kernels - plain.input_gradient.kernels, 24.0);
  EXPECT_EQ(clamped.weight_gradient.kernels, plain.weight_gradient.kernels);
}

// With every second multiplication computed again everything that is none runs again whole: the attention's
// norm, bias, dropout and residual with its rearranging, and the FFN's with its activation.
TEST(StepOverlap, EverySecondOperatorRunsTheRestAgain) {
  const Npu npu = only_memory();
  for (const char* name : {"llama3-8b", "gpt3-175b"}) {
    const TransformerArchitecture model = load_architecture(name);
    const LayerCost cost = dense_layer_cost(model, {.again = {.every_second = true}}, npu);
    EXPECT_NEAR(cost.attention.again.streaming, cost.attention.forward.streaming, 1.0) << name;
    EXPECT_NEAR(cost.ffn.again.streaming, cost.ffn.forward.streaming, 1.0) << name;
    EXPECT_NEAR(cost.ffn.again.projections, 0.5 * cost.ffn.forward.projections, 1.0) << name;
  }
}

// The layer that runs again keeps everything; where a model has one dense layer alone that is the larger
// kind. It takes turns with the logits, here of few words.
TEST(StepOverlap, TheLayerThatRunsAgainIsOfTheLargerKind) {
  TransformerArchitecture model = load_architecture("deepseek-v3");
  model.experts.dense_layers = 1;
  model.vocabulary = 128;
  Parallelism p{.expert = 64, .data = 64, .global_batch = 64, .recompute = Recomputation::Full};
  const auto again = [&] {
    const MemoryBill bill = memory_bill(model, p);
    EXPECT_GT(bill.again, 0.0);
    return bill.again + bill.logits;
  };
  const double largest = again();
  Parallelism kept = p;
  kept.recompute = Recomputation::None;
  const double average = layer_activations(model, kept);
  // One dense layer's inner size is nine times an expert's, of which each token visits eight and a shared
  // one.
  EXPECT_GE(largest, average);
  model.ffn *= 20;
  const double wide = again();
  EXPECT_GT(wide, 2.0 * largest);
  model.vocabulary = 1 << 20;
  EXPECT_EQ(memory_bill(model, p).again, std::max(0.0, wide - memory_bill(model, p).logits));
}

}  // namespace
}  // namespace bandwright
