#pragma once
#include <vector>

#include "report/chart.h"
#include "study/optimize.h"

namespace bandwright {

// How a budget is divided, before (an equal split) and after, and the steps that come of it. REQUIRES a
// feasible design.
std::vector<Chart> division_charts(const DesignAnswer& answer);

}  // namespace bandwright
