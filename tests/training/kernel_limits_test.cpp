// Kernels and layers on NPUs of which one limit counts: what is left can be computed by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "training/layers/kernels.h"
#include "training/layers/layer_cost.h"
#include "training/layers/power_limit.h"
#include "training/machine.h"

namespace bandwright {
namespace {

constexpr double no_limit = 1e12;

// 1,000 GB/s of memory and nothing else that takes time: bytes are nanoseconds.
Npu only_memory() {
  Npu npu{.name = "memory", .memory_bytes = 1e12, .memory_gb_per_s = 1.0, .processors = 100};
  npu.peak_flop_per_ns.fill(no_limit);
  npu.constants = {.gemm_efficiency = 1.0,
                   .memory_efficiency = 1.0,
                   .kernel_overhead_us = 0.0,
                   .slice_ns = 0.0,
                   .sustained = 1.0,
                   .host_us = 0.0};
  return npu;
}

Npu only_compute() {
  Npu npu = only_memory();
  npu.memory_gb_per_s = no_limit;
  npu.peak_flop_per_ns.fill(1.0);
  return npu;
}

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

// Of on-chip attention's FLOP, at the share of the matrix units that each generation of kernels reaches
// (training/layers/pricer.cpp has the sources), forward and backward.
TEST(AttentionCores, AreAsFastAsTheirGeneration) {
  Npu npu = only_compute();
  npu.older_kernels = 0.7;
  npu.attention_speed = 0.9;
  const TransformerArchitecture model = load_architecture("llama3-8b");
  const auto core = [&](AttentionKernel kernel) {
    return dense_layer_cost(model, {.attention = kernel}, npu).attention;
  };
  // Half of 2 s^2 (d + d) a, and backward five products of the same size in place of two.
  const auto s = static_cast<double>(model.sequence);
  const double flop = 0.5 * 4.0 * s * s * static_cast<double>(model.head_dim * model.heads);
  for (const auto& [kernel, forward, backward] : {std::tuple{AttentionKernel::Flash1, 0.33 * 0.7, 0.33 * 0.7},
                                                  {AttentionKernel::Flash2, 0.7 * 0.7, 0.55 * 0.7},
                                                  {AttentionKernel::Flash2024, 0.55 * 0.9, 0.42 * 0.9},
                                                  {AttentionKernel::Flash, 0.67 * 0.9, 0.53 * 0.9}}) {
    EXPECT_NEAR(core(kernel).forward.core, flop / forward, 1e-6 * flop);
    EXPECT_NEAR(core(kernel).input_gradient.core, 2.5 * flop / backward, 1e-6 * flop);
  }
}

// The last of context ranks in order has 2 - 1/CP times the average of the scores that causal masks leave.
TEST(AttentionCores, ContextRanksInOrderWaitForTheLast) {
  const Npu npu = only_compute();
  const TransformerArchitecture model = load_architecture("llama3-8b");
  for (const std::int64_t context : {1, 2, 8}) {
    Parallelism p{.context = context};
    const double balanced = dense_layer_cost(model, p, npu).attention.forward.core;
    p.balanced_context = false;
    const double in_order = dense_layer_cost(model, p, npu).attention.forward.core;
    EXPECT_NEAR(in_order / balanced, 2.0 - 1.0 / static_cast<double>(context), 1e-9) << context;
  }
}

// TP divides projections, cores and what lies inside of blocks; norms and residuals with sequence
// parallelism only.
TEST(LayerParts, AreDividedOverTensorParallelism) {
  const TransformerArchitecture model = load_architecture("gpt3-175b");
  const Npu npu = only_memory();
  const auto streamed = [&](std::int64_t tensor, bool sequence_parallel) {
    const LayerCost cost =
        dense_layer_cost(model, {.tensor = tensor, .sequence_parallel = sequence_parallel}, npu);
    return cost.attention.forward.streaming + cost.ffn.forward.streaming;
  };
  const double activation = 2.0 * static_cast<double>(model.sequence * model.hidden);
  EXPECT_NEAR(streamed(8, true), streamed(1, false) / 8.0, 1.0);
  // Seven passes of each of two blocks are whole without: two of a norm, five of bias, dropout and residual.
  EXPECT_NEAR(streamed(8, false) - streamed(8, true), 14.0 * activation * 7.0 / 8.0, 1.0);
  const Npu compute = only_compute();
  const auto projected = [&](std::int64_t tensor) {
    return dense_layer_cost(model, {.tensor = tensor}, compute).attention.forward.core;
  };
  EXPECT_NEAR(projected(8), projected(1) / 8.0, 1e-6 * projected(1));
}

// PyTorch's kernels pass over the logits 19 times forward and 10 backward, a fused one 3 times; of as many
// tokens, 2 bytes each.
TEST(LayerParts, TheLossPassesOverItsLogits) {
  const TransformerArchitecture model = load_architecture("llama3-8b");
  const Npu npu = only_memory();
  const auto passes = [&](Loss loss) {
    return head_cost(model, {.tensor = 2, .micro_batch = 3, .loss = loss}, npu);
  };
  const double logits = 2.0 * 3.0 * static_cast<double>(model.sequence * model.vocabulary) / 2.0;
  const BlockPasses fused = passes(Loss::Fused);
  for (const Loss loss : {Loss::InPlace, Loss::KernelByKernel}) {
    EXPECT_NEAR(passes(loss).forward.streaming - fused.forward.streaming, 16.0 * logits, 1.0);
    EXPECT_NEAR(passes(loss).input_gradient.streaming - fused.input_gradient.streaming, 7.0 * logits, 1.0);
  }
  // Beside them five activations in both passes: the norm's and the residual's.
  const double activation = 2.0 * 3.0 * static_cast<double>(model.sequence * model.hidden);
  EXPECT_NEAR(fused.forward.streaming, 3.0 * logits + 2.0 * activation, 1.0);
  EXPECT_NEAR(fused.input_gradient.streaming, 3.0 * logits + 3.0 * activation, 1.0);
}

// Copies of tokens pass through memory less often where a whole step is issued at once; clamped kernels
// more often where they are not fused.
TEST(LayerParts, WholeGraphsFuseWhatExpertsDo) {
  const Npu npu = only_memory();
  const auto streamed = [&](const char* name, bool whole) {
    const Parallelism p{.whole_graphs = whole};
    const BlockPasses ffn = sparse_layer_cost(load_architecture(name), p, npu).ffn;
    return std::pair{ffn.forward.streaming, ffn.input_gradient.streaming};
  };
  const TransformerArchitecture mixtral = load_architecture("mixtral-8x7b");
  // Two copies of each token: read and written once, or 12 and 14 times over both.
  const double copies = 2.0 * 2.0 * static_cast<double>(mixtral.sequence * mixtral.hidden);
  const auto [once, once_back] = streamed("mixtral-8x7b", true);
  const auto [often, often_back] = streamed("mixtral-8x7b", false);
  EXPECT_NEAR(often - once, 10.0 * copies, 1.0);
  EXPECT_NEAR(often_back - once_back, 12.0 * copies, 1.0);
}

// Slowed down to the clock that the limit allows are matrix units alone: projections, and the part of a core
// that is computed in them.
TEST(PowerLimits, SlowMatrixUnitsAlone) {
  Npu npu = only_compute();
  npu.constants.sustained = 0.5;  // no limit in watts: always this
  BlockPasses passes;
  for (BlockCost* each : {&passes.forward, &passes.input_gradient, &passes.weight_gradient, &passes.again}) {
    *each = {.projections = 100.0, .core = 50.0, .streaming = 30.0, .hot_core = 40.0, .heat = 140.0};
  }
  BlockPasses* const blocks[] = {&passes};
  limit_power(blocks, npu);
  for (const BlockCost* each :
       {&passes.forward, &passes.input_gradient, &passes.weight_gradient, &passes.again}) {
    EXPECT_DOUBLE_EQ(each->projections, 200.0);
    EXPECT_DOUBLE_EQ(each->core, 10.0 + 2.0 * 40.0);
    EXPECT_DOUBLE_EQ(each->hot_core, 80.0);
    EXPECT_DOUBLE_EQ(each->streaming, 30.0);
  }
}

// The more there is beside, the faster; never above the clock of a short run, nor below `sustained`; and the
// equation of power holds (power_limit.h).
TEST(PowerLimits, HoldTheEquationOfPower) {
  Npu npu = only_compute();
  npu.watts = 700.0;
  npu.constants_watts = 700.0;
  npu.constants.sustained = 0.6;
  double before = 0.0;
  for (const double cold : {0.0, 0.1, 0.3, 1.0, 3.0, 100.0}) {
    const MatrixLoad load{.hot_ns = 1e6, .idle_ns = 2e5, .heat = 8e5, .cold_ns = cold * 1e6};
    const double f = clock_under_load(npu, load);
    EXPECT_GE(f, before);
    EXPECT_LE(f, 1.0);
    EXPECT_GE(f, 0.6);
    before = f;
    const double power = std::pow(f / 0.6, 2.5) * load.heat / f + 0.6 * (load.idle_ns / f + load.cold_ns);
    const double limit = load.hot_ns / f + load.cold_ns;
    if (f < 1.0) {
      EXPECT_NEAR(power, limit, 1e-6 * limit) << cold;
    } else {
      EXPECT_LE(power, limit) << cold;
    }
  }
  EXPECT_EQ(before, 1.0);
  // A limit of half the watts: 0.5^0.4 of the clock where nothing rests.
  npu.watts = 350.0;
  EXPECT_NEAR(clock_under_load(npu, {.hot_ns = 1e6, .heat = 1e6}), 0.6 * std::pow(0.5, 0.4), 1e-12);
}

}  // namespace
}  // namespace bandwright
