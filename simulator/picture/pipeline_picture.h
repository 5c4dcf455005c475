#pragma once
#include <cstdint>
#include <vector>

#include "core/units.h"

namespace bandwright {

// How a step is divided over pipeline stages.
struct Pipeline {
  std::int64_t stages = 1;
  std::int64_t chunks = 1;  // of layers per stage: virtual stages
  std::int64_t micro_batches = 1;
};

// One micro-batch through one chunk of layers of a stage, or back.
struct StagePass {
  std::int64_t stage = 0;
  std::int64_t chunk = 0;
  std::int64_t micro_batch = 0;
  bool forward = true;
  Time start;
  Time end;
};

// What each stage does when, for people: 1F1B, or interleaved where stages have several chunks, with passes
// through a chunk of equal length. Every stage keeps its order, and a pass starts when that of the layers
// before has ended. In the order of stages and of time. Source: Narayanan et al., "Efficient Large-Scale
// Language Model Training on GPU Clusters" (2021), figure 4. Empty where the micro-batches, in rounds of as
// many as stages, cannot keep that order.
std::vector<StagePass> pipeline_passes(const Pipeline& pipeline, Time forward, Time backward);

}  // namespace bandwright
