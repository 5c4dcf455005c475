// config.json files of many families: their numbers, in our own words, against the parameters that their
// authors publish (or that the weights' files have), and what is refused by name.
#include "workload/hugging_face.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "workload/architecture.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

struct PublishedModel {
  const char* name;
  double parameters;
  const char* json;
};

// Counts: sums of the tensors in each model's published weights; where those have none, of its model card.
constexpr PublishedModel published[] = {
    {"bloom-7b1", 7069016064.0,
     R"({"model_type": "bloom", "n_embed": 4096, "n_layer": 30, "num_attention_heads": 32, "n_inner": null,
         "vocab_size": 250880, "seq_length": 2048, "offset_alibi": 100})"},
    {"command-r-plus", 103810674688.0,
     R"({"model_type": "cohere", "hidden_size": 12288, "num_hidden_layers": 64, "num_attention_heads": 96,
         "num_key_value_heads": 8, "intermediate_size": 33792, "hidden_act": "silu", "vocab_size": 256000})"},
    {"deepseek-v2-lite", 15706484224.0,
     R"({"model_type": "deepseek_v2", "hidden_size": 2048, "num_hidden_layers": 27, "num_attention_heads": 16,
         "num_key_value_heads": 16, "q_lora_rank": null, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
         "qk_rope_head_dim": 64, "v_head_dim": 128, "intermediate_size": 10944, "moe_intermediate_size": 1408,
         "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1,
         "moe_layer_freq": 1, "vocab_size": 102400, "hidden_act": "silu"})"},
    {"ernie-4.5-21b-a3b", 21825437888.0,
     R"({"model_type": "ernie4_5_moe", "hidden_size": 2560, "num_hidden_layers": 28, "num_attention_heads": 20,
         "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 12288, "moe_intermediate_size": 1536,
         "moe_num_experts": 64, "moe_k": 6, "moe_num_shared_experts": 2, "moe_layer_start_index": 1,
         "moe_layer_interval": 1, "vocab_size": 103424, "hidden_act": "silu"})"},
    {"falcon-7b", 6921720704.0,
     R"({"model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71,
         "multi_query": true, "new_decoder_architecture": false, "parallel_attn": true, "vocab_size": 65024})"},
    {"falcon-40b", 41303293952.0,
     R"({"model_type": "falcon", "hidden_size": 8192, "num_hidden_layers": 60, "num_attention_heads": 128,
         "n_head_kv": 8, "new_decoder_architecture": true, "vocab_size": 65024})"},
    {"gemma-2-2b", 2614341888.0,
     R"({"model_type": "gemma2", "hidden_size": 2304, "num_hidden_layers": 26, "num_attention_heads": 8,
         "num_key_value_heads": 4, "head_dim": 256, "intermediate_size": 9216, "sliding_window": 4096,
         "hidden_activation": "gelu_pytorch_tanh", "vocab_size": 256000})"},
    {"gemma-3-4b-it", 3880099328.0,
     R"({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 2560,
         "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024}, "vision_config": {}})"},
    {"glm-4.5-air", 106852245504.0,
     R"({"model_type": "glm4_moe", "hidden_size": 4096, "num_hidden_layers": 46, "num_attention_heads": 96,
         "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 10944, "moe_intermediate_size": 1408,
         "n_routed_experts": 128, "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 1,
         "vocab_size": 151552, "hidden_act": "silu", "num_nextn_predict_layers": 1})"},
    {"gpt2", 124439808.0,
     R"({"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024,
         "activation_function": "gelu_new", "vocab_size": 50257})"},
    {"llama-4-scout", 107765000000.0,
     R"({"model_type": "llama4", "text_config": {"model_type": "llama4_text", "hidden_size": 5120,
         "intermediate_size": 8192, "intermediate_size_mlp": 16384, "num_hidden_layers": 48,
         "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128, "num_local_experts": 16,
         "num_experts_per_tok": 1, "interleave_moe_layer_step": 1, "vocab_size": 202048}})"},
    {"llama-4-maverick", 400.7e9,
     R"({"model_type": "llama4", "text_config": {"model_type": "llama4_text", "hidden_size": 5120,
         "intermediate_size": 8192, "intermediate_size_mlp": 16384, "num_hidden_layers": 48,
         "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128, "num_local_experts": 128,
         "num_experts_per_tok": 1, "interleave_moe_layer_step": 2, "vocab_size": 202048}})"},
    {"mpt-7b", 6649286656.0,
     R"({"model_type": "mpt", "d_model": 4096, "n_heads": 32, "n_layers": 32, "expansion_ratio": 4,
         "attn_config": {"alibi": true}, "max_seq_len": 2048, "vocab_size": 50432})"},
    {"olmoe-1b-7b", 6919161856.0,
     R"({"model_type": "olmoe", "hidden_size": 2048, "intermediate_size": 1024, "num_hidden_layers": 16,
         "num_attention_heads": 16, "num_key_value_heads": 16, "num_experts": 64, "num_experts_per_tok": 8,
         "vocab_size": 50304, "hidden_act": "silu"})"},
    {"opt-6.7b", 6658473984.0,
     R"({"model_type": "opt", "hidden_size": 4096, "ffn_dim": 16384, "num_hidden_layers": 32,
         "num_attention_heads": 32, "activation_function": "relu", "vocab_size": 50272,
         "max_position_embeddings": 2048})"},
    {"phi-3-mini", 3821079552.0,
     R"({"model_type": "phi3", "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32,
         "num_attention_heads": 32, "num_key_value_heads": 32, "sliding_window": 2047, "vocab_size": 32064})"},
    {"qwen1.5-moe-a2.7b", 14315784192.0,
     R"({"model_type": "qwen2_moe", "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 24,
         "num_attention_heads": 16, "num_key_value_heads": 16, "moe_intermediate_size": 1408,
         "shared_expert_intermediate_size": 5632, "num_experts": 60, "num_experts_per_tok": 4,
         "decoder_sparse_step": 1, "vocab_size": 151936, "hidden_act": "silu", "use_sliding_window": false,
         "sliding_window": 32768, "max_window_layers": 21})"},
    {"qwen2.5-72b", 72706203648.0,
     R"({"model_type": "qwen2", "hidden_size": 8192, "intermediate_size": 29568, "num_hidden_layers": 80,
         "num_attention_heads": 64, "num_key_value_heads": 8, "vocab_size": 152064})"},
    {"starcoder", 15517456384.0,
     R"({"model_type": "gpt_bigcode", "n_embd": 6144, "n_inner": 24576, "n_layer": 40, "n_head": 48,
         "multi_query": true, "n_positions": 8192, "vocab_size": 49152})"},
    {"dbrx", 131.6e9,
     R"({"model_type": "dbrx", "d_model": 6144, "n_heads": 48, "n_layers": 40, "max_seq_len": 32768,
         "attn_config": {"kv_n_heads": 8}, "ffn_config": {"ffn_hidden_size": 10752, "moe_num_experts": 16,
         "moe_top_k": 4}, "vocab_size": 100352})"},
    {"chatglm3-6b", 6243584000.0,
     R"({"model_type": "chatglm", "hidden_size": 4096, "ffn_hidden_size": 13696, "num_layers": 28,
         "num_attention_heads": 32, "kv_channels": 128, "multi_query_attention": true,
         "multi_query_group_num": 2, "padded_vocab_size": 65024, "seq_length": 8192})"},
    {"gpt-oss-20b", 20914757184.0,
     R"({"model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 24,
         "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "num_local_experts": 32,
         "num_experts_per_tok": 4, "sliding_window": 128, "vocab_size": 201088, "hidden_act": "silu"})"},
};

