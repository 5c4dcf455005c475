// Whatever the limit and whenever the stop: a placement, and nothing claimed that was not proved.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <thread>

#include "core/io/paths.h"
#include "memory/graphs/convnet_training.h"
#include "memory/placement.h"
#include "tests/memory/random_graph.h"

namespace bandwright {
namespace {

constexpr std::array<std::string_view, 3> programs = {"static", "synchronous", "asynchronous"};

PlacementProblem shipped(std::string_view network) {
  TierPair tiers = load_tiers("dram-pmm");
  TrainingGraph graph = training_graph(load_image_model(network), tiers);
  const Bytes limit = bytes(peak_live(graph).value() / 5);
  return {std::move(graph), std::move(tiers), limit};
}

double unsearched_ns(const PlacementProblem& problem) {
  return std::min(place(problem, find_policy("first-touch"), {}).ns,
                  place(problem, find_policy("all-slow"), {}).ns);
}

void expect_honest(const PlacementProblem& problem, const PlacementSummary& summary) {
  ASSERT_TRUE(summary.found());
  EXPECT_EQ(summary.reason, "");
  EXPECT_NE(summary.status, PlacementStatus::Infeasible);
  EXPECT_LE(summary.ns, unsearched_ns(problem) * (1 + 1e-9));
  EXPECT_GE(summary.bound_ns, place(problem, find_policy("all-fast"), {}).ns * (1 - 1e-9));
  EXPECT_LE(summary.bound_ns, summary.ns);
  ASSERT_TRUE(summary.replay);
  EXPECT_EQ(summary.replay->fault, "");
  ASSERT_TRUE(summary.placed);
  EXPECT_EQ(summary.placed->replay.fault, "");
  EXPECT_LE(summary.placed->addresses.high_water, problem.fast_limit);
}

std::vector<std::string> placeable_networks() {
  std::vector<std::string> names = input_names("models/images");
  std::erase(names, "cosmogan");  // a pair of networks
  return names;
}

class Shipped : public ::testing::TestWithParam<std::string> {};
std::string test_name(const ::testing::TestParamInfo<std::string>& network) {
  std::string name = network.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Networks, Shipped, ::testing::ValuesIn(placeable_networks()), test_name);

TEST_P(Shipped, WithoutTimeGivesWhatNeedsNone) {
  const PlacementProblem problem = shipped(GetParam());
  for (const std::string_view policy : programs) {
    SCOPED_TRACE(policy);
    const PlacementSummary summary = place(problem, find_policy(policy), {.time_limit_seconds = 0.0});
    expect_honest(problem, summary);
    EXPECT_EQ(summary.status, PlacementStatus::TimeLimit);
    EXPECT_NEAR(summary.ns, unsearched_ns(problem), 1e-6 * summary.ns);
  }
}

TEST_P(Shipped, StoppedBeforeItBeginsGivesWhatNeedsNoSearch) {
  const PlacementProblem problem = shipped(GetParam());
  std::stop_source stop;
  stop.request_stop();
  for (const std::string_view policy : programs) {
    SCOPED_TRACE(policy);
    const PlacementSummary summary = place(problem, find_policy(policy), {.stop = stop.get_token()});
    expect_honest(problem, summary);
    EXPECT_EQ(summary.status, PlacementStatus::Interrupted);
    EXPECT_NEAR(summary.ns, unsearched_ns(problem), 1e-6 * summary.ns);
  }
}

// Where in the solver these end depends on the machine; what must hold does not.
TEST_P(Shipped, IsHonestAtAnyLimit) {
  const PlacementProblem problem = shipped(GetParam());
  for (const double seconds : {0.01, 0.1, 0.4}) {
    SCOPED_TRACE(seconds);
    PlacementOptions options{.time_limit_seconds = seconds};
    double before = never;
    for (const std::string_view policy : {"static", "synchronous"}) {
      SCOPED_TRACE(policy);
      const PlacementSummary summary = place(problem, find_policy(policy), options);
      expect_honest(problem, summary);
      EXPECT_LE(summary.ns, before);
      before = summary.ns;
      options.found.push_back(std::make_shared<PlacementSummary>(summary));
    }
  }
}

TEST_P(Shipped, IsHonestWheneverStopped) {
  const PlacementProblem problem = shipped(GetParam());
  for (const int ms : {3, 60, 300}) {
    SCOPED_TRACE(ms);
    std::stop_source stop;
    const std::jthread user([&stop, ms] {
      std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      stop.request_stop();
    });
    const PlacementSummary summary =
        place(problem, find_policy("synchronous"), {.gap = 0.0, .stop = stop.get_token()});
    expect_honest(problem, summary);
  }
}

double processor_seconds(clockid_t of) {
  timespec time{};
  ::clock_gettime(of, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// The solver hears a stop only now and then: it works on a thread of its own, which its caller can leave.
TEST(Limits, TheSolverIsOnlyWaitedFor) {
  const PlacementProblem problem = shipped("resnet-200");
  const double before = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const double own_before = processor_seconds(CLOCK_THREAD_CPUTIME_ID);
  static_cast<void>(place(problem, find_policy("static"), {.gap = 0.0, .time_limit_seconds = 2.0}));
  const double all = processor_seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
  EXPECT_LT(processor_seconds(CLOCK_THREAD_CPUTIME_ID) - own_before, 0.5 * all);
}

TEST(Limits, AStopBetweenStagesKeepsWhatTheSimplerFound) {
  const PlacementProblem problem = shipped("vgg19");
  std::stop_source stop;
  const PlacementOptions options{.stop = stop.get_token(), .on_stage = [&stop](std::string_view stage) {
                                   if (stage == "synchronous") stop.request_stop();
                                 }};
  const PlacementSummary summary = place(problem, find_policy("asynchronous"), options);
  expect_honest(problem, summary);
  EXPECT_EQ(summary.status, PlacementStatus::Interrupted);
  const PlacementSummary fixed = place(problem, find_policy("static"), {});
  EXPECT_NEAR(summary.ns, fixed.ns, 1e-3 * fixed.ns);
}

// The only placement fetches t (programs_test.cpp): nothing that needs no search is one.
TEST(Limits, WithoutAPlacementTheLimitIsNamedAndNothingIsCalledInfeasible) {
  PlacementProblem problem{.tiers = test_tiers(), .fast_limit = page};
  problem.graph.tensors = {{"t", page}};
  problem.graph.kernels = {
      {.name = "a", .arguments = {0}, .outputs_from = 0, .fast_ns = never, .measured = {{1, 100}}},
      {.name = "b", .arguments = {0}, .outputs_from = 1, .fast_ns = 50, .measured = {{0, 50}}}};
  for (const std::string_view policy : programs) {
    const PlacementSummary late = place(problem, find_policy(policy), {.time_limit_seconds = 0.0});
    EXPECT_FALSE(late.found());
    EXPECT_EQ(late.status, PlacementStatus::TimeLimit);
    EXPECT_EQ(late.reason, "time limit before a placement was found");
    std::stop_source stop;
    stop.request_stop();
    const PlacementSummary stopped = place(problem, find_policy(policy), {.stop = stop.get_token()});
    EXPECT_FALSE(stopped.found());
    EXPECT_EQ(stopped.status, PlacementStatus::Interrupted);
    EXPECT_EQ(stopped.reason, "interrupted before a placement was found");
  }
}

}  // namespace
}  // namespace bandwright
