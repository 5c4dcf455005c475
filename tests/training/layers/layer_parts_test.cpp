// Layers on NPUs of which one limit counts: what is left can be computed by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/training/plain_machine.h"
#include "training/layers/kernels.h"
#include "training/layers/layer_cost.h"
#include "training/layers/power_limit.h"
#include "workload/layer_operators.h"

namespace bandwright {
namespace {

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

// Gradients that are added up for the step are read and written in their own format, those that are reduced
// at once are written in 2 bytes.
TEST(LayerParts, GradientsAreAddedUpInMemory) {
  const TransformerArchitecture model = load_architecture("llama3-8b");
  const Npu npu = only_memory();
  const auto ns = [&](int zero, std::int64_t bytes) {
    return dense_layer_cost(model, {.zero = zero, .stored_gradient_bytes = bytes}, npu)
        .ffn.weight_gradient.projections;
  };
  const double weights = 3.0 * static_cast<double>(model.hidden * model.ffn);
  for (const int zero : {0, 1}) {
    EXPECT_NEAR(ns(zero, 4) - ns(2, 4), (2.0 * 4.0 - 2.0) * weights, 1e-6 * weights);
    EXPECT_NEAR(ns(zero, 2) - ns(2, 2), (2.0 * 2.0 - 2.0) * weights, 1e-6 * weights);
  }
  EXPECT_EQ(ns(3, 4), ns(2, 2));
}

// Attention's projections are what their matrices pass through memory: a + 2 a_kv heads and the output.
TEST(LayerParts, AttentionIsTheSumOfItsProjections) {
  const TransformerArchitecture model = load_architecture("llama3-8b");
  const Npu npu = only_memory();
  const auto tokens = static_cast<double>(model.sequence);
  double expected = 0.0;
  for (const Projection& each : attention_projections(model)) {
    expected += gemm_ns(npu, Precision::Bf16, projection_gemms(each, tokens, 1.0).forward);
  }
  const BlockCost forward = dense_layer_cost(model, {}, npu).attention.forward;
  EXPECT_NEAR(forward.projections, expected, 1e-6 * expected);
  EXPECT_GT(expected, 2.0 * static_cast<double>(model.hidden * model.hidden));
}

// Of a model with state spaces a layer has the share of both mixers that falls to it: 4 attention layers more
// are 4/L of attention alone, whatever else there is, and state spaces are priced by their number.
TEST(LayerParts, MixersAreSharesOfBoth) {
  TransformerArchitecture model = load_architecture("nemotron-h-8b");
  Npu npu = only_compute();
  npu.memory_gb_per_s = 1.0;
  const auto of = [&](std::int64_t attention, std::int64_t states) {
    model.state_space.attention_layers = attention;
    model.state_space.layers = states;
    return dense_layer_cost(model, {}, npu).attention;
  };
  const BlockPasses few = of(4, 24);
  const BlockPasses more = of(8, 24);
  const BlockPasses states = of(4, 48);
  const BlockPasses alone = of(0, 0);
  const double share = 4.0 / static_cast<double>(model.layers);
  for (const auto pass :
       {&BlockPasses::forward, &BlockPasses::input_gradient, &BlockPasses::weight_gradient}) {
    for (const auto part :
         {&BlockCost::projections, &BlockCost::core, &BlockCost::streaming, &BlockCost::kernels,
          &BlockCost::hot_core, &BlockCost::idle_core, &BlockCost::heat}) {
      const double one = share * ((alone.*pass).*part);
      EXPECT_NEAR((more.*pass).*part - (few.*pass).*part, one, 1e-9 * one);
      const double rest = (few.*pass).*part - one;  // of 24 state spaces
      EXPECT_GE(rest, -1e-9 * one);
      EXPECT_NEAR((states.*pass).*part - one, 2.0 * rest, 1e-9 * (one + rest));
    }
  }
  EXPECT_GT(few.forward.core, share * alone.forward.core);
}

// Norms that run again read and write an activation before each block, state spaces' own among them.
TEST(LayerParts, NormsAgainAreAnActivationEach) {
  const Npu npu = only_memory();
  for (const char* name : {"llama3-8b", "nemotron-h-8b", "mixtral-8x7b"}) {
    const TransformerArchitecture model = load_architecture(name);
    const double activation = 2.0 * static_cast<double>(model.sequence * model.hidden);
    const LayerCost cost = model.sparse() ? sparse_layer_cost(model, {.again = {.norms = true}}, npu)
                                          : dense_layer_cost(model, {.again = {.norms = true}}, npu);
    EXPECT_NEAR(cost.attention.again.streaming, model.mixers_per_layer() * 2.0 * activation, 1.0) << name;
    EXPECT_NEAR(cost.ffn.again.streaming, 2.0 * activation, 1.0) << name;
    EXPECT_EQ(cost.attention.again.projections + cost.ffn.again.projections, 0.0) << name;
  }
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

// Shared experts are one FFN of their widths together that every token passes, as a layer without experts.
TEST(LayerParts, SharedExpertsAreOneFfn) {
  const Npu npu = only_compute();
  TransformerArchitecture model = load_architecture("mixtral-8x7b");
  const auto ffn = [&](std::int64_t shared, std::int64_t width) {
    model.experts.shared = shared;
    model.experts.shared_ffn = width;
    return sparse_layer_cost(model, {}, npu).ffn;
  };
  const BlockPasses none = ffn(0, 0);
  for (const auto& [shared, width] : {std::pair{1, 0}, {2, 0}, {1, 4096}, {3, 2048}}) {
    const BlockPasses some = ffn(shared, width);
    TransformerArchitecture dense = model;
    dense.ffn = shared * (width > 0 ? width : model.experts.ffn);
    const BlockPasses one = dense_layer_cost(dense, {}, npu).ffn;
    for (const auto pass :
         {&BlockPasses::forward, &BlockPasses::input_gradient, &BlockPasses::weight_gradient}) {
      const double projections = (one.*pass).projections;
      EXPECT_GT(projections, 0.0);
      EXPECT_NEAR((some.*pass).projections - (none.*pass).projections, projections, 1e-6 * projections);
    }
  }
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
