#include "training/layers/kernels.h"

#include <gtest/gtest.h>

#include "training/layers/layer_cost.h"
#include "training/machine.h"

namespace bandwright {
namespace {

Npu a100() { return load_machine("dgx-a100").npu; }

double ns(const Gemm& gemm) { return gemm_ns(a100(), Precision::Fp16, gemm); }

// Tiles of 256 x 128 reuse 85 operands per load: 16/85 of their time goes to loads.
TEST(Gemm, LargeOnesReachTheirShareOfThePeak) {
  const Gemm large{16384, 16384, 16384};
  const double share = large.flop() / ns(large) / a100().peak(Precision::Fp16);
  EXPECT_NEAR(share, a100().constants.gemm_efficiency / (1.0 + 16.0 / (256.0 * 128.0 / 384.0)), 0.05);
}

TEST(Gemm, TakesLongerWithMoreOfAnySide) {
  const Gemm small{1024, 1024, 1024};
  for (const Gemm& larger : {Gemm{4096, 1024, 1024}, Gemm{1024, 4096, 1024}, Gemm{1024, 1024, 4096}}) {
    EXPECT_GT(ns(larger), ns(small));
  }
}

// 2.5 times as long, which padding by 0.1 % avoids.
TEST(Gemm, RowsThatAreNotAlignedAreLoadedSlowly) {
  const double odd = ns({8192, 50257, 4096});
  const double padded = ns({8192, 50304, 4096});
  EXPECT_NEAR(odd / padded, 2.5, 0.1);
  EXPECT_NEAR(ns({8191, 50304, 4096}) / padded, 1.0, 0.01) << "the rows' own number does not matter";
}

// Two heads per NPU are too few for the fused softmax; four are not.
TEST(Attention, SoftmaxIsFusedForGroupsOfFourHeads) {
  const TransformerArchitecture model = load_architecture("gpt-1.7b");  // 24 heads
  Parallelism p{.tensor = 12, .attention = AttentionKernel::Unfused, .precision = Precision::Fp16};
  const double alone = dense_layer_cost(model, p, a100()).attention.forward.kernels;
  p.micro_batch = 2;
  const double fused = dense_layer_cost(model, p, a100()).attention.forward.kernels;
  EXPECT_EQ(alone - fused, 6.0);
}

}  // namespace
}  // namespace bandwright
