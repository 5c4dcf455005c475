// A layer's operators against what is known of them without the table: parameters, and FLOP by hand.
#include "workload/layer_operators.h"

#include <gtest/gtest.h>

#include "core/io/paths.h"

namespace bandwright {
namespace {

// TP divides the work and nothing else: t tokens take 2 t in out FLOP forward, and as many for either
// gradient.
TEST(LayerOperators, TensorParallelismDividesTheFlop) {
  for (const std::string& name : input_names("models/transformers")) {
    const TransformerArchitecture model = load_architecture(name);
    for (const Projection& weights : attention_projections(model)) {
      for (const double tensor : {1.0, 2.0, 8.0}) {
        const ProjectionGemms gemms = projection_gemms(weights, 512.0, tensor, 3.0);
        const double flop = 3.0 * 2.0 * 512.0 * weights.parameters() / tensor;
        for (const Gemm& gemm : {gemms.forward, gemms.input_gradient, gemms.weight_gradient}) {
          EXPECT_DOUBLE_EQ(gemm.flop(), flop) << name;
        }
      }
    }
  }
}

// h = 8 in 4 heads of 2 with 2 key/value heads, FFN 24 with a gate: 8 x (8 + 2 2 2) and 8 x 8; 8 x 48 and
// 24 x 8. A sequence of 16 takes 2 16^2 2 FLOP per head for the scores, and for the values.
TEST(LayerOperators, AreThoseOfTheArchitecture) {
  const TransformerArchitecture model{.layers = 1,
                                      .hidden = 8,
                                      .heads = 4,
                                      .kv_heads = 2,
                                      .head_dim = 2,
                                      .ffn = 24,
                                      .ffn_kind = FfnKind::SwiGlu,
                                      .sequence = 16};
  const auto attention = attention_projections(model);
  ASSERT_EQ(attention.size(), 2U);
  EXPECT_EQ(attention[0].parameters() + attention[1].parameters(), 8 * 16 + 8 * 8);
  const auto ffn = ffn_projections(model, model.ffn);
  EXPECT_EQ(ffn[0].parameters() + ffn[1].parameters(), 8 * 48 + 24 * 8);
  const AttentionGemms core = attention_gemms(model, 16.0, 4.0);
  EXPECT_EQ(core.scores().flop(), 4 * 2 * 16 * 16 * 2);
  EXPECT_EQ(core.flop(), 2 * core.scores().flop());
  EXPECT_EQ(reduced_elements(model, 16.0), 16 * 8);
}

}  // namespace
}  // namespace bandwright
