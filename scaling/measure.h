#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scaling/rates.h"
#include "scaling/run_store.h"

namespace bandwright {

// What is run at each worker count: a command in which {n} stands for the count. It also finds the count in
// BANDWRIGHT_WORKERS, and the number of threads a process may use in OMP_NUM_THREADS and the like:
//   threads 0 (usual)  n where the command has no {n} (the workers are its threads), else 1 (they are
//   processes) threads k          k
// unless `inherit_threads` leaves those variables alone. `pin` binds OpenMP threads to neighbouring cores.
struct MeasurePlan {
  std::vector<std::string> command;
  std::vector<int> workers;
  int repeats = 3;
  int warmups = 1;  // runs before those that count, at each worker count
  int threads = 0;
  bool inherit_threads = false;
  bool pin = false;
  std::optional<std::chrono::nanoseconds> timeout;  // of one run
  std::optional<RatePattern> rate;                  // what the program prints of its speed
};

// A worker count with its runs. After a run that fails, hangs or cannot be started the count's other runs are
// left out.
struct MeasuredPoint {
  int workers = 0;
  std::vector<double> seconds;  // of each run that counts
  std::int64_t peak_bytes = 0;  // of the largest process in any of them
  std::vector<double> rates;    // all that were printed in them
  std::int64_t gpu_bytes = 0;   // on the fullest GPU in any of them; 0 where there is none
  std::string failure;          // "" when all went well

  // The middle run (the mean of the middle two). REQUIRES runs.
  [[nodiscard]] double median() const;
  // (slowest - fastest) / median.
  [[nodiscard]] double spread() const;
};

// What has just happened, for whoever shows progress.
struct MeasureEvent {
  int workers = 0;
  int number = 0;  // of the run, from 1; warm-ups 0
  int done = 0;    // runs, warm-ups included
  int total = 0;
  std::string outcome;      // "12.3 s", "exit status 1"
  bool remembered = false;  // taken from the store
};

// The command at one worker count, {n} filled in, and its environment beside ours.
std::vector<std::string> command_for(const MeasurePlan& plan, int workers);
std::vector<std::pair<std::string, std::string>> environment_for(const MeasurePlan& plan, int workers);

// Runs the plan, worker count by worker count; runs found in the store are not run again. REQUIRES a command.
std::vector<MeasuredPoint> measure(const MeasurePlan& plan, RunStore& store,
                                   const std::function<void(const MeasureEvent&)>& tell);

// By what the store knows the plan's runs: the command and its environment.
std::string study_of(const MeasurePlan& plan);

}  // namespace bandwright
