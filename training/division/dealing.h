#pragma once
#include <cstdint>

#include "training/parallelism.h"

namespace bandwright {

// How l layers are dealt over p stages of v chunks each, at most l + 2 chunks: the embedding and the output
// layer can fill one each. The slowest stage has ceil(l/p) layers, in chunks of k = ceil(l/(p v)) and of k
// - 1. Where l or l + 2 divide by the chunks, all have as many; elsewhere the last stage has what the others
// leave, beside the output layer. Source: Megatron-Core, --account-for-embedding-in-pipeline-split,
// --account-for-loss-in-pipeline-split (l + 2 dealt evenly) and --pipeline-model-parallel-layout (any
// dealing); Dubey et al., "The Llama 3 herd of models" (2024), section 3.3.2.
struct Dealing {
  std::int64_t stage = 0;       // layers of the slowest stage
  std::int64_t last_stage = 0;  // of the one with the output layer
  std::int64_t chunk = 0;       // of the longest chunks: k
  std::int64_t last_chunk = 0;  // of the one with the output layer
  std::int64_t fill = 0;        // of the p - 1 chunks a micro-batch passes before it comes to the last stage
  bool even = true;             // l or l + 2 divide by the chunks
};
Dealing dealing(const TransformerArchitecture& model, const Parallelism& p);

}  // namespace bandwright
