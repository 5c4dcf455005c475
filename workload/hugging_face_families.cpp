#include "workload/hugging_face_families.h"

#include <algorithm>
#include <array>

namespace bandwright {
namespace {

constexpr std::array families = {
    Family{"apertus", Gate::Plain},
    Family{"aquila"},
    Family{"arcee", Gate::Plain},
    Family{"baichuan"},
    Family{"bailing_moe"},
    Family{"bailing_moe_v2"},
    Family{"bamba"},
    Family{"bloom", Gate::Plain, true},
    Family{"chatglm"},
    Family{"codegen", Gate::Plain},
    Family{"cohere", Gate::Gated, true},
    Family{"cohere2", Gate::Gated, true, Windows::ByPattern, 4, 4096},
    Family{"dbrx"},
    Family{"deepseek"},
    Family{"deepseek_v2"},
    Family{"deepseek_v3"},
    Family{"dots1"},
    Family{"ernie4_5", Gate::Gated, true},
    Family{"ernie4_5_moe", Gate::Gated, true},
    Family{"exaone"},
    Family{"exaone4", Gate::Gated, false, Windows::ByPattern, 4},
    Family{"falcon", Gate::Plain, true, Windows::None, 0, 0, false, true},
    Family{"gemma", Gate::Gated, true},
    Family{"gemma2", Gate::Gated, true, Windows::EverySecond, 0, 4096},
    Family{"gemma3_text", Gate::Gated, true, Windows::ByPattern, 6, 4096},
    Family{"glm"},
    Family{"glm4"},
    Family{"glm4_moe"},
    Family{"glm4_moe_lite"},
    Family{"gpt2", Gate::Plain, true, Windows::None, 0, 0, true},
    Family{"gpt_bigcode", Gate::Plain, true, Windows::None, 0, 0, true, true},
    Family{"gpt_neo", Gate::Plain, true, Windows::EverySecond, 0, 256, true},
    Family{"gpt_neox", Gate::Plain},
    Family{"gpt_oss", Gate::Gated, false, Windows::EverySecond, 0, 128, false, false, true},
    Family{"gptj", Gate::Plain},
    Family{"granite"},
    Family{"granitemoe", Gate::Gated, false, Windows::None, 0, 0, false, false, true},
    Family{"granitemoehybrid", Gate::Gated, false, Windows::None, 0, 0, false, false, true},
    Family{"granitemoeshared", Gate::Gated, false, Windows::None, 0, 0, false, false, true},
    Family{"helium"},
    Family{"hunyuan"},
    Family{"hunyuan_v1_dense"},
    Family{"hunyuan_v1_moe"},
    Family{"internlm"},
    Family{"internlm2"},
    Family{"internlm3"},
    Family{"kimi_k2"},
    Family{"kimi_k25"},
    Family{"llama"},
    Family{"llama4_text", Gate::Gated, false, Windows::None, 0, 0, false, false, true, true},
    Family{"minicpm", Gate::Gated, true},
    Family{"minicpm3", Gate::Gated, true},
    Family{"minimax_m2", Gate::Gated, false, Windows::None, 0, 0, false, false, true},
    Family{"ministral", Gate::Gated, false, Windows::All},
    Family{"mistral", Gate::Gated, false, Windows::All},
    Family{"mixtral", Gate::Gated, false, Windows::All, 0, 0, false, false, true},
    Family{"mpt", Gate::Plain, true},
    Family{"nemotron", Gate::Plain},
    Family{"nemotron_h", Gate::Plain},
    Family{"olmo"},
    Family{"olmo2"},
    Family{"olmo3", Gate::Gated, false, Windows::ByPattern, 4, 4096},
    Family{"olmoe", Gate::Gated, false, Windows::None, 0, 0, false, false, true},
    Family{"opt", Gate::Plain, true, Windows::None, 0, 0, true},
    Family{"orion"},
    Family{"persimmon", Gate::Plain},
    Family{"phi", Gate::Plain},
    Family{"phi3", Gate::Gated, false, Windows::All},
    Family{"phimoe", Gate::Gated, false, Windows::All, 0, 0, false, false, true},
    Family{"qwen2", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"qwen2_5_vl", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"qwen2_5_vl_text", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"qwen2_moe", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"qwen2_vl", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"qwen2_vl_text", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"qwen3", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"qwen3_moe", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"qwen3_vl_moe_text", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"qwen3_vl_text", Gate::Gated, false, Windows::WhenSwitchedOn},
    Family{"seed_oss"},
    Family{"smollm3", Gate::Gated, true, Windows::WhenSwitchedOn},
    Family{"solar"},
    Family{"stablelm"},
    Family{"starcoder2", Gate::Plain, true, Windows::All},
    Family{"xglm", Gate::Plain, true},
    Family{"xverse"},
    Family{"yi"},
};

constexpr std::array nested = {
    NestedDefaults{"gemma", 28, 3072, 16, 16, 256, 24576, 256000},
    NestedDefaults{"gemma2", 26, 2304, 8, 4, 256, 9216, 256000},
    NestedDefaults{"gemma3_text", 26, 2304, 8, 4, 256, 9216, 262208},
    NestedDefaults{"llama", 32, 4096, 32, 32, 128, 11008, 32000},
    NestedDefaults{"mistral", 32, 4096, 32, 8, 128, 14336, 32000},
    NestedDefaults{"qwen2", 32, 4096, 32, 32, 128, 22016, 151936},
};

struct Unreadable {
  std::string_view name;
  std::string_view reason;
};
constexpr std::string_view recurrent = "has recurrent (state space, convolution or linear attention) layers";
constexpr std::string_view two_sided = "is no decoder";
constexpr std::string_view uneven = "has layers of its own search, which differ from each other";
constexpr std::array unreadable = {
    Unreadable{"albert", two_sided},
    Unreadable{"arctic", "has a dense FFN beside the experts of a layer"},
    Unreadable{"bart", two_sided},
    Unreadable{"bert", two_sided},
    Unreadable{"clip", two_sided},
    Unreadable{"decilm", uneven},
    Unreadable{"deci", uneven},
    Unreadable{"deepseek_v32", "has sparse attention with an indexer"},
    Unreadable{"deepseek_v4", "has compressed sparse attention"},
    Unreadable{"distilbert", two_sided},
    Unreadable{"falcon_h1", recurrent},
    Unreadable{"falcon_mamba", recurrent},
    Unreadable{"gemma3n_text", "has alternating updates and embeddings of each layer"},
    Unreadable{"gemma3n", "has alternating updates and embeddings of each layer"},
    Unreadable{"glm_moe_dsa", "has sparse attention with an indexer"},
    Unreadable{"jamba", recurrent},
    Unreadable{"jetmoe", "has experts in its attention"},
    Unreadable{"kimi_linear", recurrent},
    Unreadable{"lfm2", recurrent},
    Unreadable{"lfm2_moe", recurrent},
    Unreadable{"longcat_flash", "has two attentions and identity experts in a layer"},
    Unreadable{"mamba", recurrent},
    Unreadable{"mamba2", recurrent},
    Unreadable{"minimax", recurrent},
    Unreadable{"minimax_text_01", recurrent},
    Unreadable{"mllama_text_model", "has layers that attend to images"},
    Unreadable{"mllama", "has layers that attend to images"},
    Unreadable{"nemotron-nas", uneven},
    Unreadable{"openelm", uneven},
    Unreadable{"plamo2", recurrent},
    Unreadable{"qwen3_5", recurrent},
    Unreadable{"qwen3_5_moe", recurrent},
    Unreadable{"qwen3_next", recurrent},
    Unreadable{"recurrent_gemma", recurrent},
    Unreadable{"roberta", two_sided},
    Unreadable{"rwkv", recurrent},
    Unreadable{"switch_transformers", two_sided},
    Unreadable{"t5", two_sided},
    Unreadable{"whisper", two_sided},
    Unreadable{"zamba", recurrent},
    Unreadable{"zamba2", recurrent},
};

template <class Rows>
auto find_row(const Rows& rows, std::string_view name) -> const typename Rows::value_type* {
  const auto* found =
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
  return found == rows.end() ? nullptr : found;
}

}  // namespace

const Family* find_family(std::string_view model_type) { return find_row(families, model_type); }
const NestedDefaults* find_nested_defaults(std::string_view model_type) {
  return find_row(nested, model_type);
}
bool has_state_spaces(std::string_view model_type) {
  return model_type == "bamba" || model_type == "granitemoehybrid" || model_type == "nemotron_h";
}
std::string_view why_not(std::string_view model_type) {
  const Unreadable* found = find_row(unreadable, model_type);
  return found == nullptr ? std::string_view() : found->reason;
}

}  // namespace bandwright
