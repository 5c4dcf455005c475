#include "experiment/runner.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <chrono>
#include <iterator>
#include <mutex>

namespace bandwright {
namespace {

using Clock = std::chrono::steady_clock;

// Finished results on their way to the store.
class Outbox {
 public:
  Outbox(const Deliver& deliver, const RunOptions& options) : deliver_(deliver), options_(options) {}

  void add(std::vector<Result> results) {
    const std::lock_guard lock(mutex_);
    finished_ += results.size();
    std::move(results.begin(), results.end(), std::back_inserter(waiting_));
    const std::chrono::duration<double> waited = Clock::now() - delivered_;
    if (waited.count() >= options_.batch_seconds) send();
    if (options_.on_progress) options_.on_progress(finished_);
  }

  void flush() {
    const std::lock_guard lock(mutex_);
    send();
  }

 private:
  void send() {
    const std::vector<Result> batch = std::exchange(waiting_, {});
    if (!batch.empty()) deliver_(batch);
    delivered_ = Clock::now();
  }

  const Deliver& deliver_;
  const RunOptions& options_;
  std::mutex mutex_;
  std::vector<Result> waiting_;
  std::size_t finished_ = 0;
  Clock::time_point delivered_ = Clock::now();
};

}  // namespace

bool run_jobs(std::size_t jobs, const Work& work, const Deliver& deliver, const RunOptions& options) {
  Outbox outbox(deliver, options);
  const auto run_all = [&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, jobs, 1),
        [&](const tbb::blocked_range<std::size_t>& range) {
          for (std::size_t job = range.begin(); job != range.end(); ++job) {
            if (options.stop.stop_requested()) return;
            outbox.add(work(job));
          }
        },
        tbb::simple_partitioner());
  };
  try {
    tbb::task_arena(options.threads == 0 ? tbb::task_arena::automatic : options.threads).execute(run_all);
  } catch (...) {
    outbox.flush();
    throw;
  }
  outbox.flush();
  return !options.stop.stop_requested();
}

}  // namespace bandwright
