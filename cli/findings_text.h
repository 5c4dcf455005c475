#pragma once
#include <string>
#include <vector>

#include "cli/output.h"
#include "experiment/findings.h"

namespace bandwright {

// Findings as tables for `table` and the report.
TextTable aggregates_table(const std::vector<Result>& results);
TextTable losses_table(const std::vector<Result>& results);
// Optimal bandwidths: one line per model and loop of an experiment with EqualBW and PerfOptBW.
TextTable optima_table(const std::vector<Result>& results);
// Jobs on machines, a row each.
TextTable jobs_table(const std::vector<Result>& results);

// Findings as sentences with numbers.
std::vector<std::string> sentences(const std::vector<Result>& results);

}  // namespace bandwright
