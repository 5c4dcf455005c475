#pragma once
#include <CLI/App.hpp>
#include <functional>
#include <string>

#include "cli/console/output.h"
#include "cli/program/host.h"
#include "runner/crew.h"

namespace bandwright {

// What a launcher such as mpirun or srun may start many processes of: commands whose work is divided.
struct LaunchOptions {
  std::string jobs = "0";
  bool slurm = false;
  std::string tasks;
  std::string partition;
  const CommandLine* line = nullptr;
};
// --jobs, --slurm, --tasks, --partition.
void add_launch_options(CLI::App& command, LaunchOptions& options);

// A script for sbatch that runs the same command line on many ranks.
std::string slurm_script(const LaunchOptions& options);

// Carries out `run` with the threads of this process and of all ranks that started together. What the first
// rank throws is thrown on; another one ends in silence, as the first says what there is to say.
void with_crew(const LaunchOptions& options, const std::function<void(Crew&)>& run);

// At the start of the program: of several processes that are ranks of one command, all but the first keep
// quiet.
void keep_followers_quiet(const std::vector<std::string>& words);

}  // namespace bandwright
