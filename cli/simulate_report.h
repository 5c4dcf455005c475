#pragma once
#include <string>

#include "study/simulate.h"

namespace bandwright {

std::string simulation_text(const SimulationAnswer& answer);
std::string simulation_json(const SimulationAnswer& answer);
std::string simulation_csv(const SimulationAnswer& answer);

}  // namespace bandwright
