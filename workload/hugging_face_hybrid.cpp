#include "workload/hugging_face_hybrid.h"

#include <fmt/format.h>

#include <algorithm>

namespace bandwright {
namespace {

using Config = HuggingFaceConfig;

// "M-M*E" as words.
std::vector<std::string> block_types(const Config& config) {
  std::vector<std::string> words = config.list("layers_block_type");
  if (!words.empty()) return words;
  for (const char letter : config.text({"hybrid_override_pattern"})) {
    switch (letter) {
      case 'M':
        words.emplace_back("mamba");
        break;
      case '*':
        words.emplace_back("attention");
        break;
      case '-':
        words.emplace_back("mlp");
        break;
      case 'E':
        words.emplace_back("moe");
        break;
      default:
        config.fail("hybrid_override_pattern",
                    fmt::format("unknown letter '{}' (known: M, *, -, E)", letter));
    }
  }
  return words;
}

std::int64_t count(const std::vector<std::string>& words, std::string_view word) {
  return std::count(words.begin(), words.end(), word);
}

// Each layer is one thing.
std::optional<HybridLayers> of_blocks(const Config& config) {
  const std::vector<std::string> words = block_types(config);
  if (words.empty()) return std::nullopt;
  const std::int64_t dense = count(words, "mlp");
  const std::int64_t sparse = count(words, "moe");
  const HybridLayers layers{count(words, "mamba"), count(words, "attention"), dense + sparse};
  if (layers.states + layers.attention + layers.ffns != static_cast<std::int64_t>(words.size())) {
    config.fail("layers_block_type", "expected mamba, attention, mlp and moe");
  }
  if (dense > 0 && sparse > 0)
    config.fail("layers_block_type", "FFNs with and without experts cannot be said");
  if (layers.ffns == 0) config.fail("layers_block_type", "a model without any FFN cannot be said");
  return layers;
}

// Each layer has an FFN.
std::optional<HybridLayers> of_mixers(const Config& config) {
  const auto all = config.find_size({"num_hidden_layers"});
  const std::vector<std::string> words = config.list("layer_types");
  const std::int64_t states = count(words, "mamba");
  if (states > 0) return HybridLayers{states, count(words, "attention"), all.value_or(states)};
  const auto attention = static_cast<std::int64_t>(config.list("attn_layer_indices").size());
  if (attention == 0 || !all || !config.find_size({"mamba_n_heads"})) return std::nullopt;
  return HybridLayers{*all - attention, attention, *all};
}

}  // namespace

std::optional<HybridLayers> hybrid_layers(const Config& config) {
  std::optional<HybridLayers> layers = of_blocks(config);
  if (!layers) layers = of_mixers(config);
  if (layers && layers->states < 1) return std::nullopt;
  return layers;
}

StateSpace read_state_space(const Config& config, const HybridLayers& layers, std::int64_t hidden) {
  StateSpace space;
  space.layers = layers.states;
  space.attention_layers = layers.attention;
  space.head_dim = config.size_or({"mamba_head_dim", "mamba_d_head"}, space.head_dim);
  const std::int64_t expand = config.size_or({"expand", "mamba_expand"}, 2);
  space.heads =
      config.size_or({"mamba_num_heads", "mamba_n_heads"},
                     std::max<std::int64_t>(1, expand * hidden / std::max<std::int64_t>(1, space.head_dim)));
  space.state = config.size_or({"ssm_state_size", "mamba_d_state"}, space.state);
  space.groups = config.size_or({"n_groups", "mamba_n_groups"}, space.groups);
  space.convolution = config.size_or({"conv_kernel", "mamba_d_conv"}, space.convolution);
  space.chunk = config.size_or({"chunk_size", "mamba_chunk_size"}, space.chunk);
  for (const std::int64_t each :
       {space.head_dim, space.heads, space.state, space.groups, space.convolution, space.chunk}) {
    if (each < 1) config.fail("mamba_num_heads", "sizes of Mamba layers, expected at least 1");
  }
  if (space.heads % space.groups != 0) {
    config.fail("n_groups",
                fmt::format("{} do not divide the {} heads of Mamba layers", space.groups, space.heads));
  }
  return space;
}

}  // namespace bandwright
