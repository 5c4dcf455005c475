#pragma once
#include <string>
#include <vector>

#include "answers/simulation.h"
#include "cli/job_options.h"
#include "cli/offload.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/training_options.h"

namespace bandwright {

// `bandwright simulate` as typed.
struct SimulateOptions {
  std::vector<std::string> words;  // positionals
  NetworkOptions network;
  WorkloadOptions workload;
  JobOptions job;
  OffloadOptions offload;
  TrainingOptions training;  // with --npus: the network is a machine, the model an architecture
  std::string budget;
  std::string bandwidth;
  std::string allocation;  // "" is optimized
  std::string collective;
  std::string size;
  std::string system;  // "" is ideal
  std::string chunks;
  std::string scheduler;
  std::string engine = "event";
  std::string fidelity = "auto";
  std::string transport;   // "" is the system's
  bool force = false;      // more than the machine has
  bool no_leap = false;    // rounds that repeat are played, too
  bool own_links = false;  // also for the closed form; the event-driven engine always has them
  std::string timeline;
  OutputOptions output;
};

bool is_closed_form(const SimulateOptions& options);  // --engine; throws InputError

// What is to be played, with its network, system and bandwidths: a layer table or a collective, files of
// other tools, or a real model on a machine. Throws InputError.
SimulationAnswer simulation_of(SimulateOptions& options);

}  // namespace bandwright
