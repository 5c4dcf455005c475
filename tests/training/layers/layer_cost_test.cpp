#include "training/layers/layer_cost.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "training/layers/power_limit.h"
#include "training/machine.h"

namespace bandwright {
namespace {

// Latent attention: the scores are head_dim + rope_dim wide. On chip it takes its time at a rate of FLOP, of
// which the backward pass has 3 (128 + 64) + 2 x 128 for each
// (128 + 64) + 128 forward; its kernels have 0.53 of a multiplication's speed there and 0.67 forward.
TEST(LayerCost, CountsTheRopePartOfLatentAttention) {
  Npu npu = load_machine("dgx-h100").npu;
  npu.constants.kernel_overhead_us = 0.0;
  npu.watts = 0.0;  // always at the same clock
  TransformerArchitecture latent = load_architecture("deepseek-v3");
  TransformerArchitecture plain = latent;
  plain.latent.rope_dim = 0;
  const BlockPasses with = dense_layer_cost(latent, {}, npu).attention;
  const BlockPasses without = dense_layer_cost(plain, {}, npu).attention;
  EXPECT_NEAR(with.forward.core / without.forward.core, 320.0 / 256.0, 1e-9);
  EXPECT_NEAR(with.input_gradient.core / with.forward.core, 832.0 / 320.0 * 0.67 / 0.53, 1e-9);
  const Parallelism unfused{.attention = AttentionKernel::Unfused};
  EXPECT_GT(dense_layer_cost(latent, unfused, npu).attention.forward.core,
            dense_layer_cost(plain, unfused, npu).attention.forward.core);
}

// Every kernel begins once, whatever it does.
TEST(LayerCost, EveryKernelHasItsOverhead) {
  Npu npu = load_machine("dgx-a100").npu;
  npu.watts = 0.0;
  npu.constants.sustained = 1.0;  // at one clock, however long units rest
  const TransformerArchitecture model = load_architecture("llama3-8b");
  for (const AttentionKernel kernel : {AttentionKernel::Unfused, AttentionKernel::Flash}) {
    const auto times = [&](double overhead_us) {
      npu.constants.kernel_overhead_us = overhead_us;
      return dense_layer_cost(model, {.attention = kernel}, npu).attention;
    };
    const BlockPasses none = times(0.0);
    const BlockPasses some = times(2.0);
    for (const auto pass :
         {&BlockPasses::forward, &BlockPasses::input_gradient, &BlockPasses::weight_gradient}) {
      EXPECT_NEAR((some.*pass).ns() - (none.*pass).ns(), 2e3 * (some.*pass).kernels, 1.0);
    }
  }
}

// With c = 0.6 of the limit beside, matrix units that run half of the time may take (1 - 0.5 x 0.6) / 0.5
// = 1.4 times the limit: sustained x 1.4^0.4 = 1.1441 times their own speed alone. At that clock f, hot / f =
// cold.
TEST(PowerLimit, MatrixUnitsAreFasterWhereTheyRestBetween) {
  Npu npu = load_machine("dgx-h100").npu;
  npu.constants.sustained = 0.7;
  const double clock = 0.7 * std::pow(1.4, 0.4);
  const auto multiplying = [](double hot, double cold) {
    return MatrixLoad{.hot_ns = hot, .heat = hot, .cold_ns = cold};
  };
  EXPECT_NEAR(clock_under_load(npu, multiplying(clock * 1e6, 1e6)), clock, 1e-6);
  EXPECT_DOUBLE_EQ(clock_under_load(npu, multiplying(1e6, 0.0)), 0.7);
  EXPECT_DOUBLE_EQ(clock_under_load(npu, multiplying(1.0, 1e9)), 1.0);  // no faster than in a short run
  npu.watts = 0.0;
  EXPECT_DOUBLE_EQ(clock_under_load(npu, multiplying(1e6, 1e6)), 0.7);
}

// Attention cores that have matrix units busy half of their time draw 0.5 f^2.5 + 0.5 x 0.6, in the power of
// multiplications at `sustained`: 1 at f^2.5 = 1.4, whatever else there is none of.
TEST(PowerLimit, MatrixUnitsRestInsideAttention) {
  Npu npu = load_machine("dgx-h100").npu;
  npu.constants.sustained = 0.7;
  const double clock = clock_under_load(npu, {.hot_ns = 1e6, .idle_ns = 0.5e6, .heat = 0.5e6});
  EXPECT_NEAR(clock, 0.7 * std::pow(1.4, 0.4), 1e-12);
}

// A GB300 computes three times as fast in nvfp4 as in fp8, with half the bits: 1.5 times the power, which it
// keeps to the limit at 1.5^-0.4 of the clock. fp8 draws as much as bf16: twice as fast with half the bits.
TEST(PowerLimit, FormatsThatAreFasterThanTheirBitsRunSlower) {
  Npu npu = load_machine("gb300-nvl72").npu;
  EXPECT_NEAR(clock_under_load(npu, {.hot_ns = 1e6, .heat = 1.5e6}),
              npu.constants.sustained * std::pow(1.5, -0.4), 1e-12);
  npu.watts = 0.0;
  npu.constants.sustained = 1.0;
  const TransformerArchitecture model = load_architecture("llama3-70b");
  const auto power = [&](Precision precision) {
    const BlockCost cost = dense_layer_cost(model, {.precision = precision}, npu).ffn.weight_gradient;
    return cost.heat / cost.projections;
  };
  EXPECT_DOUBLE_EQ(power(Precision::Nvfp4), 1.5);
  EXPECT_DOUBLE_EQ(power(Precision::Fp8), 1.0);
  EXPECT_DOUBLE_EQ(power(Precision::Bf16), 1.0);
}

// A pass over h x t in norms is 2 of 12 activations that the forward pass has; all projections in an
// attention block without latents are none of the modules.
TEST(LayerCost, SingleModulesRunAgain) {
  const Npu npu = load_machine("dgx-h100").npu;
  const TransformerArchitecture model = load_architecture("llama3-8b");
  const auto again = [&](std::string_view list) {
    return dense_layer_cost(model, {.again = recomputed_modules(list)}, npu);
  };
  EXPECT_EQ(again("none").ffn.again.ns(), 0.0);
  EXPECT_EQ(again("up-projections").attention.again.ns(), 0.0);
  const double bytes = 2.0 * 2.0 * static_cast<double>(model.sequence * model.hidden);
  EXPECT_DOUBLE_EQ(again("norms").attention.again.ns(), streaming_ns(npu, bytes));
  const LayerCost ffn = again("ffn");
  EXPECT_NEAR(ffn.ffn.again.ns(), ffn.ffn.forward.ns(), 1e-6);
  const LayerCost half = again("every-second");
  EXPECT_NEAR(half.attention.again.projections, 0.5 * half.attention.forward.projections, 1e-6);
  EXPECT_EQ(half.attention.again.core, 0.0);
  EXPECT_GT(again("norms,ffn").ffn.again.ns(), ffn.ffn.again.ns());
  const BlockCost core = again("core").attention.again;
  EXPECT_NEAR(core.core, half.attention.forward.core, 2e-3 * core.core);  // under the power limit
  EXPECT_NEAR(core.projections + core.streaming, 0.0, 1e-6);
  // Q, K and V are 1.5 h wide, the output h: two fifths of the multiplications and about of their time.
  const BlockCost output = again("output").attention.again;
  EXPECT_NEAR(output.projections, 0.4 * half.attention.forward.projections,
              0.02 * half.attention.forward.projections);
  EXPECT_EQ(output.core, 0.0);
}

// The output layer's multiplications stay in bf16; each token predicted more passes it once more.
TEST(LayerCost, TheOutputLayerIsNotInFp8AndServesEveryPrediction) {
  Npu npu = load_machine("dgx-h100").npu;
  npu.watts = 0.0;
  const TransformerArchitecture model = load_architecture("llama3-8b");
  const double once = head_cost(model, {}, npu).forward.ns();
  EXPECT_EQ(head_cost(model, {.precision = Precision::Fp8}, npu).forward.ns(), once);
  EXPECT_NEAR(head_cost(predicting_more(model, 2), {}, npu).forward.ns(), 3.0 * once, 1e-6);
  EXPECT_EQ(predicting_more(model, 2).layers, model.layers + 2);
  EXPECT_EQ(predicting_more(model, 15).predicted, 16);
  for (const std::int64_t tokens :
       {std::int64_t{-1}, std::int64_t{16}, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_THROW(predicting_more(model, tokens), InputError) << tokens;
  }
}

// Below ZeRO 2 a gradient of 4 bytes is read and written, from there on written in 2.
TEST(LayerCost, GradientsAreSummedAsTheyAreComputed) {
  Npu npu = load_machine("dgx-h100").npu;
  npu.constants.gemm_efficiency = 1e6;  // memory alone counts
  npu.watts = 0.0;
  TransformerArchitecture model = load_architecture("llama3-8b");
  model.sequence = 64;
  const auto bytes = [&](int zero) {
    const double ns = dense_layer_cost(model, {.zero = zero}, npu).ffn.weight_gradient.projections;
    return ns * npu.constants.sustained;
  };
  EXPECT_GT(bytes(0), 3.0 * bytes(2));
}

}  // namespace
}  // namespace bandwright
