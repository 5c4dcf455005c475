// Kernels and layers on NPUs of which one limit counts: what is left can be computed by hand.
#include <gtest/gtest.h>

#include "tests/training/plain_machine.h"
#include "training/layers/kernels.h"
#include "training/layers/layer_cost.h"

namespace bandwright {
namespace {

TEST(KernelLimits, StreamingIsItsBytes) {
  Npu npu = only_memory();
  EXPECT_DOUBLE_EQ(streaming_ns(npu, 5e6), 5e6);
  npu.constants.memory_efficiency = 0.5;
  npu.constants.kernel_overhead_us = 2.5;
  EXPECT_DOUBLE_EQ(streaming_ns(npu, 5e6), 1e7 + 2500.0);
  EXPECT_DOUBLE_EQ(optimizer_ns(npu, 1e6), 72e6 + 2500.0);  // 36 bytes of each parameter
}

// A and B are read once in the inputs' format, C is written once.
TEST(KernelLimits, AMultiplicationPassesItsMatricesThroughMemory) {
  const Npu npu = only_memory();
  const Gemm gemm{512, 1024, 2048};
  const double inputs = 512.0 * 2048 + 2048.0 * 1024;
  const double result = 512.0 * 1024;
  EXPECT_NEAR(gemm_ns(npu, Precision::Bf16, gemm), 2.0 * inputs + 2.0 * result, 1e-3);
  EXPECT_NEAR(gemm_ns(npu, Precision::Fp16, gemm, 8.0), 2.0 * inputs + 8.0 * result, 1e-3);
  EXPECT_NEAR(gemm_ns(npu, Precision::Fp8, gemm), 1.0 * inputs + 2.0 * result, 1e-3);
  // 4 bits and a scale of a byte for each 16.
  EXPECT_NEAR(gemm_ns(npu, Precision::Nvfp4, gemm), (0.5 + 1.0 / 16.0) * inputs + 2.0 * result, 1e-3);
  Gemm three = gemm;
  three.batch = 3.0;
  EXPECT_NEAR(gemm_ns(npu, Precision::Bf16, three), 3.0 * gemm_ns(npu, Precision::Bf16, gemm), 1e-3);
}

// The best tiles of a large result have 256 x 256 elements, with 16 (1/256 + 1/256) more for what they load;
// 100 processors have 256 of them in 2.56 waves, half way to 3.
TEST(KernelLimits, AMultiplicationComputesInWaves) {
  const Npu npu = only_compute();
  const double flop = 2.0 * 4096 * 4096 * 4096;
  const double tile = (1.0 + 16.0 * 2.0 / 256.0) * 2.0 * 256 * 256 * 4096;
  const double waves = 0.5 * (2.56 + 3.0);
  const double ns = gemm_ns(npu, Precision::Bf16, {4096, 4096, 4096});
  EXPECT_LE(ns, waves * tile * 100.0 * (1.0 + 1e-6));
  EXPECT_GE(ns, flop * (1.0 + 16.0 * 2.0 / 256.0));  // no tile loads less
  // One tile, whatever is idle beside it; k is not split below 256.
  const double one = gemm_ns(npu, Precision::Bf16, {16, 64, 256});
  EXPECT_NEAR(one, 100.0 * (1.0 + 16.0 * 80.0 / 1024.0) * 2.0 * 16 * 64 * 256, 1e-3);
}

// Steps of 64 of k that follow each other: k of 4,096 in 16 parts are 4 of them, and a second kernel that
// adds the parts up.
TEST(KernelLimits, DepthIsSplitWhereThatIsShorter) {
  Npu npu = only_memory();
  npu.memory_gb_per_s = no_limit;
  npu.constants.slice_ns = 30.0;
  npu.constants.kernel_overhead_us = 1.0;
  EXPECT_NEAR(gemm_ns(npu, Precision::Bf16, {64, 64, 4096}), 2000.0 + 4 * 30.0, 1e-3);
  EXPECT_NEAR(gemm_ns(npu, Precision::Bf16, {64, 64, 512}), 1000.0 + 8 * 30.0, 1e-3);
  EXPECT_NEAR(gemm_ns(npu, Precision::Bf16, {64, 64, 100}), 1000.0 + 2 * 30.0, 1e-3);  // steps are whole
  // Where a second kernel costs nothing the parts are as short as they may be: 256 of k, at most 16 of them.
  Npu free = npu;
  free.constants.kernel_overhead_us = 0.0;
  for (const double k : {256.0, 512.0, 1024.0, 4096.0}) {
    EXPECT_NEAR(gemm_ns(free, Precision::Bf16, {64, 64, k}), 4 * 30.0, 1e-3) << k;
  }
  EXPECT_NEAR(gemm_ns(free, Precision::Bf16, {64, 64, 8192}), 8 * 30.0, 1e-3);
  // No processor is idle beside so many tiles.
  EXPECT_NEAR(gemm_ns(npu, Precision::Bf16, {8192, 8192, 4096}), 1000.0 + 64 * 30.0, 1.0);
}

// Rows of n and k elements have to begin at 16 bytes: 8 elements of 2 bytes, 16 of one.
TEST(KernelLimits, RowsBeginAtSixteenBytes) {
  const Npu npu = only_compute();
  const auto slower = [&](Precision precision, Gemm gemm) {
    return gemm_ns(npu, precision, gemm) / gemm_ns(npu, precision, {1024, 1024, 1024}) > 2.0;
  };
  EXPECT_FALSE(slower(Precision::Bf16, {1023, 1024, 1024}));
  EXPECT_TRUE(slower(Precision::Bf16, {1024, 1023, 1024}));
  EXPECT_TRUE(slower(Precision::Bf16, {1024, 1024, 1020}));
  EXPECT_FALSE(slower(Precision::Bf16, {1024, 1024, 1016}));
  EXPECT_TRUE(slower(Precision::Fp8, {1024, 1024, 1016}));
  EXPECT_FALSE(slower(Precision::Fp8, {1024, 1024, 1008}));
}

// What is twice as fast in every respect takes half the time, whatever it does.
TEST(KernelLimits, EverythingTwiceAsFastTakesHalf) {
  Npu npu = load_machine("dgx-h100").npu;
  Npu fast = npu;
  for (double& peak : fast.peak_flop_per_ns) peak *= 2.0;
  fast.memory_gb_per_s *= 2.0;
  fast.constants.kernel_overhead_us /= 2.0;
  fast.constants.slice_ns /= 2.0;
  for (const char* name : {"gpt-1.7b", "deepseek-v3", "mixtral-8x7b", "nemotron-h-8b", "gpt-oss-120b"}) {
    const TransformerArchitecture model = load_architecture(name);
    for (const AttentionKernel kernel : {AttentionKernel::Flash, AttentionKernel::Unfused}) {
      for (const Precision precision : {Precision::Bf16, Precision::Fp8}) {
        const Parallelism p{.tensor = 2, .micro_batch = 2, .attention = kernel, .precision = precision};
        const auto all = [&](const Npu& on) {
          std::vector<double> ns;
          std::vector<LayerCost> layers = {dense_layer_cost(model, p, on)};
          if (model.sparse()) layers.push_back(sparse_layer_cost(model, p, on));
          layers.push_back({head_cost(model, p, on), embedding_cost(model, p, on)});
          for (const LayerCost& layer : layers) {
            for (const BlockPasses& block : {layer.attention, layer.ffn}) {
              for (const BlockCost& cost : {block.forward, block.input_gradient, block.weight_gradient}) {
                ns.insert(ns.end(), {cost.projections, cost.core, cost.streaming});
              }
            }
          }
          return ns;
        };
        const std::vector<double> once = all(npu);
        const std::vector<double> half = all(fast);
        for (std::size_t i = 0; i < once.size(); ++i) {
          EXPECT_NEAR(half[i], 0.5 * once[i], 1e-9 * once[i]) << name << ' ' << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace bandwright
