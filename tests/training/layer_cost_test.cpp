#include "training/layers/layer_cost.h"

#include <gtest/gtest.h>

#include "training/machine.h"

namespace bandwright {
namespace {

// Latent attention: the scores are head_dim + rope_dim wide. On chip it takes its time at a rate of FLOP, of
// which the backward pass has 3 (128 + 64) + 2 x 128 for each
// (128 + 64) + 128 forward; its kernels have 0.5 of a multiplication's speed there and 0.65 forward.
TEST(LayerCost, CountsTheRopePartOfLatentAttention) {
  Npu npu = load_machine("dgx-h100").npu;
  npu.constants.kernel_overhead_us = 0.0;
  TransformerArchitecture latent = load_architecture("deepseek-v3");
  TransformerArchitecture plain = latent;
  plain.latent.rope_dim = 0;
  const BlockPasses with = dense_layer_cost(latent, {}, npu).attention;
  const BlockPasses without = dense_layer_cost(plain, {}, npu).attention;
  EXPECT_NEAR(with.forward.core / without.forward.core, 320.0 / 256.0, 1e-9);
  EXPECT_NEAR(with.input_gradient.core / with.forward.core, 832.0 / 320.0 * 0.65 / 0.5, 1e-9);
  const Parallelism unfused{.attention = AttentionKernel::Unfused};
  EXPECT_GT(dense_layer_cost(latent, unfused, npu).attention.forward.core,
            dense_layer_cost(plain, unfused, npu).attention.forward.core);
}

}  // namespace
}  // namespace bandwright
