// Low-rank adapters beside frozen weights: what is trained, computed, sent and kept.
#include "training/layers/adapters.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/error.h"
#include "training/division/parallel_groups.h"
#include "training/estimate.h"
#include "training/layers/layer_cost.h"
#include "training/step_parts.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

// Llama 2 7B has 32 layers of h = 4,096 with 4,096 x 12,288, 4,096 x 4,096, 4,096 x 22,016 and 11,008 x
// 4,096: 49,408 x 4,096 elements. Rank 16 has 16 (in + out) beside each: 16 (16,384 + 8,192 + 26,112 +
// 15,104).
constexpr double of_qkv = 16.0 * 16384.0;
constexpr double of_all = 16.0 * 65792.0;
constexpr double of_model = 32.0;  // layers

TrainingJob frozen_job(std::int64_t rank, std::string_view targets, int zero, std::int64_t npus = 8) {
  TrainingJob job{load_architecture("llama2-7b"), load_machine("dgx-h100"), {.data = npus}};
  job.parallelism.zero = zero;
  job.parallelism.global_batch = npus;
  job.parallelism.adapters = adapters(rank, targets);
  return job;
}

TEST(Adapters, AreTwoThinMatricesBesideEach) {
  const TransformerArchitecture model = load_architecture("llama2-7b");
  EXPECT_DOUBLE_EQ(trained_parameters(model, adapters(16, "all")).dense_layer, of_all);
  EXPECT_DOUBLE_EQ(trained_parameters(model, adapters(16, "qkv")).dense_layer, of_qkv);
  EXPECT_DOUBLE_EQ(trained_parameters(model, adapters(16, "output,ffn-in,ffn-out")).dense_layer,
                   of_all - of_qkv);
  EXPECT_EQ(trained_parameters(model, adapters(16, "all")).table, 0.0);
  EXPECT_DOUBLE_EQ(trained_parameters(model, {}).dense_layer, dense_layer_parameters(model));
  EXPECT_THROW(adapters(16, "router"), InputError);
}

// Mixtral 8x7B: 4,096 x 28,672 and 14,336 x 4,096 in each expert.
TEST(Adapters, AreBesideEveryExpert) {
  const TransformerArchitecture model = load_architecture("mixtral-8x7b");
  const TrainedParameters trained = trained_parameters(model, adapters(8, "ffn-in,ffn-out"));
  EXPECT_DOUBLE_EQ(trained.expert, 8.0 * (32768.0 + 18432.0));
  EXPECT_EQ(trained.sparse_layer, 0.0);
}

// Two multiplications and a sum beside one; of frozen weights there are no gradients, of an adapter two.
TEST(Adapters, FrozenWeightsHaveNoGradients) {
  const TrainingJob job = frozen_job(16, "qkv", 0);
  const Npu& npu = job.machine.npu;
  const LayerCost all = dense_layer_cost(job.model, {}, npu);
  const LayerCost frozen = dense_layer_cost(job.model, job.parallelism, npu);
  EXPECT_EQ(all.attention.weight_gradient.kernels, 2.0);
  EXPECT_EQ(frozen.attention.weight_gradient.kernels, 2.0);
  EXPECT_EQ(frozen.ffn.weight_gradient.kernels, 0.0);
  EXPECT_EQ(frozen.ffn.weight_gradient.ns(), 0.0);
  EXPECT_EQ(frozen.attention.forward.kernels, all.attention.forward.kernels + 3.0);
  EXPECT_LT(frozen.attention.weight_gradient.ns(), 0.2 * all.attention.weight_gradient.ns());
  const BlockPasses head = head_cost(job.model, job.parallelism, npu);
  EXPECT_EQ(head.weight_gradient.ns(), 0.0);
  EXPECT_GT(head.input_gradient.projections, 0.0);
}

// 4 FLOP per element and token of a frozen matrix, 6 of an adapter's: 49,408 x 4,096 elements in each layer,
// with the four scales and biases of its norms that are counted like them, and 32,000 x 4,096 in the output
// layer.
TEST(Adapters, FlopAreTwoThirdsOfAStepsAndTheirOwn) {
  const TransformerArchitecture model = load_architecture("llama2-7b");
  const auto s = static_cast<double>(model.sequence);
  const double matrices = of_model * (49408.0 + 4.0) * 4096.0 + 32000.0 * 4096.0;
  const double less = model_flop_per_sequence(model) - trained_flop_per_sequence(model, adapters(16, "all"));
  EXPECT_NEAR(less / s, 2.0 * matrices - 6.0 * of_model * of_all, 1.0);
  EXPECT_EQ(trained_flop_per_sequence(model, {}), model_flop_per_sequence(model));
}

