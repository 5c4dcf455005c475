// Models with Mamba-2 layers beside attention, and experts that see a part of a token.
#include <gtest/gtest.h>

#include "core/error.h"
#include "workload/architecture.h"
#include "workload/hugging_face.h"
#include "workload/layer_operators.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

// Published sizes, in billions. Nemotron 3 Super's 120 are without its layers for more tokens, which share
// one set of weights: attention 4096 (4096 + 2 x 256) + 4096 x 4096 = 36 million, experts 512 x 2 x 1024 x
// 2688 = 2,819 million, with their router, latents and shared expert 2,873 million.
TEST(StateSpace, ModelsHaveThePublishedParameters) {
  const std::vector<std::pair<const char*, double>> sizes = {{"nemotron-3-nano", 31.6},
                                                             {"nemotron-h-8b", 8.1},
                                                             {"nemotron-h-56b", 56.3},
                                                             {"nemotron-3-super", 123.5}};
  for (const auto& [name, billions] : sizes) {
    EXPECT_NEAR(parameters(load_architecture(name)) * 1e-9, billions, 0.005 * billions) << name;
  }
  EXPECT_NEAR(active_parameters(load_architecture("nemotron-3-nano")) * 1e-9, 3.6, 0.1);
}

// 8 layers of h 64: 6 state spaces of 16 heads of 8 (inner 128), 2 groups of states of 4, convolution of 4.
//   projections  64 (128 + 128 + 2 x 2 x 4 + 16) = 64 x 288 in, 128 x 64 out
//   convolution  4 weights and a bias for 128 + 16 channels; 3 numbers per head; the norm's 128
// 2 with attention of 4 heads of 16: 64 x 3 x 64 + 64 x 64; FFN 2 x 64 x 256; norms of 2 h each.
TransformerArchitecture hybrid() {
  return {.name = "hybrid",
          .layers = 8,
          .hidden = 64,
          .heads = 4,
          .kv_heads = 4,
          .head_dim = 16,
          .ffn = 256,
          .sequence = 128,
          .vocabulary = 100,
          .state_space = {.layers = 6,
                          .attention_layers = 2,
                          .heads = 16,
                          .head_dim = 8,
                          .state = 4,
                          .groups = 2,
                          .chunk = 32}};
}

TEST(StateSpace, CountsEveryMatrix) {
  const double state = 64 * 288 + 128 * 64 + 5 * 144 + 3 * 16 + 128;
  const double attention = 64 * 192 + 64 * 64;
  const double norms = (6 + 2 + 8) * 2 * 64;
  EXPECT_DOUBLE_EQ(parameters(hybrid()), 6 * state + 2 * attention + 8 * 2 * 64 * 256 + norms + 2 * 100 * 64);
}

// Per token and layer: scores of a chunk 2 x 32 x 4 x 2, what they weigh 2 x 32 x 128, into the states and
// out of them 4 x 4 x 128.
TEST(StateSpace, WorkGrowsWithTheSequenceOnly) {
  const StateSpaceWork work = state_space_work(hybrid().state_space);
  EXPECT_DOUBLE_EQ(work.flop, 2 * 32 * 4 * 2 + 2 * 32 * 128 + 4 * 4 * 128);
  EXPECT_DOUBLE_EQ(work.bytes, 4 * 144 + 14 * 128 + 12 * 4 * 128 / 32.0 + 8 * 2 * 32);
  // Twice the tokens: twice everything but attention's 2 layers, 3 x 2 x 2 s^2 64 each, four times.
  TransformerArchitecture model = hybrid();
  const double once = model_flop_per_sequence(model);
  model.sequence *= 2;
  EXPECT_NEAR(model_flop_per_sequence(model) - 2.0 * once, 2.0 * 2 * 3 * 4 * 128.0 * 128 * 64, 1.0);
}

TEST(StateSpace, WithoutThemEveryLayerHasAttention) {
  TransformerArchitecture model = hybrid();
  model.state_space = {};
  EXPECT_EQ(model.attention_layers(), 8);
  EXPECT_DOUBLE_EQ(model.mixers_per_layer(), 1.0);
  EXPECT_TRUE(state_space_projections(model).empty());
}

