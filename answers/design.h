#pragma once
#include <optional>
#include <string>

#include "optimizer/design.h"
#include "report/document.h"
#include "training/estimate.h"

namespace bandwright {

// A solved design with the words it was asked in.
struct DesignAnswer {
  Design design;
  std::string solver;
  double step_gb_per_s = 0.0;       // 0: no allocation in steps
  std::string holds_for;            // what the proof takes as given; "" without
  std::optional<MemoryFit> memory;  // of a real model's job
  DesignSummary summary;
};

// How objectives are shown: "s" with a factor of 1e-9 for the optimizer's ns, "s*$", or equal-split times.
struct ObjectiveUnit {
  std::string name;
  double factor = 1.0;
};
ObjectiveUnit objective_unit(const Design& design);

// The answer of `optimize`; a row per dimension. REQUIRES a feasible design.
Document design_document(const DesignAnswer& answer, bool timing);

// Why there is no answer: one line.
std::string infeasible_text(const DesignAnswer& answer);

}  // namespace bandwright
