#pragma once
#include <cstdint>
#include <string_view>

#include "workload/architecture.h"

namespace bandwright {

// What a family of models leaves out of its config.json because it is its own default. Source: the classes of
// src/transformers/models/*/configuration_*.py and *MLP of modeling_*.py (transformers 4.51 to 4.57), and the
// configuration_*.py beside models that bring their own.
enum class Gate : std::uint8_t {
  Plain,       // two matrices, whatever the function between them
  Gated,       // three
  ByFunction,  // silu is gated, others are not
};

// Which layers have a window, where the file does not list them.
enum class Windows : std::uint8_t { None, All, EverySecond, ByPattern, WhenSwitchedOn };

struct Family {
  std::string_view name;  // model_type
  Gate gate = Gate::Gated;
  bool tied = false;  // output and input embedding, where the file does not say
  Windows windows = Windows::None;
  std::int64_t pattern = 0;            // ByPattern: every n-th layer has none
  std::int64_t default_window = 0;     // tokens, where the file does not say
  bool learned_positions = false;      // max_position_embeddings rows of them
  bool one_kv_head = false;            // unless multi_query is false
  bool experts_have_ffn_size = false;  // intermediate_size is an expert's
  bool shared_expert = false;          // one beside the routed ones, of intermediate_size
};

// A configuration nested in another's `text_config` leaves out every default of its class.
struct NestedDefaults {
  std::string_view name;
  std::int64_t layers, hidden, heads, kv_heads, head_dim, ffn, vocabulary;
};

const Family* find_family(std::string_view model_type);
const NestedDefaults* find_nested_defaults(std::string_view model_type);
bool has_state_spaces(std::string_view model_type);  // Mamba-2 layers (workload/hugging_face_hybrid.h)
// Why models of a type cannot be read: they are no decoders of attention and FFN layers. Empty for others.
std::string_view why_not(std::string_view model_type);

}  // namespace bandwright
