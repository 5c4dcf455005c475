// What a training step sends and computes, counted by hand: bytes of every group, times of every pass.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/training/plain_machine.h"
#include "training/estimate.h"
#include "training/layers/layer_cost.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

// GPT 1.7B: 24 layers of 2,304, 24 heads, sequences of 2,048 tokens, a table that input and output share.
constexpr double layer_count = 24.0;
const TransformerArchitecture& gpt() {
  static const TransformerArchitecture model = load_architecture("gpt-1.7b");
  return model;
}
double token_bytes(std::int64_t micro_batch = 1) {
  return 2.0 * static_cast<double>(micro_batch * gpt().sequence * gpt().hidden);
}
double table_parameters(const TransformerArchitecture& model) {
  return static_cast<double>(model.vocabulary * model.hidden);
}

// Sums of rounded bytes.
void expect_bytes(double sent, double expected) { EXPECT_NEAR(sent, expected, 1e-6 * expected + 1.0); }

TEST(StepBytes, TensorParallelismAddsUpTwiceInEachDirection) {
  ASSERT_EQ(gpt().layers, 24);
  for (const std::int64_t micro_batch : {1, 2}) {
    TrainingJob job =
        plain_job("gpt-1.7b", {.tensor = 4, .data = 2, .micro_batch = micro_batch, .global_batch = 16});
    const double micro_batches = 8.0 / static_cast<double>(micro_batch);
    // Two all-reduces of a layer forward, two backward, and the output layer's gradient of its input.
    const double each = micro_batches * token_bytes(micro_batch);
    expect_bytes(sent_bytes(step_of(job), "TP", CollectiveKind::AllReduce), each * (4.0 * layer_count + 1.0));
    // All of the forward pass but the output layer's again.
    job.parallelism.recompute = Recomputation::Full;
    expect_bytes(sent_bytes(step_of(job), "TP", CollectiveKind::AllReduce), each * (6.0 * layer_count + 1.0));
  }
}

// An all-reduce is a gather before and a scatter after a block; backward the inputs are gathered once more,
// for the gradient of the weights. The output layer gathers what it gets, and scatters its gradient.
TEST(StepBytes, SequenceParallelismSendsAnAllReduceInTwoParts) {
  for (const bool again : {false, true}) {
    TrainingJob job =
        plain_job("gpt-1.7b", {.tensor = 4, .data = 2, .sequence_parallel = true, .global_batch = 16});
    if (again) job.parallelism.recompute = Recomputation::Full;
    const double forwards = again ? 2.0 : 1.0;
    const Step step = step_of(job);
    const double each = 8.0 * token_bytes();
    expect_bytes(sent_bytes(step, "TP", CollectiveKind::ReduceScatter),
                 each * (2.0 * (forwards + 1.0) * layer_count + 1.0));
    // A gather is said by its shard.
    expect_bytes(sent_bytes(step, "TP", CollectiveKind::AllGather),
                 each / 4.0 * (2.0 * (forwards + 1.0) * layer_count + 1.0));
    EXPECT_EQ(sent_bytes(step, "TP", CollectiveKind::AllReduce), 0.0);
  }
}

// Every gradient is reduced once a step: however the micro-batches are cut, whatever runs again, in buckets
// of any size, beside the backward pass or after it.
TEST(StepBytes, GradientsAreReducedOnce) {
  for (const char* name : {"gpt-1.7b", "llama3-8b"}) {  // a shared table, and two
    const TransformerArchitecture model = load_architecture(name);
    const double table_share = model.tied_embeddings ? 1.0 : 2.0;
    const double all = static_cast<double>(model.layers) * dense_layer_parameters(model) +
                       table_share * table_parameters(model);
    for (const double bucket : {1e6, 200e6, 1e12}) {
      for (const bool beside : {true, false}) {
        for (const std::int64_t bytes : {2, 4}) {
          TrainingJob job = plain_job(name, {.tensor = 2, .data = 4, .global_batch = 16});
          job.parallelism.bucket_bytes = bucket;
          job.parallelism.overlap_gradients = beside;
          job.parallelism.gradient_bytes = bytes;
          const double expected = static_cast<double>(bytes) * all / 2.0;
          expect_bytes(sent_bytes(step_of(job), "DP", CollectiveKind::AllReduce), expected);
          job.parallelism.zero = 1;
          expect_bytes(sent_bytes(step_of(job), "DP", CollectiveKind::ReduceScatter), expected);
          EXPECT_EQ(sent_bytes(step_of(job), "DP", CollectiveKind::AllReduce), 0.0);
        }
      }
    }
  }
}

