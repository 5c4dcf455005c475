#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "scaling/measure.h"

namespace bandwright {

// What a worker is to the batch system.
enum class SlurmWorker : std::uint8_t { Task, Node, Cpu };

struct SlurmOptions {
  SlurmWorker worker = SlurmWorker::Task;
  std::string partition;               // "" leaves it to the cluster
  std::string program = "bandwright";  // how the job finds this program
  std::vector<std::string>
      measure_options;  // `scale measure` options that the job repeats, beside those of the plan
};

// A script for sbatch that measures the plan inside one allocation large enough for the most workers: every
// run is a step (srun) of n workers. It resumes where it was when it is queued again. With a timeout in the
// plan the time asked for is that of all runs; otherwise the cluster's default.
std::string sbatch_script(const MeasurePlan& plan, const SlurmOptions& options);

// A script for sbatch that runs this program with those words on many MPI ranks. Throws InputError for a
// partition that is none.
std::string ranked_script(const std::vector<std::string>& words, std::int64_t tasks,
                          const std::string& partition);

// A partition's name, which becomes a line of the script that Slurm reads. Throws InputError.
std::string checked_partition(const std::string& names);

}  // namespace bandwright
