#include "workload/architecture.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/io/paths.h"
#include "workload/hugging_face.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

// Published sizes, in billions.
TEST(Architecture, HasThePublishedParameters) {
  const std::vector<std::pair<const char*, double>> published = {
      {"gpt-7.5b", 7.5},      {"gpt-39.1b", 39.1},      {"gpt-1008b", 1008.0}, {"gpt3-175b", 174.6},
      {"llama2-7b", 6.74},    {"llama3-8b", 8.03},      {"llama3-70b", 70.6},  {"llama3.1-405b", 405.9},
      {"mixtral-8x7b", 46.7}, {"mixtral-8x22b", 140.6}, {"deepseek-v3", 671.0}};
  for (const auto& [name, billions] : published) {
    EXPECT_NEAR(parameters(load_architecture(name)) * 1e-9, billions, 0.01 * billions) << name;
  }
  EXPECT_NEAR(active_parameters(load_architecture("mixtral-8x7b")) * 1e-9, 12.9, 0.2);
}

// 72 b s l h^2 (1 + s/6h + V/12lh) for a GPT: the formula of Narayanan et al. (SC 2021).
TEST(Architecture, HasTheFlopOfThePublishedFormula) {
  const TransformerArchitecture m = load_architecture("gpt3-175b");
  const double formula =
      72.0 * 2048 * 96 * 12288.0 * 12288 * (1.0 + 2048 / (6.0 * 12288) + 51200 / (12.0 * 96 * 12288));
  EXPECT_NEAR(model_flop_per_sequence(m), formula, 1e-3 * formula);
}

// Latent attention: queries and keys of a head have head_dim + rope_dim elements, values head_dim. A score
// takes 2 (128 + 64) FLOP, a weighted value 2 x 128; forward and twice that backward, for s^2 pairs, 128
// heads and 61 layers: 6 x 61 s^2 x 128 (192 + 128).
TEST(Architecture, CountsTheRopePartOfLatentAttention) {
  TransformerArchitecture m = load_architecture("deepseek-v3");
  const auto attention = [&] {
    const double whole = model_flop_per_sequence(m);
    m.sequence *= 2;  // all else is linear in the sequence: f(2s) - 2 f(s) = 2 a s^2
    const double twice = model_flop_per_sequence(m);
    m.sequence /= 2;
    return (twice - 2.0 * whole) / 2.0;
  };
  EXPECT_NEAR(attention(), 6.0 * 61 * 4096.0 * 4096.0 * 128 * (192 + 128), 1e9);
  m.latent.rope_dim = 0;
  EXPECT_NEAR(attention(), 12.0 * 61 * 4096.0 * 4096.0 * 128 * 128, 1e9);
}

TEST(Architecture, ReadsTheGroupsOfARouter) {
  const auto read = [](const std::string& groups) {
    return read_hugging_face(
        R"({"model_type": "deepseek_v3", "num_hidden_layers": 61, "hidden_size": 7168,
            "num_attention_heads": 128, "intermediate_size": 18432, "moe_intermediate_size": 2048,
            "n_routed_experts": 256, "num_experts_per_tok": 8, "n_shared_experts": 1,
            "first_k_dense_replace": 3, "kv_lora_rank": 512, "q_lora_rank": 1536, "v_head_dim": 128,
            "qk_rope_head_dim": 64, "hidden_act": "silu", "vocab_size": 129280)" +
            groups + "}",
        "config.json");
  };
  const Experts experts = read(R"(, "n_group": 8, "topk_group": 4)").experts;
  const Experts shipped = load_architecture("deepseek-v3").experts;
  EXPECT_EQ(experts.groups, shipped.groups);
  EXPECT_EQ(experts.groups_per_token, shipped.groups_per_token);
  EXPECT_EQ(read("").experts.groups, 1);
  EXPECT_EQ(read(R"(, "n_group": 8)").experts.groups_per_token, 8);
  EXPECT_THROW(read(R"(, "n_group": 7)"), InputError);
  EXPECT_THROW(read(R"(, "n_group": 8, "topk_group": 9)"), InputError);
  EXPECT_THROW(read(R"(, "n_group": 64, "topk_group": 1)"), InputError);
}

TEST(Architecture, ReadsHuggingFaceConfigurations) {
  const TransformerArchitecture m = read_hugging_face(
      R"({"model_type": "llama", "num_hidden_layers": 80, "hidden_size": 8192, "num_attention_heads": 64,
          "num_key_value_heads": 8, "intermediate_size": 28672, "hidden_act": "silu", "vocab_size": 128256,
          "max_position_embeddings": 8192})",
      "config.json");
  EXPECT_DOUBLE_EQ(parameters(m), parameters(load_architecture("llama3-70b")));
}

// transformers leaves out what is its own default, which differs between families.
TEST(Architecture, TheFamilyDecidesWhatConfigurationsLeaveOut) {
  const auto kind = [](const std::string& more) {
    return read_hugging_face(R"({"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4,
                                 "vocab_size": 99, "intermediate_size": 128)" +
                                 more + "}",
                             "config.json")
        .ffn_kind;
  };
  for (const char* family : {"llama", "mistral", "mixtral", "qwen2", "gemma2"}) {
    EXPECT_EQ(kind(std::string(R"(, "model_type": ")") + family + '"'), FfnKind::SwiGlu) << family;
  }
  for (const char* family : {"gpt2", "gpt_neox", "opt", "falcon"}) {
    EXPECT_EQ(kind(std::string(R"(, "model_type": ")") + family + '"'), FfnKind::Gelu) << family;
  }
  EXPECT_EQ(kind(""), FfnKind::Gelu);
  EXPECT_EQ(kind(R"(, "model_type": "mine", "hidden_act": "silu")"), FfnKind::SwiGlu);
  EXPECT_EQ(kind(R"(, "model_type": "gpt2", "activation_function": "gelu_new")"), FfnKind::Gelu);
  EXPECT_EQ(kind(R"(, "model_type": "gemma", "hidden_act": "gelu_pytorch_tanh")"), FfnKind::SwiGlu);
  EXPECT_THROW(kind(R"(, "model_type": "mine")"), InputError);
}

TEST(Architecture, RefusesBrokenConfigurations) {
  for (const char* text :
       {"", "[]", "{", "{}", "{\"num_hidden_layers\": -3}", "{\"num_hidden_layers\": 1e99}",
        R"({"num_hidden_layers": 2, "hidden_size": 0, "num_attention_heads": 1, "vocab_size": 9})",
        R"({"num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": "x"})",
        R"({"num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 4,
                               "num_key_value_heads": 3, "vocab_size": 9})"}) {
    EXPECT_THROW(read_hugging_face(text, "config.json"), InputError) << text;
  }
}

TEST(Architecture, ReadsEveryInputThatShips) {
  for (const std::string& name : input_names("models/transformers"))
    EXPECT_NO_THROW(load_architecture(name)) << name;
}

}  // namespace
}  // namespace bandwright