// Weights in 2 bytes, a shard of which each of 4 replicas sends: with ZeRO 1 and 2 once a step, beside the
// first micro-batch or after the last; with ZeRO 3 for every pass of every micro-batch, of which the
// backward one needs no tables.
TEST(StepBytes, DividedWeightsAreGatheredAsOftenAsTheyAreUsed) {
  for (const char* name : {"gpt-1.7b", "llama3-8b"}) {
    const TransformerArchitecture model = load_architecture(name);
    const double table_share = (model.tied_embeddings ? 1.0 : 2.0) * table_parameters(model);
    const double layers = static_cast<double>(model.layers) * dense_layer_parameters(model);
    for (const int micro_batches : {1, 3}) {
      for (const bool beside : {true, false}) {
        TrainingJob job = plain_job(name, {.data = 4, .global_batch = 4 * micro_batches});
        job.parallelism.overlap_parameters = beside;
        for (const int zero : {1, 2}) {
          job.parallelism.zero = zero;
          expect_bytes(sent_bytes(step_of(job), "DP", CollectiveKind::AllGather),
                       2.0 * (layers + table_share) / 4.0);
        }
        job.parallelism.zero = 3;
        expect_bytes(sent_bytes(step_of(job), "DP", CollectiveKind::AllGather),
                     micro_batches * 2.0 * (2.0 * layers + table_share) / 4.0);
        // Gradients that are divided are reduced for every micro-batch; the input's table once.
        const double own_table = model.tied_embeddings ? 0.0 : table_parameters(model);
        expect_bytes(sent_bytes(step_of(job), "DP", CollectiveKind::ReduceScatter),
                     2.0 * (micro_batches * (layers + own_table) + table_parameters(model)));
      }
    }
  }
}

// ZeRO over 4 of 16 replicas: shards of 4, each reduced over the other 4 once more.
TEST(StepBytes, ReplicasOfShardsReduceTheirShards) {
  TrainingJob job = plain_job("gpt-1.7b", {.data = 16, .zero = 1, .zero_npus = 4, .global_batch = 16});
  const double all = layer_count * dense_layer_parameters(gpt()) + table_parameters(gpt());
  const Step step = step_of(job);
  expect_bytes(sent_bytes(step, "DP", CollectiveKind::ReduceScatter), 2.0 * all);
  expect_bytes(sent_bytes(step, "replicas", CollectiveKind::AllReduce), 2.0 * all / 4.0);
  expect_bytes(sent_bytes(step, "DP", CollectiveKind::AllGather), 2.0 * all / 4.0);
  job.parallelism.zero = 0;
  const Step whole = step_of(job);
  expect_bytes(sent_bytes(whole, "DP", CollectiveKind::AllReduce), 2.0 * all);
  expect_bytes(sent_bytes(whole, "replicas", CollectiveKind::AllReduce), 2.0 * all);
}

// Of each micro-batch a stage sends the activations of each of its chunks on and their gradients back,
// divided over TP.
TEST(StepBytes, StagesSendEachChunkBothWays) {
  for (const auto& [schedule, chunks] : {std::pair(PipelineSchedule::GPipe, 1),
                                         {PipelineSchedule::OneFOneB, 1},
                                         {PipelineSchedule::Interleaved, 2},
                                         {PipelineSchedule::Interleaved, 3}}) {
    TrainingJob job = plain_job("gpt-1.7b", {.tensor = 2,
                                             .pipeline = 4,
                                             .data = 2,
                                             .virtual_stages = chunks,
                                             .schedule = schedule,
                                             .global_batch = 32});
    expect_bytes(sent_bytes(step_of(job), "PP", CollectiveKind::PointToPoint),
                 16.0 * chunks * 2.0 * token_bytes() / 2.0);
  }
}

