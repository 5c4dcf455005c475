#pragma once
#include <string>

#include "cli/output.h"
#include "cli/progress.h"
#include "study/optimize.h"

namespace bandwright {

constexpr double ms_per_ns = 1e-6;

// ms, ms*$, or without "ms" when normalised.
ObjectiveUnit objective_unit(const Design& design);

std::string design_text(const DesignAnswer& answer);
std::string design_json(const DesignAnswer& answer);
std::string design_csv(const DesignAnswer& answer);  // a row per dimension

// Why there is no answer: one line.
std::string infeasible_text(const DesignAnswer& answer);

// "325 GB/s per NPU" or "$15,000,000".
std::string budget_text(const Design& design);

}  // namespace bandwright
