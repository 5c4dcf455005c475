#pragma once
#include <string_view>

namespace bandwright {

// What page.css and page.js hold, built into the program.
std::string_view page_style();
std::string_view page_script();

// The chart library (https://github.com/leeoniya/uPlot) with its licence, and its style; "" where it was not
// fetched before the build: charts are drawings then.
std::string_view chart_script();
std::string_view chart_style();

}  // namespace bandwright
