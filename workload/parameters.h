#pragma once
#include "workload/architecture.h"

namespace bandwright {

// Parameters: of one dense layer, of the experts of one sparse layer, of its other parts, of the embeddings,
// in all.
double dense_layer_parameters(const TransformerArchitecture& model);
double expert_parameters(const TransformerArchitecture& model);        // of one expert
double sparse_layer_parameters(const TransformerArchitecture& model);  // without its routed experts
double embedding_parameters(
    const TransformerArchitecture& model);  // input and output, once if tied; positions
double parameters(const TransformerArchitecture& model);
double active_parameters(const TransformerArchitecture& model);  // that one token meets

// Matrix elements that a token is multiplied with: of the experts it visits, and of the output layer for each
// token it predicts.
double multiplied_parameters(const TransformerArchitecture& model);

// FLOP of forward and backward pass of one sequence without recomputation: 6 per matrix element and token,
// 6 l s^2 a (q + d) for attention, with heads of q elements in queries and keys and d in values (not halved
// for causality; less in layers with a window), and the output layer; Narayanan et al. (SC 2021), appendix:
// 72 b s l h^2 (1 + s/6h + V/12lh).
double model_flop_per_sequence(const TransformerArchitecture& model);

}  // namespace bandwright
