#pragma once
#include <optional>
#include <vector>

#include "study/plan/plan.h"

namespace bandwright {

// The space of an answer, looked at from above: for each TP and PP of one NPU count the best of all else.
struct PlanCell {
  std::int64_t tensor = 1;
  std::int64_t pipeline = 1;
  std::optional<RankedDivision> best;      // by the answer's objective
  std::optional<RankedDivision> smallest;  // where nothing fits
};

// Of the NPU count of the answer's best; nothing of an answer without one. Cells that cannot be divided are
// left out.
std::vector<PlanCell> plan_map(const PlanQuestion& question, const PlanAnswer& answer,
                               const Watch& watch = {});

}  // namespace bandwright
