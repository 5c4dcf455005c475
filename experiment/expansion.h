#pragma once
#include <string_view>
#include <vector>

#include "experiment/specification.h"

namespace bandwright {

// The points of one grid of an experiment file, without ids: the product of its axes, the last of them the
// budget. Keys that `grid` lacks are taken from `common`. `engine` replaces the engines when it is not empty.
// Throws InputError.
std::vector<Point> expand_grid(const YamlValue& grid, const YamlValue& common, std::string_view engine,
                               ExperimentInputs& inputs);

}  // namespace bandwright