TransformerArchitecture read(const std::string& json) { return read_hugging_face(json, "config.json"); }

TEST(HuggingFace, HasTheParametersOfPublishedModels) {
  for (const PublishedModel& each : published) {
    const double counted = parameters(read(each.json));
    EXPECT_NEAR(counted / each.parameters, 1.0, 0.005) << each.name;
  }
}

std::string refusal(const std::string& json) {
  try {
    read(json);
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

// A llama with these keys besides.
std::string llama(const std::string& more) {
  return R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 6, "num_attention_heads": 4,
             "intermediate_size": 96, "vocab_size": 99)" +
         more + "}";
}

TEST(HuggingFace, WhatChangesLayersIsRefusedByName) {
  EXPECT_EQ(refusal(llama("")), "");
  for (const char* key :
       {"attn_layer_period", "full_attention_interval", "linear_num_key_heads", "mamba_d_state",
        "hybrid_override_pattern", "expert_layer_offset", "ffn_multipliers"}) {
    EXPECT_NE(refusal(llama(std::string(", \"") + key + "\": 8")).find(key), std::string::npos) << key;
  }
  EXPECT_NE(
      refusal(llama(R"(, "layer_types": ["full_attention", "linear_attention"])")).find("linear_attention"),
      std::string::npos);
  EXPECT_NE(refusal(llama(R"(, "block_configs": [{"attention": 1}])")).find("block_configs"),
            std::string::npos);
  EXPECT_NE(
      refusal(llama(R"(, "num_local_experts": 4, "num_experts_per_tok": [1, 2])")).find("layer to layer"),
      std::string::npos);
}

TEST(HuggingFace, FamiliesWithoutSuchLayersAreRefusedByName) {
  for (const char* family : {"mamba", "jamba", "qwen3_next", "nemotron-nas", "t5", "gemma3n"}) {
    const std::string message =
        refusal(std::string(R"({"model_type": ")") + family + R"(", "hidden_size": 64})");
    EXPECT_NE(message.find(family), std::string::npos) << message;
  }
  EXPECT_NE(refusal(R"({"model_type": "mine", "hidden_size": 64, "hidden_act": "gelu"})").find("'mine'"),
            std::string::npos);
}

TEST(HuggingFace, AMissingKeyNamesTheNearestUnknownOne) {
  EXPECT_NE(refusal(R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2,
                        "num_attention_heads": 4, "intermedite_size": 9, "vocab_size": 9})")
                .find("intermedite_size"),
            std::string::npos);
  EXPECT_NE(refusal(llama(R"(, "num_key_value_heads": 0)")).find("num_key_value_heads"), std::string::npos);
  EXPECT_NE(refusal(llama(R"(, "hidden_act": "zzz")")).find("zzz"), std::string::npos);
}

// What is read otherwise than the file says is said.
TEST(HuggingFace, WhatIsLeftOutIsNamed) {
  const auto left_out = [](const std::string& json) { return read(json).left_out; };
  EXPECT_EQ(left_out(llama("")), "");
  EXPECT_NE(left_out(llama(R"(, "num_nextn_predict_layers": 1)")).find("multi-token"), std::string::npos);
  EXPECT_NE(
      left_out(R"({"model_type": "mine", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                         "intermediate_size": 9, "hidden_act": "silu", "vocab_size": 9})")
          .find("'mine'"),
      std::string::npos);
  EXPECT_NE(
      left_out(R"({"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 9})")
          .find("no model_type"),
      std::string::npos);
  const std::string windows = R"(, "layer_types": ["full_attention", "sliding_attention", "sliding_attention",
      "sliding_attention", "sliding_attention", "sliding_attention"])";
  EXPECT_NE(left_out(llama(windows)).find("windows of 5 layers"), std::string::npos);
  EXPECT_EQ(left_out(llama(windows + R"(, "sliding_window": 128)")), "");
}

