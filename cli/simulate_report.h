#pragma once
#include <optional>
#include <string>

#include "simulator/scenario.h"

namespace bandwright {

// What `bandwright simulate` shows.
struct SimulationAnswer {
  Network network;
  System system;
  StepGraph graph;
  std::string loop;  // "" for a lone collective
  std::string engine;
  std::string fidelity;           // folded or full; "" in closed form
  std::string prices;             // name of the list
  std::vector<double> bandwidth;  // in the system's unit
  StepResult result;
  std::optional<double> cost_usd;  // nothing when a price is missing
  double wall_time_ms = 0.0;       // of the engine alone
};

std::string simulation_text(const SimulationAnswer& answer);
std::string simulation_json(const SimulationAnswer& answer);
std::string simulation_csv(const SimulationAnswer& answer);

}  // namespace bandwright
