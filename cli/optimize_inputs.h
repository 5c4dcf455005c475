#pragma once
#include <string>
#include <vector>

#include "answers/design.h"
#include "cli/job_options.h"
#include "cli/offload.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/training_options.h"

namespace bandwright {

// `bandwright optimize` as typed.
struct OptimizeOptions {
  std::vector<std::string> words;  // positionals
  NetworkOptions network;
  WorkloadOptions workload;
  JobOptions job;
  OffloadOptions offload;
  TrainingOptions training;  // with --npus: the network is a system, the workload an architecture
  std::string budget;
  std::string target;
  std::string loop;
  std::string weights;
  bool normalize = false;
  std::vector<std::string> constraints;
  std::string solver;
  std::string step;
  bool trace = false;
  bool own_links = false;
  OutputOptions output;
};

// The question, without its answer: a layer table on a network, files of other tools, or a real model on a
// machine. Throws InputError.
DesignAnswer question_of(OptimizeOptions options);

}  // namespace bandwright
