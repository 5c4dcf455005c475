#pragma once
#include <vector>

#include "answers/charts/shown_rows.h"
#include "report/chart.h"

namespace bandwright {

// Step time over network cost, the points that nothing beats in both, and the bound that nothing is below.
void add_pareto(Chart& chart, const ShownRows& results);

// The gap between the best found and the proved bound, over the optimizer's evaluations.
void add_convergence(Chart& chart, const std::vector<Result>& results, const ShownRows& shown);

}  // namespace bandwright
