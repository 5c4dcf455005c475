#pragma once
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "experiment/store.h"

namespace bandwright {

// Independent pieces of work on a pool of threads, their results handed on in batches. The runner knows
// neither what a job computes nor where results go; ranks of MPI that take job numbers from a counter and
// send their results to rank 0 could stand in its place.
using Work = std::function<std::vector<Result>(std::size_t job)>;  // 0 .. jobs - 1; called from several
                                                                   // threads at once
using Deliver = std::function<void(const std::vector<Result>&)>;   // called by one thread at a time

struct RunOptions {
  int threads = 0;             // 0: one per core
  double batch_seconds = 0.2;  // results wait at most about this long for delivery
  std::stop_token stop;        // no new job begins; what is finished is delivered
  std::function<void(std::size_t finished_results)> on_progress;  // called by one thread at a time
};

// True when all jobs ran, false when it was stopped. The first exception of a job or of `deliver` stops the
// others and is thrown on, after everything finished was delivered.
bool run_jobs(std::size_t jobs, const Work& work, const Deliver& deliver, const RunOptions& options = {});

}  // namespace bandwright
