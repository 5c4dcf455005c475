#include "workload/hugging_face.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "workload/hugging_face_config.h"
#include "workload/hugging_face_families.h"
#include "workload/hugging_face_hybrid.h"

namespace bandwright {
namespace {

using Config = HuggingFaceConfig;

constexpr std::array activation_keys = {"hidden_act", "hidden_activation", "activation_function",
                                        "activation", "mlp_hidden_act"};
constexpr std::array activations = {"gelu", "relu", "silu", "swi", "quick_gelu", "xielu", "tanh"};

void leave_out(TransformerArchitecture& model, const std::string& what) {
  if (!model.left_out.empty()) model.left_out += "; ";
  model.left_out += what;
}

std::string activation_of(const Config& config) {
  std::string found;
  for (const char* key : activation_keys) {
    const std::string word = config.text({key});
    if (word.empty() || !found.empty()) continue;
    const bool known = std::any_of(activations.begin(), activations.end(),
                                   [&](const char* start) { return word.starts_with(start); });
    if (!known)
      config.fail(key, fmt::format("unknown activation '{}' (known: those of gelu, relu, silu)", word));
    found = word;
  }
  return found;
}

// The family by name, or of a decoder without one, whose keys are then all that is known of it.
Family family_of(const Config& config, TransformerArchitecture& model) {
  const std::string name = config.text({"model_type"});
  if (const std::string_view reason = why_not(name); !reason.empty()) {
    config.fail("model_type", fmt::format("'{}' {}, which cannot be said here", name, reason));
  }
  if (const Family* found = find_family(name)) return *found;
  const std::string activation = activation_of(config);
  if (!name.empty() && !activation.starts_with("silu") && !activation.starts_with("swi")) {
    config.fail("hidden_act",
                fmt::format("'{}' is no family whose defaults are known, and only silu tells how "
                            "many matrices its FFN has",
                            name));
  }
  const std::string what = name.empty() ? "no model_type" : fmt::format("model_type '{}' is not known", name);
  leave_out(model, what + ": read as a plain decoder by the usual keys");
  return {.name = {}, .gate = Gate::ByFunction};
}

FfnKind ffn_kind(const Config& config, const Family& family) {
  const std::string activation = activation_of(config);
  if (family.gate == Gate::Plain) return FfnKind::Gelu;
  if (family.gate == Gate::Gated) return FfnKind::SwiGlu;
  return activation.starts_with("silu") || activation.starts_with("swi") ? FfnKind::SwiGlu : FfnKind::Gelu;
}

std::int64_t kv_heads(const Config& config, const Family& family, std::int64_t heads) {
  const auto given =
      config.find_size({"num_key_value_heads", "num_kv_heads", "n_head_kv", "attn_config.kv_n_heads"});
  const auto groups = config.find_size({"multi_query_group_num"});
  const auto one = config.flag("multi_query");
  const bool grouped = config.flag("multi_query_attention").value_or(groups.has_value());
  const bool newer = config.flag("new_decoder_architecture").value_or(false);
  if (family.one_kv_head && !newer && one.value_or(true)) return 1;
  if (groups && grouped) return *groups;
  if (given) return *given;
  return one.value_or(false) ? 1 : heads;
}

void read_heads(const Config& config, const Family& family, const NestedDefaults& defaults,
                TransformerArchitecture& model) {
  model.heads = config.size_or({"num_attention_heads", "n_head", "n_heads"}, defaults.heads);
  if (model.heads < 1) config.missing("num_attention_heads");
  const std::int64_t usual = defaults.kv_heads > 0 ? defaults.kv_heads : model.heads;
  model.kv_heads = kv_heads(config, family, usual);
  if (model.kv_heads < 1 || model.heads % model.kv_heads != 0) {
    config.fail("num_key_value_heads",
                fmt::format("{} do not divide the {} heads", model.kv_heads, model.heads));
  }
  LatentAttention& latent = model.latent;
  latent.kv_rank = config.size_or({"kv_lora_rank"}, 0);
  latent.q_rank = config.size_or({"q_lora_rank"}, 0);
  const std::int64_t rope = config.size_or({"qk_rope_head_dim"}, 64);
  const std::int64_t key = config.size_or({"qk_nope_head_dim"}, 0);
  const std::int64_t value = config.size_or({"v_head_dim"}, 0);
  const std::int64_t head_dim =
      config.size_or({"head_dim", "kv_channels", "attention_head_dim"}, defaults.head_dim);
  if (latent.kv_rank > 0) {
    latent.rope_dim = rope;
    model.head_dim = value > 0 ? value : 128;
    latent.key_dim = key == model.head_dim ? 0 : key;
    model.kv_heads = model.heads;
    return;
  }
  latent = {};
  if (model.hidden < model.heads) config.fail("num_attention_heads", "more heads than hidden_size");
  model.head_dim = head_dim > 0 ? head_dim : std::max<std::int64_t>(1, model.hidden / model.heads);
}

std::int64_t inner_size(const Config& config, const Family& family, const NestedDefaults& defaults,
                        std::int64_t hidden) {
  const std::int64_t expansion = config.size_or({"expansion_ratio"}, 4);
  const auto of_dense = config.find_size({"intermediate_size_mlp"});  // beside experts of another size
  const auto given = config.find_size(
      {"intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "ffn_config.ffn_hidden_size"});
  if (of_dense) return *of_dense;
  if (given && *given > 0) return *given;
  if (defaults.ffn > 0) return defaults.ffn;
  if (family.gate == Gate::Gated) config.missing("intermediate_size");
  return expansion * hidden;
}

void require_all_layers(const Config& config, const char* key, std::size_t listed, std::int64_t layers) {
  if (static_cast<std::int64_t>(listed) != layers)
    config.fail(key, fmt::format("lists {} of {} layers", listed, layers));
}

// Which layers have experts: the first dense ones, then every n-th; lists of layers must be one of these.
void read_sparse_layers(const Config& config, TransformerArchitecture& model) {
  Experts& e = model.experts;
  const std::int64_t first =
      config.size_or({"first_k_dense_replace", "moe_layer_start_index", "num_dense_layers"}, 0);
  const auto last = config.find_size({"moe_layer_end_index"});
  e.interval = std::max<std::int64_t>(
      1, config.size_or({"decoder_sparse_step", "moe_layer_interval", "interleave_moe_layer_step"}, 1));
  const std::vector<std::string> dense = config.list("mlp_only_layers");
  std::vector<std::string> frequency;
  if (config.is_list("moe_layer_freq")) frequency = config.list("moe_layer_freq");
  if (!frequency.empty()) require_all_layers(config, "moe_layer_freq", frequency.size(), model.layers);
  if (frequency.empty()) e.interval = std::max(e.interval, config.size_or({"moe_layer_freq"}, 1));
  e.dense_layers = first;
  if (last && *last < model.layers - 1)
    config.fail("moe_layer_end_index", "dense layers at the end cannot be said");
  if (!dense.empty() || !frequency.empty()) {
    std::vector<bool> sparse(static_cast<std::size_t>(model.layers), true);
    for (std::size_t l = 0; l < sparse.size(); ++l) {
      if (!frequency.empty()) sparse[l] = frequency[l] != "0";
      if (std::find(dense.begin(), dense.end(), std::to_string(l)) != dense.end()) sparse[l] = false;
    }
    const auto leading = std::find(sparse.begin(), sparse.end(), true);
    if (std::find(leading, sparse.end(), false) != sparse.end()) {
      config.fail("mlp_only_layers", "dense layers after the first with experts cannot be said");
    }
    e.dense_layers = leading - sparse.begin();
  }
  if (e.dense_layers + e.interval > model.layers)
    config.fail("first_k_dense_replace", "leaves no layer with experts");
}

void read_shared_experts(const Config& config, const Family& family, TransformerArchitecture& model) {
  Experts& e = model.experts;
  e.shared = config.size_or(
      {"n_shared_experts", "moe_num_shared_experts", "num_shared_experts", "num_shared_expert"}, 0);
  const auto size = config.find_size(
      {"shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size"});
  if (size && *size > 0) {
    e.shared = 1;
    e.shared_ffn = *size;
  } else if (family.shared_expert) {
    e.shared = 1;
  }
}

void read_experts(const Config& config, const Family& family, TransformerArchitecture& model) {
  const std::int64_t count =
      config.size_or({"num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts",
                      "num_routed_experts", "ffn_config.moe_num_experts"},
                     0);
  const auto chosen = config.find_size({"num_experts_per_tok", "moe_topk", "moe_k", "num_experts_per_token",
                                        "experts_per_token", "ffn_config.moe_top_k"});
  const auto inner = config.find_size({"moe_intermediate_size", "expert_ffn_hidden_size"});
  const auto latent = config.find_size({"moe_latent_size"});
  const auto groups = config.find_size({"n_group"});
  const auto groups_per_token = config.find_size({"topk_group"});
  if (count <= 1) return;
  Experts& e = model.experts;
  e.count = count;
  if (!chosen || *chosen < 1) config.missing("num_experts_per_tok");
  e.per_token = *chosen;
  const auto own = family.experts_have_ffn_size ? config.find_size({"intermediate_size"}) : std::nullopt;
  e.ffn = inner.value_or(own.value_or(model.ffn));
  if (e.ffn < 1) config.fail("moe_intermediate_size", "expected at least 1");
  if (e.per_token > e.count) config.fail("num_experts_per_tok", "more experts per token than there are");
  e.latent = latent.value_or(0);
  read_sparse_layers(config, model);
  read_shared_experts(config, family, model);
  e.groups = std::max<std::int64_t>(1, groups.value_or(1));
  e.groups_per_token = groups_per_token.value_or(e.groups);
  if (e.count % e.groups != 0) config.fail("n_group", "does not divide the experts");
  if (e.groups_per_token > e.groups || e.per_token * e.groups > e.groups_per_token * e.count) {
    config.fail("topk_group", "more groups than there are, or fewer than hold the experts of a token");
  }
}

// Layers with a window: those listed, or as the family has them.
void read_windows(const Config& config, const Family& family, TransformerArchitecture& model) {
  const std::vector<std::string> kinds = config.list("layer_types");
  const auto pattern = config.find_size({"sliding_window_pattern", "_sliding_window_pattern"});
  const bool on = config.flag("use_sliding_window").value_or(family.windows != Windows::WhenSwitchedOn);
  const auto first = config.find_size({"max_window_layers"});
  const auto window = config.find_size({"sliding_window", "window_size"});
  const auto chunk = config.find_size({"attention_chunk_size"});
  static_cast<void>(config.list("attention_types"));
  static_cast<void>(config.list("attention_layers"));
  std::int64_t windowed = 0;
  for (const std::string& kind : kinds) {
    if (kind == "sliding_attention" || kind == "chunked_attention") {
      ++windowed;
    } else if (kind != "full_attention" && kind != "attention") {
      config.fail("layer_types", fmt::format("layers of '{}' cannot be said here", kind));
    }
  }
  if (!kinds.empty()) require_all_layers(config, "layer_types", kinds.size(), model.layers);
  const std::int64_t tokens = window.value_or(chunk.value_or(family.default_window));
  if (tokens == 0 && windowed > 0 && on)
    leave_out(model, fmt::format("the windows of {} layers, whose size it does not say: left out", windowed));
  if (tokens == 0 || !on) return;
  if (kinds.empty()) {
    const std::int64_t every = pattern.value_or(family.pattern);
    switch (family.windows) {
      case Windows::EverySecond:
        windowed = (model.layers + 1) / 2;
        break;
      case Windows::ByPattern:
        windowed = every > 0 ? model.layers - model.layers / every : 0;
        break;
      case Windows::All:
        windowed = model.layers;
        break;
      case Windows::WhenSwitchedOn:
        windowed = std::max<std::int64_t>(0, model.layers - first.value_or(0));
        break;
      case Windows::None:
        if (window) leave_out(model, fmt::format("sliding_window {}: left out", *window));
        break;
    }
  }
  if (windowed > 0) model.window = {tokens, std::min(windowed, model.layers)};
}

bool changes_layers(const std::string& key) {
  constexpr std::array starts = {"linear_",     "mamba_",        "ssm_",   "hybrid_",
                                 "interleave_", "shared_expert", "altup_", "cross_attention",
                                 "conv_",       "cla_",          "index_", "use_cla"};
  constexpr std::array ends = {"_period",         "_interval",     "_offset",         "_layer_step",
                               "_sparse_step",    "_per_layer",    "_every_n_layers", "_layer_freq",
                               "_block_type",     "block_configs", "layer_types",     "_type_list",
                               "_layers_pattern", "_multipliers",  "_pattern"};
  return std::any_of(starts.begin(), starts.end(),
                     [&](const char* start) { return key.starts_with(start); }) ||
         std::any_of(ends.begin(), ends.end(), [&](const char* end) { return key.ends_with(end); });
}

// Keys that weigh nothing in numbers of layers, though they look as if they did.
bool is_harmless(const std::string& key) {
  return key == "rope_interleave" || key == "alibi_offset" || key == "offset_alibi";
}

void tell_the_rest(const Config& config, TransformerArchitecture& model) {
  if (const auto more = config.find_size({"num_nextn_predict_layers", "num_mtp_modules", "mtp_num_layers"});
      more && *more > 0) {
    leave_out(model,
              fmt::format("{} layer{} of multi-token prediction: left out", *more, *more == 1 ? "" : "s"));
  }
  if (config.nested()) leave_out(model, "the text part alone: what it has for images or sound is left out");
  for (const std::string& key : config.unasked()) {
    if (is_harmless(key)) continue;
    if (changes_layers(key)) config.fail(key, "changes layers in a way that cannot be said here");
  }
}

}  // namespace

TransformerArchitecture read_hugging_face(std::string_view json, const std::string& file_name) {
  const Config config(json, file_name);
  TransformerArchitecture model;
  const Family family = family_of(config, model);
  const std::string name = config.text({"_name_or_path"});
  model.name = !name.empty() ? name : family.name.empty() ? "model" : std::string(family.name);
  const NestedDefaults* known = config.nested() ? find_nested_defaults(family.name) : nullptr;
  const NestedDefaults defaults = known != nullptr ? *known : NestedDefaults{};
  model.layers = config.size_or({"num_hidden_layers", "n_layer", "n_layers", "num_layers"}, defaults.layers);
  const std::optional<HybridLayers> hybrid =
      has_state_spaces(family.name) ? hybrid_layers(config) : std::nullopt;
  if (hybrid) model.layers = hybrid->ffns;
  if (model.layers < 1 || model.layers > 10000) config.fail("num_hidden_layers", "expected 1 to 10000");
  model.hidden = config.size_or({"hidden_size", "n_embd", "n_embed", "d_model"}, defaults.hidden);
  if (model.hidden < 1) config.missing("hidden_size");
  read_heads(config, family, defaults, model);
  model.ffn = inner_size(config, family, defaults, model.hidden);
  model.ffn_kind = ffn_kind(config, family);
  model.clamped_ffn = family.name == "gpt_oss";
  model.sequence = config.size_or({"max_position_embeddings", "n_positions", "n_ctx", "seq_length",
                                   "max_seq_len", "max_sequence_length", "model_max_length"},
                                  2048);
  if (model.sequence < 1) config.fail("max_position_embeddings", "expected at least 1");
  if (family.learned_positions) model.positions = model.sequence;
  model.vocabulary = config.size_or({"padded_vocab_size", "vocab_size"}, defaults.vocabulary);
  if (model.vocabulary < 1) config.missing("vocab_size");
  model.tied_embeddings = config.flag("tie_word_embeddings").value_or(family.tied);
  read_experts(config, family, model);
  if (hybrid) {
    model.state_space = read_state_space(config, *hybrid, model.hidden);
  } else {
    read_windows(config, family, model);
  }
  tell_the_rest(config, model);
  return model;
}

}  // namespace bandwright
