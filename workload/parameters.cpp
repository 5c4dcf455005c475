#include "workload/parameters.h"

#include "workload/layer_operators.h"

namespace bandwright {
namespace {

double sum(const ProjectionList& projections) {
  double total = 0.0;
  for (const Projection& projection : projections) total += projection.parameters();
  return total;
}

// With the convolution, and of each head the step's bias, the decay and what passes the state by; the norm of
// what leaves it.
double state_space_parameters(const TransformerArchitecture& m) {
  const StateSpace& s = m.state_space;
  if (s.layers == 0) return 0.0;
  const double small = static_cast<double>((s.convolution + 1) * s.convolved() + 3 * s.heads + s.inner());
  return sum(state_space_projections(m)) + small;
}

// All of a layer that is no FFN; of each norm a scale and a bias.
double mixers_and_norms(const TransformerArchitecture& m) {
  return m.attention_per_layer() * sum(attention_projections(m)) +
         m.states_per_layer() * state_space_parameters(m) +
         2.0 * (1.0 + m.mixers_per_layer()) * static_cast<double>(m.hidden);
}

}  // namespace

double dense_layer_parameters(const TransformerArchitecture& m) {
  return mixers_and_norms(m) + sum(ffn_projections(m, m.ffn));
}

double expert_parameters(const TransformerArchitecture& m) {
  return m.sparse() ? sum(expert_projections(m)) : 0.0;
}

double sparse_layer_parameters(const TransformerArchitecture& m) {
  const double router = static_cast<double>(m.hidden) * static_cast<double>(m.experts.count);
  const double shared = m.experts.shared > 0 ? sum(ffn_projections(m, m.experts.shared_inner())) : 0.0;
  return mixers_and_norms(m) + router + shared + sum(latent_projections(m));
}

double embedding_parameters(const TransformerArchitecture& m) {
  const double table = static_cast<double>(m.vocabulary) * static_cast<double>(m.hidden);
  const double positions = static_cast<double>(m.positions) * static_cast<double>(m.hidden);
  return positions + (m.tied_embeddings ? table : 2.0 * table);
}

namespace {

// Of all layers, as many times as they run.
double run_parameters(const TransformerArchitecture& m) {
  const auto sparse = static_cast<double>(m.sparse_layers());
  const double experts = static_cast<double>(m.experts.count) * expert_parameters(m);
  return (static_cast<double>(m.layers) - sparse) * dense_layer_parameters(m) +
         sparse * (sparse_layer_parameters(m) + experts) + embedding_parameters(m);
}
// Of the layers that predict, beside the first of them.
double shared_parameters(const TransformerArchitecture& m, double experts) {
  if (!m.one_predictor || m.predicted < 3) return 0.0;
  const double layer =
      m.sparse() ? sparse_layer_parameters(m) + experts * expert_parameters(m) : dense_layer_parameters(m);
  return static_cast<double>(m.predicted - 2) * layer;
}
double idle_experts(const TransformerArchitecture& m) {
  const double idle = static_cast<double>(m.experts.count - m.experts.per_token) * expert_parameters(m);
  return static_cast<double>(m.sparse_layers()) * idle;
}

}  // namespace

double parameters(const TransformerArchitecture& m) {
  return run_parameters(m) - shared_parameters(m, static_cast<double>(m.experts.count));
}

double active_parameters(const TransformerArchitecture& m) {
  return run_parameters(m) - idle_experts(m) - shared_parameters(m, static_cast<double>(m.experts.per_token));
}

double multiplied_parameters(const TransformerArchitecture& m) {
  const double table = static_cast<double>(m.vocabulary) * static_cast<double>(m.hidden);
  return run_parameters(m) - idle_experts(m) - embedding_parameters(m) +
         static_cast<double>(m.predicted) * table;
}

double model_flop_per_sequence(const TransformerArchitecture& m) {
  const auto s = static_cast<double>(m.sequence);
  const double attention = 3.0 * static_cast<double>(m.attention_layers()) * m.attended_share() *
                           attention_gemms(m, s, static_cast<double>(m.heads)).flop();
  const double states = 3.0 * s * static_cast<double>(m.state_space.layers) *
                        (m.state_space.layers > 0 ? state_space_work(m.state_space).flop : 0.0);
  return 6.0 * s * multiplied_parameters(m) + attention + states;
}

}  // namespace bandwright
