#pragma once
#include "training/layers/kernels.h"
#include "training/parallelism.h"
#include "workload/architecture.h"

namespace bandwright {

// Nanoseconds one NPU computes in one pass through one block of a layer, by kind.
struct BlockCost {
  double projections = 0.0;  // matrix multiplications with weights
  double core = 0.0;         // scores, softmax, weighted values
  double streaming = 0.0;    // norms, dropout, activation functions, residuals: memory speed
  double kernels = 0.0;      // issued by the host one by one
  double hot_core = 0.0;     // of the core, in matrix units
  double idle_core = 0.0;    // of that, while they wait for the softmax and for data
  double heat = 0.0;         // the rest and projections, by the power they draw: 1 in bf16

  [[nodiscard]] double ns() const { return projections + core + streaming; }
};

// Both directions of one block: the backward pass is split into the gradient of the input and of the weights;
// before it, what of the forward pass runs again where single modules do (Parallelism::again).
struct BlockPasses {
  BlockCost forward;
  BlockCost input_gradient;
  BlockCost weight_gradient;
  BlockCost again;
};

// A layer of a model under a parallelisation, one micro-batch. With t = micro-batch x sequence / CP tokens:
//
//   projection (in, out)   a t x out x in multiplication, divided over TP; twice as much backward
//   attention core         2 t s (q + d) a / TP FLOP forward, q elements of a head in queries and keys, d in
//                          values; unfused: two batched multiplications, backward four, and the s^2 scores
//                          pass through memory five times; flash: on chip, half of it causal, backward 2 t s
//                          (3 q + 2 d) a / TP
//   streaming              norms, biases, dropout and residuals as fused by Megatron-LM: bytes per element
//                          in layer_cost.cpp
// Source: Narayanan et al. (SC 2021), Korthikanti et al. (2022) for what is divided.
struct LayerCost {
  BlockPasses attention;
  BlockPasses ffn;
};

LayerCost dense_layer_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu);
LayerCost sparse_layer_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu);

// The output layer with its loss; the embedding's lookup.
BlockPasses head_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu);
BlockPasses embedding_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu);

// Adam in mixed precision over so many parameters: reads gradient, master weight and two moments and writes
// them back with the working weight, after a pass for the gradient's norm: 36 bytes per parameter.
double optimizer_ns(const Npu& npu, double parameters);

double tokens_per_pass(const TransformerArchitecture& model, const Parallelism& p);

}  // namespace bandwright
