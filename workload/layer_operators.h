#pragma once
#include <array>
#include <boost/container/static_vector.hpp>
#include <vector>

#include "workload/architecture.h"

namespace bandwright {

// C (m x n) = A (m x k) B (k x n), `batch` of them in one kernel.
struct Gemm {
  double m = 0.0;
  double n = 0.0;
  double k = 0.0;
  double batch = 1.0;

  [[nodiscard]] double flop() const { return 2.0 * m * n * k * batch; }
};

// What a transformer layer multiplies and what its NPUs tell each other, whoever prices it: the reference's
// tables at one constant rate (workload/transformer.h), real models with the kernels of a machine
// (training/layers/layer_cost.h). With hidden h, a heads of d, a_kv key/value heads, FFN f:
//
//   block       operators                                            TP divides
//   attention   h x (a + 2 a_kv) d; scores, weighted values; a d x h  heads
//   FFN         h x f (SwiGLU: h x 2 f); f x h                         f
//
// so that a block's outputs, and backward the gradients of its inputs, are partial sums of t x h elements for
// t tokens, which TP adds up (Shoeybi et al., Megatron-LM, 2019, section 3).
//
// A matrix of weights, `in` x `out`, that a token is multiplied with.
struct Projection {
  std::int64_t in = 0;
  std::int64_t out = 0;
  [[nodiscard]] double parameters() const { return static_cast<double>(in) * static_cast<double>(out); }
};
using ProjectionList = boost::container::static_vector<Projection, 5>;  // of one block
ProjectionList attention_projections(const TransformerArchitecture& model);
ProjectionList ffn_projections(const TransformerArchitecture& model, std::int64_t inner);
ProjectionList expert_projections(const TransformerArchitecture& model);
ProjectionList latent_projections(const TransformerArchitecture& model);  // to experts and back; or none
ProjectionList state_space_projections(const TransformerArchitecture& model);

// The multiplications of `tokens` with weights whose longer side is divided over `tensor` NPUs, in `matrices`
// equal ones.
struct ProjectionGemms {
  Gemm forward;
  Gemm input_gradient;
  Gemm weight_gradient;
};
ProjectionGemms projection_gemms(const Projection& weights, double tokens, double tensor,
                                 double matrices = 1.0);

// The attention core of so many heads, those of all sequences together, with `queries` tokens of a sequence
// against all of it. Scores are as deep as a key is wide (with its rope part), values as a value.
struct AttentionGemms {
  std::array<Gemm, 2> forward;   // scores, weighted values
  std::array<Gemm, 4> backward;  // gradients of the scores and of queries, values and keys

  [[nodiscard]] const Gemm& scores() const { return forward[0]; }
  [[nodiscard]] const Gemm& values() const { return forward[1]; }
  [[nodiscard]] double flop() const { return scores().flop() + values().flop(); }  // forward
};
// A token attends to those before it only: what must be computed of each product.
constexpr double causal_share = 0.5;
AttentionGemms attention_gemms(const TransformerArchitecture& model, double queries, double heads);

// What a state space layer computes of one token between its projections, forward, by chunks of Q tokens with
// H heads of P elements, G groups and states of N:
//
//   within a chunk  2 Q N G (scores) + 2 Q P H (what they weigh)
//   between chunks  2 N P H (into the state) + 2 N P H (out of it)
//
// and what it passes through memory with c elements convolved: 4 c (convolution), 14 P H (its kernels' inputs
// and outputs, the gate and the norm in bf16), 12 N P H / Q (the chunks' states: written, passed on and read
// in fp32, read in bf16), 8 G Q (scores of groups in fp32). Source: Dao and Gu (2024), section 6; the kernels
// of github.com/state-spaces/mamba, ops/triton/ssd_*.py.
struct StateSpaceWork {
  double flop = 0.0;
  double bytes = 0.0;
};
StateSpaceWork state_space_work(const StateSpace& space);

// Elements that TP adds up.
inline double reduced_elements(const TransformerArchitecture& model, double tokens) {
  return tokens * static_cast<double>(model.hidden);
}

}  // namespace bandwright
