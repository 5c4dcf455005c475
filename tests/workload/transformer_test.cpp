#include "workload/transformer.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace bandwright {
namespace {

Time ns(std::int64_t value) { return Time(value * 1000); }

// 17B: h = 4256, t = 8192, s = 512, m = 1, R = 60 x 2^40. Q takes 2 t h^2 / R = 4,498,545 ns, QK t s h / R =
// 270,589, an MLP matrix four times Q unrounded, the norm 2 t h / R = 1,057; e t h = 69,730,304 B and e h^2 =
// 36,227,072 B.
TEST(Transformer, Table17B) {
  const Model model = load_model("17B");
  ASSERT_EQ(model.lines.size(), 18U);
  const Line& q = model.lines[0];
  EXPECT_EQ(q.forward.compute, ns(4'498'545));
  EXPECT_EQ(q.weight_gradient.communication,
            (Communication{Axis::Data, {CollectiveKind::AllReduce, bytes(36'227'072)}}));
  EXPECT_EQ(model.lines[3].forward.compute, ns(270'589));
  const Line& out = model.lines[5];
  EXPECT_EQ(out.input_gradient.communication,
            (Communication{Axis::Tensor, {CollectiveKind::AllGather, bytes(69'730'304)}}));
  EXPECT_EQ(model.lines[6].forward.compute, ns(17'994'181));
  EXPECT_EQ(model.lines[7].forward.communication,
            (Communication{Axis::Tensor, {CollectiveKind::AllReduce, bytes(69'730'304)}}));
  EXPECT_EQ(model.lines[8].forward.compute, ns(1'057));
  EXPECT_TRUE(model.lines[8].checkpoint);
}

// 175B: 2 t h^2 / (16 R) = 9,375,000 ns; shards of e t h / 16 = 50,331,648 B; fused gradients 24 e h^2 / 16 =
// 452,984,832 B. 1T: 2,343,750 ns; QK 97,656 ns; fused gradients 226,492,416 B.
TEST(Transformer, LargerTables) {
  const Model m175 = load_model("175B");
  EXPECT_EQ(m175.lines[0].forward.compute, ns(9'375'000));
  EXPECT_EQ(m175.lines[5].input_gradient.communication->collective.bytes, bytes(50'331'648));
  const Model fused = fuse_weight_gradients(m175);
  EXPECT_EQ(fused.lines[0].weight_gradient.communication->collective.bytes, bytes(452'984'832));
  EXPECT_FALSE(fused.lines[1].weight_gradient.communication);
  const Model m1t = load_model("1T");
  EXPECT_EQ(m1t.lines[0].forward.compute, ns(2'343'750));
  EXPECT_EQ(m1t.lines[3].forward.compute, ns(97'656));
  EXPECT_EQ(fuse_weight_gradients(m1t).lines[0].weight_gradient.communication->collective.bytes,
            bytes(226'492'416));
}

// Twice the tokens, twice the compute and activations, the same gradients.
TEST(Transformer, ScalesWithTokens) {
  TransformerShape shape{.layers = 1,
                         .hidden = 1024,
                         .tokens_per_replica = 4096,
                         .sequence = 1024,
                         .tensor_parallel = 4,
                         .gemm_rate = FlopRate(1e15)};
  const Model once = transformer_model("once", shape);
  shape.tokens_per_replica *= 2;
  const Model twice = transformer_model("twice", shape);
  for (std::size_t i = 0; i < once.lines.size(); ++i) {
    const Pass& a = once.lines[i].forward;
    const Pass& b = twice.lines[i].forward;
    EXPECT_NEAR(to_ns(b.compute), 2 * to_ns(a.compute), 1.5);
    ASSERT_EQ(a.communication.has_value(), b.communication.has_value());
    if (a.communication) {
      EXPECT_EQ(b.communication->collective.bytes, 2 * a.communication->collective.bytes);
    }
    EXPECT_EQ(once.lines[i].weight_gradient.communication, twice.lines[i].weight_gradient.communication);
  }
}

TEST(Transformer, RefusesWhatCannotBe) {
  const TransformerShape uneven{.hidden = 1000,
                                .tokens_per_replica = 1,
                                .sequence = 1,
                                .tensor_parallel = 16,
                                .gemm_rate = FlopRate(1e15)};
  EXPECT_THROW(transformer_model("x", uneven), InputError);
  const TransformerShape vast{
      .hidden = 1 << 20, .tokens_per_replica = 1LL << 32, .sequence = 1, .gemm_rate = FlopRate(1e15)};
  EXPECT_THROW(transformer_model("x", vast), InputError);
}

}  // namespace
}  // namespace bandwright
