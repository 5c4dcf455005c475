#pragma once
#include <optional>
#include <string>
#include <vector>

#include "simulator/closed_form/closed_form.h"
#include "simulator/scenario.h"
#include "simulator/simulate.h"
#include "study/job/job_step.h"

namespace bandwright {

// Operations of one name and kind, and what they contribute to the step.
struct CriticalPart {
  std::string operation;
  Time time;
};

struct SimulationOptions {
  bool closed_form = false;  // in place of the event-driven engine
  // Of the event-driven engine:
  Fidelity fidelity = Fidelity::Auto;
  std::optional<NetworkModel> transport;  // what messages share; nothing: as the library says
  RoutingOptions routing;                 // over a network as it is built
  int seeds = 1;                          // runs with the routing's seed and those after it
  std::optional<std::uint64_t> shuffle;   // NPUs take the places of the network in an order by this seed
  bool force = false;                     // more than the machine has
  bool no_leap = false;                   // rounds that repeat are played, too
  // Of an answer for people: the longest operations, and what it leaves out. A sweep has many and shows none.
  bool explain = true;
};

// Step times over several seeds.
struct SeedSpread {
  int seeds = 0;
  Time mean;
  Time least;
  Time most;
};

// A step as an engine played it.
struct SimulationAnswer : JobStep {
  std::string engine;
  std::string fidelity;                // folded or full; "" in closed form
  std::string transport;               // what messages share; "" in closed form
  std::string prices;                  // name of the list
  std::vector<double> bandwidth;       // in the library's unit
  StepResult result;                   // of the first seed
  std::optional<SeedSpread> spread;    // where there are several
  std::vector<CriticalPart> critical;  // the longest first
  std::optional<double> cost_usd;      // nothing when a price is missing
  double wall_time_ms = 0.0;           // of the engine alone

  [[nodiscard]] std::vector<double> gb_per_s() const;  // the bandwidths, whatever the library's unit
};

// Throws InputError. Where `timeline` is not null it becomes the step's, of answer.graph.
SimulationAnswer simulate(const Job& job, const SimulationOptions& options, Timeline* timeline = nullptr,
                          const Watch& watch = {});

// Of a step at hand, at bandwidths in the library's unit; without prices.
SimulationAnswer simulate(JobStep step, std::vector<double> bandwidth, const SimulationOptions& options,
                          Timeline* timeline = nullptr, const Watch& watch = {});

// An operation for people: "attention forward: all-reduce".
std::string operation_name(const Step& graph, const Operation& operation);

// At a job's prices; nothing when one is missing.
std::optional<double> network_cost(const Network& network, const PriceList& prices,
                                   const std::vector<double>& gb_per_s);

}  // namespace bandwright