// Experts of latent 16 have 2 x 16 x ffn parameters in place of 2 x 64 x ffn, and two matrices 64 x 16 lead
// to them and back.
TEST(StateSpace, LatentExpertsSeeAPartOfAToken) {
  TransformerArchitecture model = hybrid();
  model.experts = {.count = 4, .per_token = 2, .ffn = 32};
  const double whole = parameters(model);
  model.experts.latent = 16;
  EXPECT_DOUBLE_EQ(whole - parameters(model), 8 * (4 * 2 * 48 * 32 - 2 * 64 * 16));
  EXPECT_EQ(model.expert_width(), 16);
}

// Two tokens more from one set of weights: one layer of parameters less than two layers have, but as much
// work.
TEST(StateSpace, LayersThatShareWeightsAreCountedOnce) {
  const TransformerArchitecture apart = predicting_more(hybrid(), 2);
  TransformerArchitecture one = apart;
  one.one_predictor = true;
  EXPECT_DOUBLE_EQ(parameters(apart) - parameters(one), dense_layer_parameters(one));
  EXPECT_DOUBLE_EQ(model_flop_per_sequence(apart), model_flop_per_sequence(one));
  EXPECT_EQ(apart.attention_layers(), 4);
}

constexpr const char* nemotron_h =
    R"({"model_type": "nemotron_h", "hidden_size": 4096, "num_hidden_layers": 8,
  "hybrid_override_pattern": "MEMEM*EM", "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 128,
  "mamba_num_heads": 128, "mamba_head_dim": 64, "ssm_state_size": 96, "n_groups": 8, "conv_kernel": 4,
  "chunk_size": 256, "expand": 2, "n_routed_experts": 512, "num_experts_per_tok": 22,
  "moe_intermediate_size": 2688, "moe_latent_size": 1024, "moe_shared_expert_intermediate_size": 5376,
  "n_shared_experts": 1, "mlp_hidden_act": "relu2", "vocab_size": 131072, "intermediate_size": 21504})";

TEST(StateSpace, IsReadFromHuggingFace) {
  const TransformerArchitecture model = read_hugging_face(nemotron_h, "config.json");
  EXPECT_EQ(model.layers, 3);  // E
  EXPECT_EQ(model.state_space.layers, 4);
  EXPECT_EQ(model.attention_layers(), 1);
  EXPECT_EQ(model.state_space.heads, 128);
  EXPECT_EQ(model.state_space.state, 96);
  EXPECT_EQ(model.state_space.chunk, 256);
  EXPECT_EQ(model.experts.latent, 1024);
  EXPECT_EQ(model.experts.shared_inner(), 5376);
  EXPECT_EQ(model.ffn_kind, FfnKind::Gelu);
}

// Granite 4: each layer has experts; heads follow from expand x hidden / head size.
TEST(StateSpace, IsReadFromLayerTypes) {
  const TransformerArchitecture model = read_hugging_face(
      R"({"model_type": "granitemoehybrid", "hidden_size": 1024, "num_hidden_layers": 4,
          "layer_types": ["mamba", "mamba", "attention", "mamba"], "num_attention_heads": 16,
          "num_key_value_heads": 4, "mamba_d_head": 64, "mamba_d_state": 128, "mamba_n_groups": 1,
          "mamba_expand": 2, "intermediate_size": 512, "shared_intermediate_size": 1024, "num_local_experts": 8,
          "num_experts_per_tok": 2, "hidden_act": "silu", "vocab_size": 1000})",
      "config.json");
  EXPECT_EQ(model.layers, 4);
  EXPECT_EQ(model.state_space.layers, 3);
  EXPECT_EQ(model.attention_layers(), 1);
  EXPECT_EQ(model.state_space.heads, 32);
  EXPECT_EQ(model.experts.shared_inner(), 1024);
}

TEST(StateSpace, DamagedPatternsAreRefusedByName) {
  const auto refuses = [](const std::string& from, const std::string& to, const std::string& word) {
    std::string text = nemotron_h;
    text.replace(text.find(from), from.size(), to);
    try {
      static_cast<void>(read_hugging_face(text, "config.json"));
      ADD_FAILURE() << to;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
  };
  refuses("MEMEM*EM", "MEMEMxEM", "unknown letter 'x'");
  refuses("MEMEM*EM", "MEM-M*EM", "with and without experts");
  refuses("MEMEM*EM", "MMMM*", "without any FFN");
  refuses("\"n_groups\": 8", "\"n_groups\": 7", "do not divide");
}

}  // namespace
}  // namespace bandwright
