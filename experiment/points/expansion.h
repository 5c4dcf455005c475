#pragma once
#include <vector>

#include "experiment/specification.h"

namespace bandwright {

// The points of one grid of an experiment file, without ids: the product of its axes, the last of them the
// budget. Keys that `grid` lacks are taken from `common`. Throws InputError.
std::vector<Point> expand_grid(const YamlValue& grid, const YamlValue& common,
                               const EngineOverrides& overrides, ExperimentInputs& inputs);

}  // namespace bandwright
