#pragma once
#include <vector>

#include "answers/charts/shown_rows.h"
#include "report/chart.h"

namespace bandwright {

// Step times on networks made for another model, over those on the model's own, in percent: means over
// budgets.
void add_slowdowns(Chart& chart, const ShownRows& results);

// How busy each dimension is at the budget in the middle, by allocation.
void add_utilization(Chart& chart, const ShownRows& results);

// Jobs on machines: the fastest of each model.
void add_steps(Chart& chart, const std::vector<Result>& results);

}  // namespace bandwright
