#pragma once
#include <vector>

#include "experiment/store.h"
#include "report/chart.h"

namespace bandwright {

// The figures of an experiment (`bandwright list figures`) as charts of a page: all loops, and of several
// views the one that a reader chooses.
// Those that it has no points for are left out. `name` is the experiment's, for the commands that draw them
// for print.
std::vector<Chart> experiment_charts(const std::vector<Result>& results, const std::string& name);

}  // namespace bandwright
