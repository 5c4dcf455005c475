#include "experiment/runner.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

namespace bandwright {
namespace {

std::vector<Result> one_result(std::size_t job) { return {{.row = {.id = std::to_string(job)}}}; }

TEST(Runner, DeliversEveryResultOnceWhateverTheThreads) {
  for (const int threads : {1, 2, 7}) {
    std::multiset<std::string> delivered;
    std::size_t progress = 0;
    const bool complete =
        run_jobs(1000, one_result,
                 [&](const std::vector<Result>& batch) {
                   for (const Result& result : batch) delivered.insert(result.row.id);
                 },
                 {.threads = threads, .batch_seconds = 1e-4, .on_progress = [&](std::size_t done) {
                    progress = done;
                  }});
    EXPECT_TRUE(complete);
    EXPECT_EQ(progress, 1000);
    EXPECT_EQ(delivered.size(), 1000);
    EXPECT_EQ(std::set(delivered.begin(), delivered.end()).size(), 1000);
  }
}

TEST(Runner, NoJobsAreDoneAtOnce) {
  EXPECT_TRUE(run_jobs(0, one_result, [](const std::vector<Result>&) { FAIL() << "nothing to deliver"; }));
}

TEST(Runner, AStopKeepsWhatIsFinished) {
  std::stop_source stop;
  std::size_t delivered = 0;
  const bool complete = run_jobs(
      1000,
      [&](std::size_t job) {
        if (job == 0) stop.request_stop();
        return one_result(job);
      },
      [&](const std::vector<Result>& batch) { delivered += batch.size(); },
      {.threads = 1, .batch_seconds = 1e9, .stop = stop.get_token()});
  EXPECT_FALSE(complete);
  EXPECT_EQ(delivered, 1);  // one thread: the job that stopped it is the first and the last
}

TEST(Runner, AnExceptionComesThroughAfterWhatIsFinishedWasDelivered) {
  std::size_t delivered = 0;
  const auto work = [](std::size_t job) {
    if (job == 10) throw std::runtime_error("job 10");
    return one_result(job);
  };
  EXPECT_THROW(run_jobs(100, work, [&](const std::vector<Result>& batch) { delivered += batch.size(); },
                        {.threads = 1, .batch_seconds = 1e9}),
               std::runtime_error);
  EXPECT_GE(delivered, 1);
}

}  // namespace
}  // namespace bandwright