// Nor is a value of a wrong kind taken for none: NaN would make a model with 8 KV heads one with 32.
TEST(HuggingFace, WhatIsNoValueOfItsKeyIsRefused) {
  const std::array<std::pair<const char*, const char*>, 8> cases = {{
      {R"(, "num_key_value_heads": NaN)", "num_key_value_heads: expected a whole number"},
      {R"(, "tie_word_embeddings": -Infinity)", "tie_word_embeddings: expected true or false"},
      {R"(, "layer_types": "full_attention")", "layer_types: expected a list"},
      {R"(, "layer_types": ["full_attention"])", "layer_types: lists 1 of"},
      {R"(, "hidden_act": 3)", "hidden_act: expected a text"},
      {R"(, "num_experts": 8, "num_experts_per_tok": 2, "mlp_only_layers": 1)",
       "mlp_only_layers: expected a list"},
      {R"(, "num_experts": 8, "num_experts_per_tok": 2, "moe_layer_freq": "[0]+[1]*3")",
       "moe_layer_freq: expected"},
      {R"(, "num_experts": 8, "num_experts_per_tok": 2, "moe_layer_freq": [1])",
       "moe_layer_freq: lists 1 of"},
  }};
  for (const auto& [more, problem] : cases) {
    EXPECT_NE(refusal(llama(more)).find(problem), std::string::npos) << more << ": " << refusal(llama(more));
  }
  EXPECT_NE(refusal(R"({"model_type": 1, "hidden_size": 64})").find("model_type: expected a text"),
            std::string::npos);
}

