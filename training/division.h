#pragma once
#include <cstdint>

#include "training/estimate.h"

namespace bandwright {

// What of a job's Parallelism is left open; the rest stands as given.
struct OpenChoices {
  bool tensor = true;       // TP: powers of two that divide the heads, up to the innermost dimension
  bool pipeline = true;     // PP: whatever divides the NPUs, up to the layers + 2 (training/parallelism.h)
  bool micro_batch = true;  // 1, 2 or 4 sequences
  bool zero = true;         // 1 with replicas, 3 where nothing else fits
  bool recompute = true;    // none, full where nothing else fits
  bool expert = true;       // EP: whatever divides the experts, and CP x DP
};

struct Division {
  Parallelism parallelism;
  TrainingEstimate estimate;
};

// The division of `job` over `npus` NPUs with the shortest step among those that fit into memory; where none
// does, the one with the smallest bill. Every combination of the open choices is estimated, so the answer is
// exact for this small set; a choice that costs time to save memory is tried only where nothing fits without.
// TP above 1 brings sequence parallelism along. DP is what TP, CP and PP leave; the global batch is the
// job's. Throws InputError, that of the first one tried, when no combination is valid.
Division fastest_division(const TrainingJob& job, std::int64_t npus, const OpenChoices& open);

}  // namespace bandwright