// Keys and values of the other ranks, forward and backward, and backward what comes back of them.
TEST(StepBytes, ContextRanksExchangeKeysAndValues) {
  TrainingJob job = plain_job("llama3-8b", {.context = 4, .data = 2, .global_batch = 4});
  const TransformerArchitecture& model = job.model;
  const double tokens = static_cast<double>(model.sequence) / 4.0;
  const double keys = 2.0 * tokens * static_cast<double>(2 * model.kv_heads * model.head_dim);
  const double layers = static_cast<double>(model.layers);
  const Step step = step_of(job);
  expect_bytes(sent_bytes(step, "CP", CollectiveKind::AllGather), 2.0 * 2.0 * layers * keys);
  expect_bytes(sent_bytes(step, "CP", CollectiveKind::ReduceScatter), 2.0 * layers * 4.0 * keys);
}

// Mixtral's top two experts of each token, there and back, in both passes; forward once more where all, or
// the experts, run again. In fp8 what goes there has a byte and a scale of 4 per 128.
TEST(StepBytes, TokensGoToTheirExpertsAndBack) {
  TrainingJob job = plain_job("mixtral-8x7b", {.expert = 8, .data = 8, .global_batch = 24});
  job.parallelism.dispatch = ExpertDispatch::AllToAll;
  const TransformerArchitecture& model = job.model;
  const double copies = 2.0 * static_cast<double>(model.sequence * model.hidden * model.layers);
  const auto sent = [&] { return sent_bytes(step_of(job), "EP", CollectiveKind::AllToAll); };
  expect_bytes(sent(), 3.0 * 4.0 * 2.0 * copies);
  job.parallelism.again.experts = true;
  expect_bytes(sent(), 3.0 * 6.0 * 2.0 * copies);
  job.parallelism.again.experts = false;
  job.parallelism.recompute = Recomputation::Full;
  expect_bytes(sent(), 3.0 * 6.0 * 2.0 * copies);
  job.parallelism.recompute = Recomputation::None;
  job.machine.npu.peak_flop_per_ns[static_cast<std::size_t>(Precision::Fp8)] = 624e3;
  job.parallelism.precision = Precision::Fp8;
  expect_bytes(sent(), 3.0 * 2.0 * (2.0 + 1.0 + 4.0 / 128.0) * copies);
}

// Beside another micro-batch the same is sent; the last has none beside it.
TEST(StepBytes, ExchangesBesideComputeAreTheSame) {
  for (const std::int64_t pipeline : {1, 2}) {
    TrainingJob job =
        plain_job("mixtral-8x7b", {.expert = 8, .pipeline = pipeline, .data = 8, .global_batch = 32});
    job.parallelism.dispatch = ExpertDispatch::AllToAll;
    for (const Recomputation recompute : {Recomputation::None, Recomputation::Full}) {
      job.parallelism.recompute = recompute;
      job.parallelism.overlap_expert = false;
      const double after = sent_bytes(step_of(job), "EP", CollectiveKind::AllToAll);
      job.parallelism.overlap_expert = true;
      expect_bytes(sent_bytes(step_of(job), "EP", CollectiveKind::AllToAll), after);
    }
  }
}