TEST(HuggingFace, PythonsNumbersAreRead) {
  EXPECT_EQ(refusal(llama(R"(, "time_step_limit": [0.0, Infinity], "x": -Infinity, "name": "Infinity")")),
            "");
}

// Gemma 2: every second of 26 layers has a window; Gemma 3: five of six.
TEST(HuggingFace, LayersWithWindowsAreCounted) {
  const auto windows = [](const std::string& family, const std::string& more) {
    return read(R"({"model_type": ")" + family + R"(", "hidden_size": 64, "num_hidden_layers": 26,
                    "num_attention_heads": 4, "intermediate_size": 96, "vocab_size": 99)" +
                more + "}")
        .window;
  };
  EXPECT_EQ(windows("gemma2", "").layers, 13);
  EXPECT_EQ(windows("gemma2", "").tokens, 4096);
  EXPECT_EQ(windows("gemma3_text", R"(, "sliding_window": 512)").layers, 26 - 26 / 6);
  EXPECT_EQ(windows("mistral", R"(, "sliding_window": 4096)").layers, 26);
  EXPECT_EQ(windows("mistral", R"(, "sliding_window": null)").layers, 0);
  EXPECT_EQ(windows("qwen2", R"(, "use_sliding_window": false, "sliding_window": 99)").layers, 0);
  std::string kinds = R"(, "layer_types": ["full_attention")";
  for (int l = 1; l < 26; ++l) kinds += l < 3 ? R"(, "sliding_attention")" : R"(, "full_attention")";
  EXPECT_EQ(windows("gpt_oss", kinds + "]").layers, 2);
}

// A window of a quarter of the sequence leaves 2/4 - 1/16 = 7/16 of the scores of its layers.
TEST(Architecture, WindowsLeavePartOfTheScores) {
  TransformerArchitecture m = load_architecture("llama3-8b");
  m.window = {m.sequence / 4, m.layers};
  EXPECT_NEAR(m.attended_share(), 7.0 / 16.0, 1e-12);
  m.window.layers = m.layers / 2;
  EXPECT_NEAR(m.attended_share(), 0.5 + 0.5 * 7.0 / 16.0, 1e-12);
  m.window.tokens = 2 * m.sequence;
  EXPECT_NEAR(m.attended_share(), 1.0, 1e-12);
}

}  // namespace
}  // namespace bandwright
