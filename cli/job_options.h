#pragma once
#include <CLI/App.hpp>
#include <string>

#include "experiment/job.h"

namespace bandwright {

// Files of other tools in place of a model and a network: --workload with --groups, --communicator, --memory
// and --group-route; --network (and --libra) with a file of any format.
struct JobOptions {
  JobFiles files;
  std::string route;  // "" is the usual one
};
void add_job_options(CLI::App& command, JobOptions& options);

// In place of a training loop's name, for traces.
constexpr std::string_view recorded_order = "recorded order";

// The job, with a progress line on a terminal while traces are read.
Job load(const JobOptions& options, const JobBandwidth& bandwidth);

// What was ignored, a line each, on standard error.
void show_ignored(const Job& job);

}  // namespace bandwright
