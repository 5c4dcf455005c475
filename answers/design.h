#pragma once
#include <string>

#include "report/document.h"
#include "study/optimize.h"

namespace bandwright {

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
