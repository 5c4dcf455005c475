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
