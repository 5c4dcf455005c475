#pragma once
#include <string>
#include <vector>

#include "validation/data_set.h"

namespace bandwright {

// A calibration as the text of inputs/calibration.yaml, with the data sets and the number of rows each
// constant was fitted on.
std::string calibration_yaml(const Calibration& calibration, const std::vector<DataSet>& sets);

}  // namespace bandwright
