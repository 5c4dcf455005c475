#pragma once
#include <cstdint>
#include <string_view>

#include "workload/layer_operators.h"

namespace bandwright {

constexpr std::int64_t most_rank = 65536;

// Low-rank adapters: all weights are frozen, and beside each matrix that is named, `in` x `out`, two are
// trained, `in` x rank and rank x `out`, whose product is added to what the matrix makes. Source: Hu et al.,
// "LoRA" (2021, arXiv 2106.09685), section 4.1. Rank 0: there are none, and all weights are trained.
struct Adapters {
  std::int64_t rank = 0;
  bool qkv = true;     // before attention: queries, keys and values; into state spaces
  bool output = true;  // after it; out of state spaces
  bool ffn_in = true;  // of FFNs, those of experts as well
  bool ffn_out = true;

  [[nodiscard]] bool freeze() const { return rank > 0; }  // all else
  [[nodiscard]] double parameters(const Projection& beside) const {
    return static_cast<double>(rank) * static_cast<double>(beside.in + beside.out);
  }
};

// "qkv,output": any of qkv, output, ffn-in, ffn-out, or all.
Adapters adapters(std::int64_t rank, std::string_view targets);

// What is trained: parameters of one dense layer, of one sparse layer without its routed experts, of one of
// those, and of the embedding or the output layer.
struct TrainedParameters {
  double dense_layer = 0.0;
  double sparse_layer = 0.0;
  double expert = 0.0;
  double table = 0.0;
};
TrainedParameters trained_parameters(const TransformerArchitecture& model, const Adapters& adapters);

// FLOP of forward and backward pass of one sequence: of the model (workload/architecture.h) without the
// gradients of frozen matrices, 2 per element and token, and with 6 per element of an adapter.
double trained_flop_per_sequence(const TransformerArchitecture& model, const Adapters& adapters);

}  // namespace bandwright