// Forward and backward of all layers, embedding and output layer for every micro-batch, and the optimizer;
// without bandwidth's limits that is the step.
TEST(StepTimes, AreThoseOfTheirPasses) {
  for (const char* name : {"gpt-1.7b", "llama3-8b", "mixtral-8x7b"}) {
    TrainingJob job = plain_job(name, {.data = 2, .global_batch = 6});
    job.parallelism.whole_graphs = true;
    const LayerCost layer = job.model.sparse()
                                ? sparse_layer_cost(job.model, job.parallelism, job.machine.npu)
                                : dense_layer_cost(job.model, job.parallelism, job.machine.npu);
    const BlockPasses head = head_cost(job.model, job.parallelism, job.machine.npu);
    const BlockPasses embedding = embedding_cost(job.model, job.parallelism, job.machine.npu);
    const auto layers = static_cast<double>(job.model.layers);
    const double forward = layers * (layer.attention.forward.ns() + layer.ffn.forward.ns()) +
                           head.forward.ns() + embedding.forward.ns();
    // The gradients of the output layer's weights are computed with those of its input.
    const double input = layers * (layer.attention.input_gradient.ns() + layer.ffn.input_gradient.ns()) +
                         head.input_gradient.ns() + head.weight_gradient.ns() + embedding.input_gradient.ns();
    const double weight = layers * (layer.attention.weight_gradient.ns() + layer.ffn.weight_gradient.ns());
    const double norms_left_out =
        parameters(job.model) - static_cast<double>(job.model.positions * job.model.hidden);
    const auto check = [&](double again) {
      std::map<Role, double> computed = computed_ns(step_of(job));
      EXPECT_NEAR(computed[Role::Forward], 3.0 * forward, 1e-6 * forward) << name;
      EXPECT_NEAR(computed[Role::InputGradient], 3.0 * input, 1e-6 * input) << name;
      EXPECT_NEAR(computed[Role::WeightGradient], 3.0 * weight, 1e-6 * weight) << name;
      EXPECT_NEAR(computed[Role::Recompute], 3.0 * again, 1e-6 * forward) << name;
      EXPECT_NEAR(computed[Role::Optimizer], optimizer_ns(job.machine.npu, norms_left_out),
                  1e-3 * computed[Role::Optimizer])
          << name;
      double all = 0.0;
      for (const auto& [role, ns] : computed) all += ns;
      EXPECT_NEAR(estimate(job, {1e9, 1e9}).step_ns, all, 1e-6 * all) << name;
    };
    check(0.0);
    job.parallelism.recompute = Recomputation::Full;
    check(forward - head.forward.ns() - embedding.forward.ns());
  }
}

// A host issues a kernel of the forward pass in host_us, and those of the backward pass, which autograd
// queues, in a quarter: both gradients of attention and FFN. What one more layer adds, in three
// micro-batches.
TEST(StepTimes, TheHostIssuesEveryKernel) {
  TrainingJob job = plain_job("llama3-8b", {.data = 2, .global_batch = 6});
  job.machine.npu.constants.host_us = 7.0;
  const LayerCost layer = dense_layer_cost(job.model, job.parallelism, job.machine.npu);
  const double kernels = layer.attention.input_gradient.kernels + layer.attention.weight_gradient.kernels +
                         layer.ffn.input_gradient.kernels + layer.ffn.weight_gradient.kernels;
  ASSERT_GT(layer.ffn.weight_gradient.kernels, 0.0);
  std::map<Role, double> fewer = issued_ns(step_of(job));
  ++job.model.layers;
  std::map<Role, double> more = issued_ns(step_of(job));
  EXPECT_NEAR(more[Role::InputGradient] - fewer[Role::InputGradient], 3.0 * 0.25 * kernels * 7e3, 1.0);
}

// A second memory slows the phase down whose tensors it holds, and no other.
TEST(StepTimes, SlowdownsAreOfTheirPhase) {
  TrainingJob job = plain_job("gpt-1.7b", {.data = 2, .global_batch = 4, .recompute = Recomputation::Full});
  std::map<Role, double> usual = computed_ns(step_of(job));
  const auto ratio = [&](ComputeSlowdown slowdown, Role role) {
    job.slowdown = slowdown;
    return computed_ns(step_of(job))[role] / usual[role];
  };
  const ComputeSlowdown all{.forward = 2.0, .backward = 3.0, .update = 5.0};
  EXPECT_NEAR(ratio(all, Role::Forward), 2.0, 1e-6);
  EXPECT_NEAR(ratio(all, Role::Recompute), 2.0, 1e-6);
  EXPECT_NEAR(ratio(all, Role::InputGradient), 3.0, 1e-6);
  EXPECT_NEAR(ratio(all, Role::WeightGradient), 3.0, 1e-6);
  EXPECT_NEAR(ratio(all, Role::Optimizer), 5.0, 1e-6);
  for (const Role role : {Role::Forward, Role::Recompute, Role::InputGradient, Role::Optimizer}) {
    EXPECT_EQ(ratio({}, role), 1.0);
  }
}

