#include <gtest/gtest.h>

#include <thread>

#include "experiment/evaluate.h"
#include "tests/experiment/support.h"

namespace bandwright {
namespace {

std::vector<Result> evaluate_alone(const Experiment& experiment) {
  std::vector<Result> results;
  for (const Point& point : experiment.points) {
    const Point* const one = &point;
    for (Result& result : evaluate(std::span(&one, 1))) results.push_back(std::move(result));
  }
  return results;
}

// Threads of the standard library, which the thread sanitizer sees through, unlike a pool it did not compile:
// points are optimised and played side by side, on inputs that all of them read.
TEST(Threads, PointsAreEvaluatedSideBySide) {
  const Experiment experiment = experiment_of(
      "name: side\nnetworks: [3D, 4D]\nmodels: [17B, 175B, 1T]\nbudgets: 300 GB/s\nengines: [event-driven, "
      "closed-form]\n"
      "allocations: [EqualBW, PerfOptBW, PerfPerCostOptBW, GroupOptBW]\nsources: [optimized, published]\n");
  const std::vector<Result> expected = evaluate_alone(experiment);
  std::vector<std::vector<Result>> found(4);
  {
    std::vector<std::jthread> threads;
    for (std::vector<Result>& results : found) {
      threads.emplace_back([&] { results = evaluate_alone(experiment); });
    }
  }
  for (const std::vector<Result>& results : found) {
    ASSERT_EQ(results.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(results[i].row.step_time_s, expected[i].row.step_time_s) << expected[i].row.id;
      EXPECT_EQ(results[i].row.bandwidth_gb_per_s, expected[i].row.bandwidth_gb_per_s) << expected[i].row.id;
    }
  }
}

}  // namespace
}  // namespace bandwright