TEST(Adapters, OnlyTheyHaveGradientsAndStates) {
  const TrainingJob job = frozen_job(16, "all", 0, 1);
  const MemoryBill bill = memory_bill(job.model, job.parallelism);
  EXPECT_NEAR(bill.layer_gradients, 4.0 * of_model * of_all, 1.0);
  EXPECT_NEAR(bill.layer_optimizer, 12.0 * of_model * of_all, 1.0);
  EXPECT_NEAR(bill.layer_weights, 2.0 * of_model * (dense_layer_parameters(job.model) + of_all), 1.0);
  EXPECT_NEAR(bill.embedding, 2.0 * embedding_parameters(job.model), 1.0);
}

// Without an adapter beside them, FFNs keep neither what they are given, 2 t h, nor what goes into their
// second matrix, 2 t f; nor does attention keep the projection's input twice.
TEST(Adapters, InputsOfFrozenMatricesAreNotKept) {
  const TrainingJob all = frozen_job(16, "all", 0, 1);
  const TrainingJob qkv = frozen_job(16, "qkv", 0, 1);
  const auto tokens = static_cast<double>(all.model.sequence);
  EXPECT_NEAR(layer_activations(all.model, all.parallelism) - layer_activations(qkv.model, qkv.parallelism),
              2.0 * tokens * (4096.0 + 11008.0), 1.0);
  EXPECT_EQ(layer_activations(all.model, all.parallelism),
            layer_activations(all.model, frozen_job(0, "all", 0, 1).parallelism));
}

class ByteStreams final : public StepStreams {
 public:
  explicit ByteStreams(std::vector<Group> groups, double& times)
      : groups_(std::move(groups)), times_(times) {}
  void compute(Label /*label*/, Time /*duration*/) override {}
  void join(StreamSet /*waits*/) override {}
  void repeat(std::int64_t times, Rounds write) override {
    const double outside = times_;
    times_ *= static_cast<double>(times);
    if (times > 0) write();
    times_ = outside;
  }
  [[nodiscard]] const Group& group(std::uint32_t index) const override { return groups_[index]; }

 private:
  std::vector<Group> groups_;
  double& times_;
};
// Adds up what replicas tell each other, by the kind of collective.
class ByteCounter final : public StepPasses {
 public:
  explicit ByteCounter(const double& times) : times_(times) {}
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
  void call(Axes axis, CollectiveKind kind, double bytes, Label /*label*/, StreamSet /*waits*/,
            StreamSet /*sets*/) override {
    if (axis != Axes::Data) return;
    (kind == CollectiveKind::AllGather ? gathered : reduced) += times_ * bytes;
  }
  void take_processors(Axes /*axis*/, CollectiveKind /*kind*/, double /*bytes*/, Label /*label*/) override {}
  double gathered = 0.0;
  double reduced = 0.0;

 private:
  const double& times_;
};
ByteCounter replicas_of(const TrainingJob& job) {
  static double times = 1.0;
  ByteStreams streams(parallel_groups(job.machine.network(job.parallelism.npus()), job.parallelism), times);
  ByteCounter counter(times);
  write_training_step(job, streams, counter);
  return counter;
}

// 8 replicas reduce 2 bytes of each trained parameter, and under ZeRO 1 gather its weight, a shard of an
// eighth each; under ZeRO 3 frozen weights of layers are gathered twice, and tables once.
TEST(Adapters, ReplicasSendNothingOfFrozenWeights) {
  const double trained = of_model * of_all;
  for (const int zero : {0, 1, 2}) {
    const ByteCounter sent = replicas_of(frozen_job(16, "all", zero));
    EXPECT_NEAR(sent.reduced, 2.0 * trained, 1.0) << zero;
    EXPECT_NEAR(sent.gathered, zero == 0 ? 0.0 : 2.0 * trained / 8.0, 1.0) << zero;
  }
  const TrainingJob sharded = frozen_job(16, "all", 3);
  const ByteCounter sent = replicas_of(sharded);
  const double weights = 2.0 * of_model * dense_layer_parameters(sharded.model) + 2.0 * 32000.0 * 4096.0;
  EXPECT_NEAR(sent.gathered, 2.0 * weights / 8.0, 1.0);
  EXPECT_NEAR(sent.reduced, 2.0 * trained, 1.0);
}

// Training less takes no longer, whatever the division.
TEST(Adapters, StepsAreNeverLongerThanWithAllWeights) {
  for (const char* model : {"llama2-7b", "mixtral-8x7b"}) {
    for (const int zero : {0, 1}) {
      for (const std::int64_t stages : {1, 4}) {
        TrainingJob job{
            load_architecture(model), load_machine("dgx-h100"), {.tensor = 2, .pipeline = stages}};
        job.parallelism.zero = zero;
        job.parallelism.data = 32 / (2 * stages);
        job.parallelism.global_batch = 128;
        const double all = estimate(job).step_ns;
        job.parallelism.adapters = adapters(16, "qkv");
        EXPECT_LT(estimate(job).step_ns, all) << model << " ZeRO " << zero << " PP " << stages;
      }
    }
  }
}

}  // namespace
}  // namespace bandwright