// The update of an NPU's own parameters: all of them, or a share with ZeRO; 36 bytes each.
TEST(StepTimes, TheUpdateIsOfWhatAnNpuHolds) {
  const auto update = [](int zero, std::int64_t tensor, std::int64_t pipeline) {
    TrainingJob job = plain_job(
        "gpt-1.7b", {.tensor = tensor, .pipeline = pipeline, .data = 8, .zero = zero, .global_batch = 64});
    const Npu& npu = job.machine.npu;
    return (computed_ns(step_of(job))[Role::Optimizer] - streaming_ns(npu, 0.0)) /
           (streaming_ns(npu, 1e9) - streaming_ns(npu, 0.0)) * 1e9 / 36.0;  // parameters
  };
  const double all = layer_count * dense_layer_parameters(gpt()) + table_parameters(gpt());
  EXPECT_NEAR(update(0, 1, 1), all, 1e-6 * all);
  EXPECT_NEAR(update(0, 4, 1), all / 4.0, 1e-6 * all);
  for (const int zero : {1, 2, 3}) EXPECT_NEAR(update(zero, 1, 1), all / 8.0, 1e-6 * all);
  // A stage of four has a quarter of the layers, the first and the last the table.
  EXPECT_NEAR(update(0, 1, 4), layer_count / 4.0 * dense_layer_parameters(gpt()) + table_parameters(gpt()),
              1e-6 * all);
}

// While the pipeline fills and drains others work: p - 1 stages' chunks of both passes.
TEST(StepTimes, TheBubbleIsTheOtherStagesPasses) {
  for (const auto& [pipeline, chunks] : {std::pair(2, 1), {4, 1}, {4, 3}, {8, 1}}) {
    TrainingJob job =
        plain_job("gpt-1.7b", {.pipeline = pipeline, .virtual_stages = chunks, .global_batch = 16});
    if (chunks > 1) job.parallelism.schedule = PipelineSchedule::Interleaved;
    const LayerCost layer = dense_layer_cost(job.model, job.parallelism, job.machine.npu);
    double pass = 0.0;
    for (const BlockPasses& block : {layer.attention, layer.ffn}) {
      pass += block.forward.ns() + block.input_gradient.ns() + block.weight_gradient.ns();
    }
    const double passed = layer_count / (pipeline * chunks) * (pipeline - 1.0);
    EXPECT_NEAR(computed_ns(step_of(job))[Role::Bubble], passed * pass, 1e-6 * passed * pass)
        << pipeline << " x " << chunks;
  }
}

// Beside compute gradients are hidden but for the last bucket's; after it all of them are waited for.
TEST(StepTimes, OverlapNeverTakesLonger) {
  for (const int zero : {0, 1, 2, 3}) {
    TrainingJob job = plain_job("llama3-8b", {.data = 16, .zero = zero, .global_batch = 32});
    const double beside = estimate(job).step_ns;
    job.parallelism.overlap_gradients = false;
    const double gradients_after = estimate(job).step_ns;
    EXPECT_LT(beside, gradients_after) << zero;
    job.parallelism.overlap_parameters = false;
    const double all_after = estimate(job).step_ns;
    if (zero == 0) {
      EXPECT_EQ(all_after, gradients_after);
    } else {
      EXPECT_GT(all_after, gradients_after) << zero;
    }
  }
}

}  // namespace
}  // namespace bandwright
