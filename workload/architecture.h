#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

enum class FfnKind : std::uint8_t { Gelu, SwiGlu };  // two matrices with a GELU between, or three

// The experts of a mixture-of-experts model; `count` 0 is a dense model.
struct Experts {
  std::int64_t count = 0;
  std::int64_t per_token = 0;     // top-k
  std::int64_t ffn = 0;           // inner size of one expert
  std::int64_t shared = 0;        // experts that every token visits besides,
  std::int64_t shared_ffn = 0;    // each of this inner size; that of the others where 0
  std::int64_t dense_layers = 0;  // the first layers that have an ordinary FFN instead
  std::int64_t interval = 1;      // of the layers after those the n-th, 2n-th ... have experts
  // The router picks so many of these groups of experts first, then the top k in them; 1: all of them.
  std::int64_t groups = 1;
  std::int64_t groups_per_token = 0;  // left out of a file: all
  // Elements of a token that experts see, projected down before they are sent and up after they are back; 0:
  // all of it. Source: NVIDIA, "Nemotron 3" (arXiv 2512.20856), section 2.2, LatentMoE.
  std::int64_t latent = 0;

  [[nodiscard]] std::int64_t shared_inner() const { return shared * (shared_ffn > 0 ? shared_ffn : ffn); }
};

// Multi-head latent attention: keys/values, and queries where q_rank is not 0, through low-rank projections;
// kv_rank 0 is ordinary attention. Source: DeepSeek-V3 technical report (arXiv 2412.19437), section 2.1.
struct LatentAttention {
  std::int64_t q_rank = 0;
  std::int64_t kv_rank = 0;
  std::int64_t rope_dim = 0;  // of a head's query and key, beside
  std::int64_t key_dim = 0;   // these; head_dim where 0
};

// Layers in which a token attends to the last `tokens` before it only; 0 layers: none.
struct SlidingWindow {
  std::int64_t tokens = 0;
  std::int64_t layers = 0;
};

// Mamba-2 layers in place of attention, or beside it: heads of `head_dim` elements, each with a state of as
// many rows of `state` elements, which groups of heads write and read together. Computed by chunks of tokens.
// Source: Dao and Gu, "Transformers are SSMs" (ICML 2024, arXiv 2405.21060), sections 6 and 8.
struct StateSpace {
  std::int64_t layers = 0;            // 0: none
  std::int64_t attention_layers = 0;  // that the model has beside them
  std::int64_t heads = 0;
  std::int64_t head_dim = 64;
  std::int64_t state = 128;
  std::int64_t groups = 8;
  std::int64_t convolution = 4;  // tokens of the convolution before
  std::int64_t chunk = 128;

  [[nodiscard]] std::int64_t inner() const { return heads * head_dim; }
  [[nodiscard]] std::int64_t convolved() const { return inner() + 2 * groups * state; }
  [[nodiscard]] std::int64_t projected() const { return inner() + convolved() + heads; }
};

// A decoder-only transformer by its hyperparameters. Where it has state spaces, `layers` are its FFNs: each
// is counted with the attention and the state spaces that fall to it on average.
struct TransformerArchitecture {
  std::string name;
  std::string help = {};
  std::int64_t layers = 0;
  std::int64_t hidden = 0;    // h
  std::int64_t heads = 0;     // a
  std::int64_t kv_heads = 0;  // of grouped-query attention; a for ordinary attention
  std::int64_t head_dim = 0;  // h / a unless given
  std::int64_t ffn = 0;
  FfnKind ffn_kind = FfnKind::Gelu;
  bool clamped_ffn = false;     // biases, and activations clamped: kernels of their own where not fused
  std::int64_t sequence = 0;    // s
  std::int64_t vocabulary = 0;  // V
  bool tied_embeddings = false;
  std::int64_t predicted = 1;  // tokens of each position, one by the output layer, each other by a layer more
  bool one_predictor = false;  // those layers share one set of weights
  std::int64_t positions = 0;  // that have a learned embedding; 0: they are encoded in another way
  Experts experts;
  LatentAttention latent;
  SlidingWindow window;
  StateSpace state_space;
  std::string left_out = {};  // what else its file says of it, in words

  // Elements of a head's query and key; its value has head_dim.
  [[nodiscard]] std::int64_t score_dim() const {
    return (latent.key_dim > 0 ? latent.key_dim : head_dim) + latent.rope_dim;
  }
  [[nodiscard]] bool sparse() const { return experts.count > 0; }
  [[nodiscard]] std::int64_t attention_layers() const {
    return state_space.layers > 0 ? state_space.attention_layers : layers;
  }
  // Of one layer, on average.
  [[nodiscard]] double attention_per_layer() const { return per_layer(attention_layers()); }
  [[nodiscard]] double states_per_layer() const { return per_layer(state_space.layers); }
  [[nodiscard]] double mixers_per_layer() const { return attention_per_layer() + states_per_layer(); }
  [[nodiscard]] std::int64_t expert_width() const { return experts.latent > 0 ? experts.latent : hidden; }
  [[nodiscard]] std::int64_t sparse_layers() const {
    return sparse() ? (layers - experts.dense_layers) / experts.interval : 0;
  }
  // Scores that are computed, in those of causal attention without windows: a window of w of s tokens leaves
  // (2 w - w^2/s) / s of them in its layers.
  [[nodiscard]] double attended_share() const;

 private:
  [[nodiscard]] double per_layer(std::int64_t those) const {
    return static_cast<double>(those) / static_cast<double>(layers);
  }
};

// The same model trained to predict so many tokens more: each with a layer of the last kind and the output
// layer once more (DeepSeek-V3, arXiv 2412.19437, section 2.2; without the projection between), with
// attention where others have state spaces (Nemotron 3).
constexpr std::int64_t most_predicted = 16;
TransformerArchitecture predicting_more(TransformerArchitecture model, std::int64_t tokens);

// The keys of an architecture file; those that are left out follow from the others.
const Fields<TransformerArchitecture>& architecture_fields();

// Throws InputError.
TransformerArchitecture read_architecture(const YamlValue& root);

// By what a user types: a path (.yaml or .json) or a name of inputs/models/transformers.
TransformerArchitecture load_architecture(std::string_view word);

}  // namespace bandwright
