#pragma once
#include <vector>

#include "answers/charts/shown_rows.h"
#include "report/chart.h"

namespace bandwright {

// A measure of each row against EqualBW of the first network with the same budget; what is not finite is left
// out.
using Measure = double (*)(const Row& row, const Row& base);
double speedup(const Row& row, const Row& base);
double million_dollars(const Row& row, const Row& base);
double perf_per_cost_gain(const Row& row, const Row& base);

// Of every model on every network, a curve for each rule; tables of shares are dots.
void add_over_budget(Chart& chart, const ShownRows& results, Measure measure);

// Performance per cost of PerfPerCostOptBW over EqualBW, a curve for each price list. Nothing where there is
// one list.
void add_prices(Chart& chart, const std::vector<Result>& results);

}  // namespace bandwright
