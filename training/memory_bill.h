#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "training/parallelism.h"
#include "workload/architecture.h"

namespace bandwright {

// Bytes on the fullest NPU: of the first or the last pipeline stage, which have as many layers as any other
// where neither holds an end in place of one, or the second; its lines add up to the total.
//
//   weights     2 per parameter; of a compiled step none beside the optimizer's, in fp32
//   gradients   4 (fp32) or 2 per parameter
//   optimizer   12 per parameter (fp32 weight and two moments), or by its kind
//               with adapters the last two of these only (training/layers/adapters.h)
//               each of the three divided over DP, or ZeRO's part of it, from ZeRO stage 3, 2 and 1 on
//   activations of one layer, with x = micro-batch x sequence / CP x hidden:
//                 no recomputation            x (10 + 24/t + 5 a s / (h t)) unfused
//                 with sequence parallel      x 34/t + the same last term
//                 selective, or flash         without the last term
//                 full                        2 x, and one layer besides
//                 single modules              without what they have made (Parallelism::again)
//               less the inputs of frozen matrices that no adapter is beside
//               2 x less without dropout (gated FFNs); with experts what each of the k copies of a token
//               needs; inputs of multiplications 1 byte instead of 2 in fp8;
//               times the layers in flight, with l of the slowest stage (training/division/dealing.h):
//                 without a pipeline          all of a replica
//                 1F1B                        l p on the first stage, l on the last
//                 interleaved                 l (p + (p-1)/v) on the first stage, l (p - (p-1)/v) on the
//                 last,
//                                             (p-3)/v in place of (p-1)/v on the second
//                 GPipe                       l x micro-batches
//               and l/v more where another micro-batch is beside for the sake of experts
//               of those that wait in the host's memory only two layers, which are being copied; a layer that
//               runs again has given its place up before the logits take theirs, or after
//   logits      of the last stage: 13 bytes each with a loss of kernel by kernel, 6 in place, 4 fused
//   gathered    ZeRO 3: the weights of two layers of the larger kind, with all local experts; compiled, of
//   two
//               matrices or of the output layer
//   buffers     workspaces of multiplications; one gradient bucket, or all gradients where those are less
//   allowance   what the allocator loses: 4 % of the rest, and 1.5 GiB for libraries; compiled, where memory
//   is
//               planned ahead, neither these nor buffers
//
// Source: Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models" (2022),
// equations 1 to 6 and section 4.2.3; Rajbhandari et al., "ZeRO" (2020).
struct MemoryBill {
  double layer_weights = 0.0;
  double layer_gradients = 0.0;
  double layer_optimizer = 0.0;
  double embedding = 0.0;  // weights, gradients and optimizer state of the embedding
  double activations = 0.0;
  double logits = 0.0;
  double gathered = 0.0;
  double buffers = 0.0;
  double allowance = 0.0;
  double again = 0.0;      // of activations: what the layer that runs again keeps of it meanwhile
  double offloaded = 0.0;  // in the host's memory, part of nothing here

  struct Line {
    std::string_view name;
    double bytes = 0.0;
  };
  [[nodiscard]] std::vector<Line> lines() const;
  [[nodiscard]] double total() const;
  [[nodiscard]] double allocated() const { return total() - allowance; }  // as tensors, at the fullest moment
  [[nodiscard]] Line largest() const;
};

// What of MemoryBill::allowance the allocator loses: bytes reserved that hold no tensor.
double fragmentation(double allocated_bytes);

// Bytes kept for one layer of the fullest stage, on average of its kinds, and one micro-batch.
double layer_activations(const TransformerArchitecture& model, const Parallelism& parallelism);

// Share of a stage's layers whose activations wait in the host's memory.
double offloaded_share(const TransformerArchitecture& model, const Parallelism& parallelism);

// The second stage: the fullest where the first has the embedding in place of a layer.
enum class StageEnd : std::uint8_t { First, Second, Last };
MemoryBill memory_bill(const TransformerArchitecture& model, const Parallelism& parallelism, StageEnd stage);
// Of the fuller one.
MemoryBill memory_bill(const TransformerArchitecture& model, const Parallelism& parallelism);

}  // namespace bandwright
