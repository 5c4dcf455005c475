#pragma once
#include <optional>
#include <string>
#include <vector>

#include "memory/placement.h"
#include "report/document.h"
#include "training/estimate.h"
#include "training/training_step.h"
#include "training/undivided.h"

namespace bandwright {

// Tensors of a job in two memories: how they were placed, and what that costs.
struct TwoMemories {
  TierPair tiers;
  Bytes fast;  // for tensors
  PlacementSummary placement;
  ComputeSlowdown slowdown;
};
Facts placement_facts(const TwoMemories& memories, double gap_asked);

// The answer of `estimate` for a transformer.
Document estimate_document(const TrainingJob& job, const TrainingEstimate& result,
                           const std::optional<Facts>& placement, std::vector<std::string> notes);

// A network on images or a layer table, and what of it is known.
struct UndividedAnswer {
  std::string name;
  Machine machine;
  std::int64_t npus = 1;
  std::string item;         // "images": what is counted
  std::int64_t items = 0;   // of a step, all NPUs together
  std::int64_t tensor = 1;  // NPUs of one replica
  std::string division;     // for people
  double parameters = 0.0;  // 0: not known
  std::optional<MemoryBill> memory;
  std::vector<std::string> notes;
  double items_per_s = 0.0;
  std::optional<double> tflop_per_s_per_npu;
  std::optional<double> mfu;
  double usd_per_million_items = 0.0;  // 0: the machine has no price
  double step_ns = 0.0;
  std::vector<BreakdownLine> breakdown;
};
Document estimate_document(const UndividedAnswer& answer);

}  // namespace bandwright
