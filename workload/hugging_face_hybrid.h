#pragma once
#include <optional>

#include "workload/architecture.h"
#include "workload/hugging_face_config.h"

namespace bandwright {

// What the layers of a configuration with Mamba-2 layers are, whatever its family calls them: one letter of
// `hybrid_override_pattern` or one word of `layers_block_type` per layer that is a state space, an attention
// or an FFN (Nemotron-H), or one word of `layer_types`, or the place in `attn_layer_indices`, per layer that
// has an FFN besides (Granite 4, Bamba). Source: their configuration_*.py (transformers 4.57, and beside the
// models of nvidia).
struct HybridLayers {
  std::int64_t states = 0;
  std::int64_t attention = 0;
  std::int64_t ffns = 0;
};
std::optional<HybridLayers> hybrid_layers(const HuggingFaceConfig& config);

// The state spaces of a model with such layers.
StateSpace read_state_space(const HuggingFaceConfig& config, const HybridLayers& layers, std::int64_t hidden);

}  // namespace bandwright
