#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "workload/architecture.h"

namespace bandwright {
namespace {

using Json = nlohmann::json;

// A config.json with its name for messages. Missing numbers take their usual meaning.
class Config {
 public:
  Config(std::string_view text, std::string file) : file_(std::move(file)) {
    json_ = Json::parse(text, nullptr, false);
    if (json_.is_discarded() || !json_.is_object()) fail("", "not a JSON object");
  }

  [[noreturn]] void fail(std::string_view key, std::string_view problem) const {
    throw InputError(Place{.file = file_, .key = std::string(key)}, problem);
  }

  // The first of `keys` that is there; `otherwise` (when positive) if none is.
  [[nodiscard]] std::int64_t size(std::initializer_list<const char*> keys, std::int64_t otherwise = 0) const {
    for (const char* key : keys) {
      const auto found = json_.find(key);
      if (found == json_.end() || found->is_null()) continue;
      const bool whole = found->is_number_integer() && *found >= 0 && *found <= std::int64_t{1} << 24;
      if (!whole) fail(key, "expected a whole number from 0 to 2^24");
      if (*found > 0 || otherwise == 0) return found->get<std::int64_t>();
    }
    if (otherwise <= 0) fail(*keys.begin(), "missing");
    return otherwise;
  }

  [[nodiscard]] std::int64_t size_or_zero(const char* key) const {
    return json_.contains(key) && !json_[key].is_null() ? size({key}) : 0;
  }

  [[nodiscard]] std::string text(const char* key, std::string_view otherwise) const {
    const auto found = json_.find(key);
    return found != json_.end() && found->is_string() ? found->get<std::string>() : std::string(otherwise);
  }

  [[nodiscard]] bool flag(const char* key) const {
    const auto found = json_.find(key);
    return found != json_.end() && found->is_boolean() && found->get<bool>();
  }

 private:
  Json json_;
  std::string file_;
};

// Families of transformers by model_type, and whether their feed-forward part is gated (three matrices).
// Their configurations' own hidden_act or activation_function (silu of the first, gelu_new, gelu, relu ... of
// the second) is left out of config.json where it is the default. Source: the classes of
// src/transformers/models/*/configuration_*.py and *MLP of modeling_*.py, transformers 4.51.
constexpr std::array<std::string_view, 20> gated_families = {
    "llama",       "mistral",     "mixtral",  "qwen2",  "qwen2_moe", "qwen3",      "qwen3_moe",
    "deepseek_v2", "deepseek_v3", "phi3",     "cohere", "cohere2",   "olmo",       "olmo2",
    "granite",     "granitemoe",  "stablelm", "gemma",  "gemma2",    "gemma3_text"};
constexpr std::array<std::string_view, 11> plain_families = {
    "gpt2",  "gpt_neo", "gpt_neox", "gptj",       "gpt_bigcode", "opt",
    "bloom", "falcon",  "phi",      "starcoder2", "mpt"};

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

FfnKind read_ffn_kind(const Config& config) {
  const std::string family = config.text("model_type", "");
  if (family.starts_with("gemma")) return FfnKind::SwiGlu;  // gated by a GELU
  const std::string activation = config.text("hidden_act", config.text("activation_function", ""));
  if (!activation.empty()) {
    const bool gated = activation.starts_with("silu") || activation.starts_with("swi");
    return gated ? FfnKind::SwiGlu : FfnKind::Gelu;
  }
  if (is_one_of(gated_families, family)) return FfnKind::SwiGlu;
  if (!family.empty() && !is_one_of(plain_families, family)) {
    config.fail("hidden_act", fmt::format("missing, and no default is known of model_type '{}' (expected: "
                                          "silu, or gelu and the like)",
                                          family));
  }
  return FfnKind::Gelu;
}

void read_experts(const Config& config, TransformerArchitecture& model) {
  model.experts = {.count = config.size({"num_local_experts", "n_routed_experts", "num_experts"}, 1),
                   .per_token = config.size({"num_experts_per_tok"}, 1),
                   .ffn = config.size({"moe_intermediate_size"}, model.ffn),
                   .shared = config.size_or_zero("n_shared_experts"),
                   .dense_layers = config.size_or_zero("first_k_dense_replace"),
                   .groups = config.size({"n_group"}, 1)};
  model.experts.groups_per_token = config.size({"topk_group"}, model.experts.groups);
  if (model.experts.count == 1) {
    model.experts = {};
    return;
  }
  if (model.experts.per_token > model.experts.count) {
    config.fail("num_experts_per_tok", "more experts per token than there are");
  }
  const Experts& e = model.experts;
  if (e.groups > 1 && e.count % e.groups != 0) config.fail("n_group", "does not divide the experts");
  if (e.groups_per_token > e.groups || e.per_token * e.groups > e.groups_per_token * e.count) {
    config.fail("topk_group", "more groups than there are, or fewer than hold the experts of a token");
  }
}

}  // namespace

TransformerArchitecture read_hugging_face(std::string_view json, const std::string& file_name) {
  const Config config(json, file_name);
  TransformerArchitecture model{.name = config.text("_name_or_path", config.text("model_type", "model")),
                                .layers = config.size({"num_hidden_layers", "n_layer"}),
                                .hidden = config.size({"hidden_size", "n_embd"}),
                                .heads = config.size({"num_attention_heads", "n_head"})};
  if (model.layers < 1 || model.layers > 10000) config.fail("num_hidden_layers", "expected 1 to 10000");
  if (model.hidden < 1) config.fail("hidden_size", "expected at least 1");
  if (model.heads < 1) config.fail("num_attention_heads", "expected at least 1");
  model.kv_heads = config.size({"num_key_value_heads"}, model.heads);
  if (model.heads % model.kv_heads != 0) config.fail("num_key_value_heads", "does not divide the heads");
  model.latent.kv_rank = config.size_or_zero("kv_lora_rank");
  if (model.latent.kv_rank > 0) {
    model.latent.q_rank = config.size({"q_lora_rank"}, model.hidden);
    model.latent.rope_dim = config.size({"qk_rope_head_dim"}, 64);
    model.head_dim = config.size({"v_head_dim", "head_dim"}, 128);
  } else {
    if (model.hidden < model.heads) config.fail("num_attention_heads", "more heads than hidden_size");
    model.head_dim = config.size({"head_dim"}, model.hidden / model.heads);
  }
  model.ffn = config.size({"intermediate_size", "n_inner"}, 4 * model.hidden);
  model.ffn_kind = read_ffn_kind(config);
  model.sequence = config.size({"max_position_embeddings", "n_positions", "n_ctx"}, 2048);
  model.vocabulary = config.size({"vocab_size"});
  if (model.vocabulary < 1) config.fail("vocab_size", "expected at least 1");
  model.tied_embeddings = config.flag("tie_word_embeddings");
  read_experts(config, model);
  if (model.sparse() && model.experts.dense_layers >= model.layers) {
    config.fail("first_k_dense_replace", "leaves no layer with experts");
  }
  return model;
}

}  // namespace bandwright
