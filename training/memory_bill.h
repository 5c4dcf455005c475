#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "training/parallelism.h"
#include "workload/architecture.h"

namespace bandwright {

// Bytes on the fullest NPU, the one of the first pipeline stage, as if it had as many layers as any: its
// lines add up to the total.
//
//   weights     2 per parameter      gradients 4 (fp32)      optimizer 12 (fp32 weight and two moments)
//               each divided over DP from ZeRO stage 3, 2 and 1 on
//   activations of one layer, with x = micro-batch x sequence / CP x hidden:
//               no recomputation  x (10 + 24/t + 5 a s / (h t)), unfused      x 34/t + ... with sequence
//               parallel selective or flash attention: without the last term           full: 2 x, one layer
//               besides x layers in flight, with l of the slowest stage (training/parallelism.h): all of a
//               replica without a pipeline; l (p + (p-1)/v) interleaved; l p for 1F1B; l x micro-batches for
//               GPipe; l/v more where another micro-batch is beside for the sake of experts
//   buffers     one gradient bucket, the gathered weights of two layers (ZeRO 3), the logits in fp32
//   allowance   what the allocator loses: 4 % of the rest, and 1.5 GiB for libraries
//
// Source: Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models" (2022),
// equations 1 to 6 and section 4.2.3; Rajbhandari et al., "ZeRO" (2020).
struct MemoryBill {
  double layer_weights = 0.0;
  double layer_gradients = 0.0;
  double layer_optimizer = 0.0;
  double embedding = 0.0;  // weights, gradients and optimizer state of the embedding
  double activations = 0.0;
  double buffers = 0.0;
  double allowance = 0.0;

  struct Line {
    std::string_view name;
    double bytes = 0.0;
  };
  [[nodiscard]] std::vector<Line> lines() const;
  [[nodiscard]] double total() const;
  [[nodiscard]] Line largest() const;
};

// Bytes kept for one layer and one micro-batch.
double layer_activations(const TransformerArchitecture& model, const Parallelism& parallelism);

MemoryBill memory_bill(const TransformerArchitecture& model, const Parallelism& parallelism);

// What would make a bill fit into `capacity` bytes, as options typed after the job's own; empty when it fits
// already or nothing tried is enough. Tried in order of their cost in time: EP, sequence parallelism, ZeRO 1,
// selective recomputation, a smaller micro-batch, full recomputation, ZeRO 3, then the smallest number of
// NPUs with more TP and PP. What is not needed in the end is taken back.
std::string remedy(const TransformerArchitecture& model, const Parallelism& parallelism, double capacity);

}  // namespace bandwright
