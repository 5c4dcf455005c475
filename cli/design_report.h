#pragma once
#include <optional>
#include <string>

#include "cli/output.h"
#include "cli/progress.h"
#include "optimizer/design.h"
#include "training/estimate.h"

namespace bandwright {

constexpr double ms_per_ns = 1e-6;

// A solved design with the words it was asked in.
struct DesignAnswer {
  Design design;
  std::string solver;
  double step_gb_per_s = 0.0;       // 0: no allocation in steps
  std::string holds_for;            // what the proof takes as given; "" without
  std::optional<MemoryFit> memory;  // of a real model's job
  DesignSummary summary;
};

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
