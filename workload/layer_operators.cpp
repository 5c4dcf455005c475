#include "workload/layer_operators.h"

namespace bandwright {

ProjectionList attention_projections(const TransformerArchitecture& m) {
  const std::int64_t inner = m.heads * m.head_dim;
  if (m.latent.kv_rank > 0) {
    const auto& latent = m.latent;
    const std::int64_t queries = m.heads * m.score_dim();
    const std::int64_t keys = queries - m.heads * latent.rope_dim;
    ProjectionList all;
    if (latent.q_rank > 0) all.push_back({m.hidden, latent.q_rank});
    all.push_back({latent.q_rank > 0 ? latent.q_rank : m.hidden, queries});
    all.push_back({m.hidden, latent.kv_rank + latent.rope_dim});
    all.push_back({latent.kv_rank, keys + inner});
    all.push_back({inner, m.hidden});
    return all;
  }
  return {{m.hidden, inner + 2 * m.kv_heads * m.head_dim}, {inner, m.hidden}};
}

ProjectionList ffn_projections(const TransformerArchitecture& m, std::int64_t inner) {
  const std::int64_t in = m.ffn_kind == FfnKind::SwiGlu ? 2 * inner : inner;
  return {{m.hidden, in}, {inner, m.hidden}};
}

ProjectionList expert_projections(const TransformerArchitecture& m) {
  const std::int64_t in = m.ffn_kind == FfnKind::SwiGlu ? 2 * m.experts.ffn : m.experts.ffn;
  return {{m.expert_width(), in}, {m.experts.ffn, m.expert_width()}};
}

ProjectionList latent_projections(const TransformerArchitecture& m) {
  if (m.experts.latent == 0) return {};
  return {{m.hidden, m.experts.latent}, {m.experts.latent, m.hidden}};
}

ProjectionList state_space_projections(const TransformerArchitecture& m) {
  if (m.state_space.layers == 0) return {};
  return {{m.hidden, m.state_space.projected()}, {m.state_space.inner(), m.hidden}};
}

StateSpaceWork state_space_work(const StateSpace& space) {
  const auto inner = static_cast<double>(space.inner());
  const auto state = static_cast<double>(space.state);
  const auto chunk = static_cast<double>(space.chunk);
  const auto groups = static_cast<double>(space.groups);
  return {.flop = 2.0 * chunk * (state * groups + inner) + 4.0 * state * inner,
          .bytes = 4.0 * static_cast<double>(space.convolved()) + 14.0 * inner +
                   12.0 * state * inner / chunk + 8.0 * groups * chunk};
}

ProjectionGemms projection_gemms(const Projection& weights, double tokens, double tensor, double matrices) {
  const bool split_out = weights.out >= weights.in;
  const double in = static_cast<double>(weights.in) / (split_out ? 1.0 : tensor);
  const double out = static_cast<double>(weights.out) / (split_out ? tensor : 1.0);
  return {.forward = {tokens, out, in, matrices},
          .input_gradient = {tokens, in, out, matrices},
          .weight_gradient = {in, out, tokens, matrices}};
}

AttentionGemms attention_gemms(const TransformerArchitecture& model, double queries, double heads) {
  const auto s = static_cast<double>(model.sequence);
  const auto key = static_cast<double>(model.score_dim());
  const auto value = static_cast<double>(model.head_dim);
  return {.forward = {Gemm{queries, s, key, heads}, Gemm{queries, value, s, heads}},
          .backward = {Gemm{queries, s, value, heads}, Gemm{queries, key, s, heads},
                       Gemm{s, value, queries, heads}, Gemm{s, key, queries, heads}}};
}

}  // namespace bandwright
