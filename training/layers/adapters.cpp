#include "training/layers/adapters.h"

#include <array>

#include "core/catalogue.h"
#include "core/text.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

using Target = bool Adapters::*;
struct NamedTarget {
  std::string_view name;
  std::string_view help;
  Target target;
};
constexpr std::array targets = {
    NamedTarget{"all", "every matrix of these", nullptr},
    NamedTarget{"qkv", "queries, keys and values; into state spaces", &Adapters::qkv},
    NamedTarget{"output", "after attention; out of state spaces", &Adapters::output},
    NamedTarget{"ffn-in", "into FFNs, those of experts as well", &Adapters::ffn_in},
    NamedTarget{"ffn-out", "out of FFNs", &Adapters::ffn_out},
};

// Of a block's projections the last leads out of it, the others into it.
double beside(const Adapters& adapters, const ProjectionList& block, bool in, bool out) {
  double sum = 0.0;
  for (const Projection& each : block) {
    const bool last = &each == &block.back();
    if (last ? out : in) sum += adapters.parameters(each);
  }
  return sum;
}
double beside_mixers(const TransformerArchitecture& m, const Adapters& a) {
  return m.attention_per_layer() * beside(a, attention_projections(m), a.qkv, a.output) +
         m.states_per_layer() * beside(a, state_space_projections(m), a.qkv, a.output);
}

}  // namespace

Adapters adapters(std::int64_t rank, std::string_view list) {
  Adapters chosen{.rank = rank, .qkv = false, .output = false, .ffn_in = false, .ffn_out = false};
  for (const std::string_view word : split(list, ',')) {
    const Target target = find_in_catalogue(std::span<const NamedTarget>(targets), word, "matrix").target;
    if (target == nullptr) return {.rank = rank};
    chosen.*target = true;
  }
  return chosen;
}

TrainedParameters trained_parameters(const TransformerArchitecture& m, const Adapters& a) {
  if (!a.freeze()) {
    return {.dense_layer = dense_layer_parameters(m),
            .sparse_layer = m.sparse() ? sparse_layer_parameters(m) : 0.0,
            .expert = expert_parameters(m),
            .table = static_cast<double>(m.vocabulary) * static_cast<double>(m.hidden)};
  }
  const double mixers = beside_mixers(m, a);
  const auto ffn = [&](const ProjectionList& matrices) { return beside(a, matrices, a.ffn_in, a.ffn_out); };
  TrainedParameters trained{.dense_layer = mixers + ffn(ffn_projections(m, m.ffn))};
  if (!m.sparse()) return trained;
  trained.sparse_layer =
      mixers + (m.experts.shared > 0 ? ffn(ffn_projections(m, m.experts.shared_inner())) : 0.0);
  trained.expert = ffn(expert_projections(m));
  return trained;
}

double trained_flop_per_sequence(const TransformerArchitecture& m, const Adapters& a) {
  const double all = model_flop_per_sequence(m);
  if (!a.freeze()) return all;
  const auto s = static_cast<double>(m.sequence);
  const TrainedParameters trained = trained_parameters(m, a);
  const auto sparse = static_cast<double>(m.sparse_layers());
  const double visited = static_cast<double>(m.experts.per_token) * trained.expert;
  const double adapted = (static_cast<double>(m.layers) - sparse) * trained.dense_layer +
                         sparse * (trained.sparse_layer + visited);
  return all - 2.0 * s * multiplied_parameters(m) + 6.0 * s * adapted;
}

}  // namespace bandwright
