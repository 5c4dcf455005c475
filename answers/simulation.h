#pragma once
#include <optional>
#include <string>
#include <vector>

#include "report/document.h"
#include "simulator/closed_form.h"
#include "simulator/scenario.h"
#include "step/ranked_step.h"
#include "training/estimate.h"

namespace bandwright {

// Operations of one name and kind, and what they contribute to the step.
struct CriticalPart {
  std::string operation;
  Time time;
};

// What `bandwright simulate` shows.
struct SimulationAnswer {
  Network network;
  System system;
  Step graph;
  std::optional<TrainingJob> job;   // a real model on a machine
  std::optional<RankedStep> ranks;  // of traces: the graph NPU by NPU
  std::string loop;                 // "" for a lone collective
  std::string engine;
  std::string fidelity;           // folded or full; "" in closed form
  std::string transport;          // what messages share; "" in closed form
  std::string prices;             // name of the list
  std::vector<double> bandwidth;  // in the system's unit
  StepResult result;
  std::vector<CriticalPart> critical;  // the longest first
  std::optional<double> cost_usd;      // nothing when a price is missing
  double wall_time_ms = 0.0;           // of the engine alone
};

// The parts of the critical path.
std::vector<CriticalPart> critical_parts(const Step& graph, const StepResult& result);
std::vector<CriticalPart> critical_parts(const Step& graph, const std::vector<ClosedForm::Share>& path);

Document simulation_document(const SimulationAnswer& answer, bool timing);

}  // namespace bandwright
