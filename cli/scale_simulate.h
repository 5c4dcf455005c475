#pragma once
#include <string>

#include "cli/output.h"
#include "study/curve.h"

namespace bandwright {

std::string curve_text(const SimulatedCurve& answer);
std::string curve_json(const SimulatedCurve& answer);
// A cell for each number; empty where there is none.
TextTable curve_csv(const SimulatedCurve& answer);

}  // namespace bandwright
