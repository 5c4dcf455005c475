#pragma once
#include <optional>
#include <string>

#include "cli/output.h"
#include "scaling/curve.h"
#include "workload/image_model.h"

namespace bandwright {

// A curve with what it was made of.
struct SimulatedCurve {
  CurveWorkload workload;
  Machine machine;
  std::optional<ImageModel> image_model;
  std::string remark;  // a sentence: how compute was calibrated, or what was chosen; "" where there is none
  CurveOptions options;
  Curve curve;
};

std::string curve_text(const SimulatedCurve& answer);
std::string curve_json(const SimulatedCurve& answer);
// A cell for each number; empty where there is none.
TextTable curve_csv(const SimulatedCurve& answer);

}  // namespace bandwright
