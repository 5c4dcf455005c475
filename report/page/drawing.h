#pragma once
#include <string>

#include "report/chart.h"

namespace bandwright {

// The marks of a scale that reader's eyes like: 1, 2 or 5 times a power of ten, ascending, within the range.
std::vector<double> ticks(double from, double to, bool logarithmic, std::size_t most);

// A chart as drawings, a panel each, with its legend: what a page shows without its script, in print, and in
// a notebook. With the numbers in it, for the page's script, where asked for.
std::string chart_html(const Chart& chart, bool with_numbers);

}  // namespace bandwright
