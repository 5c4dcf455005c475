#include "workload/architecture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/catalogue.h"
#include "core/paths.h"
#include "core/text.h"
#include "workload/layer_operators.h"

namespace bandwright {
namespace {

struct FfnInfo {
  FfnKind kind;
  std::string_view name;
  std::string_view help;
};
constexpr std::array ffn_kinds = {
    FfnInfo{FfnKind::Gelu, "gelu", "two matrices with a GELU between"},
    FfnInfo{FfnKind::SwiGlu, "swiglu", "three matrices, one of them a gate"},
};

constexpr std::int64_t largest = 1 << 24;

std::int64_t size_or(const YamlValue& map, std::string_view key, std::int64_t otherwise) {
  const auto value = map.find(key);
  return value ? value->as_integer(1, largest) : otherwise;
}

Experts read_experts(const YamlValue& map) {
  map.require_keys({"count", "per_token", "ffn", "shared", "shared_ffn", "dense_layers", "interval", "groups",
                    "groups_per_token"});
  Experts experts{.count = map.at("count").as_integer(1, largest),
                  .per_token = map.at("per_token").as_integer(1, largest),
                  .ffn = map.at("ffn").as_integer(1, largest)};
  if (const auto value = map.find("shared")) experts.shared = value->as_integer(0, largest);
  if (const auto value = map.find("dense_layers")) experts.dense_layers = value->as_integer(0, largest);
  if (const auto value = map.find("shared_ffn")) experts.shared_ffn = value->as_integer(0, largest);
  experts.interval = size_or(map, "interval", 1);
  experts.groups = size_or(map, "groups", 1);
  experts.groups_per_token = size_or(map, "groups_per_token", experts.groups);
  if (experts.per_token > experts.count) {
    map.at("per_token").fail(fmt::format("expected at most the {} experts", experts.count));
  }
  return experts;
}

LatentAttention read_latent(const YamlValue& map) {
  map.require_keys({"q_rank", "kv_rank", "rope_dim", "key_dim"});
  return {map.at("q_rank").as_integer(0, largest), map.at("kv_rank").as_integer(1, largest),
          map.at("rope_dim").as_integer(1, largest), map.find("key_dim") ? size_or(map, "key_dim", 1) : 0};
}

SlidingWindow read_window(const YamlValue& map, std::int64_t layers) {
  map.require_keys({"tokens", "layers"});
  return {map.at("tokens").as_integer(1, largest), map.at("layers").as_integer(0, layers)};
}

void check_groups(const Experts& e) {
  if (e.groups <= 1) return;
  if (e.count % e.groups != 0) {
    throw InputError(fmt::format("groups {} do not divide {} experts", e.groups, e.count));
  }
  const std::int64_t fewest = (e.per_token * e.groups + e.count - 1) / e.count;
  if (e.groups_per_token < fewest || e.groups_per_token > e.groups) {
    throw InputError(fmt::format("groups_per_token {}, expected {} (which hold {} experts) to {}",
                                 e.groups_per_token, fewest, e.per_token, e.groups));
  }
}

// What ties the numbers together, whatever file they come from. Throws InputError without a place.
void check(const TransformerArchitecture& model) {
  if (model.heads % model.kv_heads != 0) {
    throw InputError(fmt::format("kv_heads {} does not divide heads {}", model.kv_heads, model.heads));
  }
  if (model.sparse() && model.experts.dense_layers + model.experts.interval > model.layers) {
    throw InputError(fmt::format("dense_layers {} leaves no layer of {} with experts",
                                 model.experts.dense_layers, model.layers));
  }
  check_groups(model.experts);
}

double sum(const std::vector<Projection>& projections) {
  double total = 0.0;
  for (const Projection& projection : projections) total += projection.parameters();
  return total;
}

double attention_and_norms(const TransformerArchitecture& m) {
  return sum(attention_projections(m)) + 4.0 * static_cast<double>(m.hidden);
}

}  // namespace

double TransformerArchitecture::attended_share() const {
  const auto w = static_cast<double>(std::min(window.tokens, sequence)) / static_cast<double>(sequence);
  const auto windowed = static_cast<double>(window.layers) / static_cast<double>(layers);
  return 1.0 - windowed * (1.0 - w) * (1.0 - w);
}

double dense_layer_parameters(const TransformerArchitecture& m) {
  return attention_and_norms(m) + sum(ffn_projections(m, m.ffn));
}

double expert_parameters(const TransformerArchitecture& m) {
  return m.sparse() ? sum(ffn_projections(m, m.experts.ffn)) : 0.0;
}

double sparse_layer_parameters(const TransformerArchitecture& m) {
  const double router = static_cast<double>(m.hidden) * static_cast<double>(m.experts.count);
  const double shared = m.experts.shared > 0 ? sum(ffn_projections(m, m.experts.shared_inner())) : 0.0;
  return attention_and_norms(m) + router + shared;
}

double embedding_parameters(const TransformerArchitecture& m) {
  const double table = static_cast<double>(m.vocabulary) * static_cast<double>(m.hidden);
  const double positions = static_cast<double>(m.positions) * static_cast<double>(m.hidden);
  return positions + (m.tied_embeddings ? table : 2.0 * table);
}

double parameters(const TransformerArchitecture& m) {
  const auto sparse = static_cast<double>(m.sparse_layers());
  const double experts = static_cast<double>(m.experts.count) * expert_parameters(m);
  return (static_cast<double>(m.layers) - sparse) * dense_layer_parameters(m) +
         sparse * (sparse_layer_parameters(m) + experts) + embedding_parameters(m);
}

double active_parameters(const TransformerArchitecture& m) {
  const double idle = static_cast<double>(m.experts.count - m.experts.per_token) * expert_parameters(m);
  return parameters(m) - static_cast<double>(m.sparse_layers()) * idle;
}

double model_flop_per_sequence(const TransformerArchitecture& m) {
  const auto s = static_cast<double>(m.sequence);
  const double table = static_cast<double>(m.vocabulary) * static_cast<double>(m.hidden);
  const double matrices = active_parameters(m) - embedding_parameters(m) + table;
  const double attention = 3.0 * static_cast<double>(m.layers) * m.attended_share() *
                           attention_gemms(m, s, static_cast<double>(m.heads)).flop();
  return 6.0 * s * matrices + attention;
}

TransformerArchitecture read_architecture(const YamlValue& root) {
  root.require_keys({"name", "help", "layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "ffn_kind",
                     "sequence", "vocabulary", "tied_embeddings", "positions", "experts", "latent",
                     "window"});
  TransformerArchitecture model{.name = root.at("name").as_string(),
                                .layers = root.at("layers").as_integer(1, 10000),
                                .hidden = root.at("hidden").as_integer(1, largest),
                                .heads = root.at("heads").as_integer(1, 1 << 16),
                                .sequence = root.at("sequence").as_integer(1, largest),
                                .vocabulary = root.at("vocabulary").as_integer(1, largest)};
  model.kv_heads = size_or(root, "kv_heads", model.heads);
  model.ffn = size_or(root, "ffn", 4 * model.hidden);
  if (!root.find("head_dim") && model.hidden % model.heads != 0) {
    root.at("heads").fail(
        fmt::format("{} heads do not divide hidden {}; give head_dim", model.heads, model.hidden));
  }
  model.head_dim = size_or(root, "head_dim", std::max<std::int64_t>(1, model.hidden / model.heads));
  if (const auto kind = root.find("ffn_kind")) {
    model.ffn_kind = kind->parsed("an FFN kind", [](std::string_view word) {
      return find_in_catalogue(std::span<const FfnInfo>(ffn_kinds), word, "FFN kind").kind;
    });
  }
  if (const auto tied = root.find("tied_embeddings")) model.tied_embeddings = tied->as_bool();
  if (const auto positions = root.find("positions")) model.positions = positions->as_integer(0, largest);
  if (const auto experts = root.find("experts")) model.experts = read_experts(*experts);
  if (const auto latent = root.find("latent")) model.latent = read_latent(*latent);
  if (const auto window = root.find("window")) model.window = read_window(*window, model.layers);
  try {
    check(model);
  } catch (const InputError& error) {
    root.fail(error.what());
  }
  return model;
}

TransformerArchitecture load_architecture(std::string_view word) {
  const std::string_view json = ".json";
  if (word.size() > json.size() && equal_ignoring_case(word.substr(word.size() - json.size()), json)) {
    return read_hugging_face(read_text_file(std::string(word)), std::string(word));
  }
  if (!find_input("architectures", word) && find_input("models", word)) {
    throw InputError(fmt::format(
        "{} is a layer table, not a transformer: `estimate` takes it, `simulate` and `optimize` on a network "
        "(choices here: {})",
        word, fmt::join(input_names("architectures"), ", ")));
  }
  return read_architecture(YamlValue::load(input_file("architectures", word, "model")));
}

}  // namespace bandwright
