#pragma once
#include <string>

#include "collective/system.h"
#include "cost_model/price_list.h"
#include "topology/network.h"
#include "workload/model.h"

namespace bandwright {

// Inputs as the YAML that read_network, read_system, read_model and read_price_list read back, equal.
std::string yaml_text(const Network& network);
std::string yaml_text(const System& system);
std::string yaml_text(const Model& model);
std::string yaml_text(const PriceList& prices);

}  // namespace bandwright
