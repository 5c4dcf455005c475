#include "experiment/evaluation.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "cost_model/bill.h"
#include "experiment/evaluate.h"
#include "tests/experiment/support.h"

namespace bandwright {
namespace {

std::vector<Result> evaluated(const Experiment& experiment, const std::filesystem::path& file,
                              const EvaluationOptions& options = {}, int threads = 1) {
  ResultStore store(file);
  Crew crew(threads);
  evaluate_missing(experiment, store, crew, options);
  return store.listed();
}

const std::string grid =
    "name: grid\nengines: closed-form\nnetworks: [2D, 4D]\nmodels: [17B, 1T]\ntargets: [17B, 1T]\n"
    "budgets: [100 GB/s, 200 GB/s]\nallocations: [EqualBW, PerfOptBW, PerfPerCostOptBW, GroupOptBW]\n";

TEST(Evaluation, DoesNotDependOnThreadsOrInterruptions) {
  const TemporaryFolder folder;
  const Experiment experiment = experiment_of(grid);
  const CsvRows once = result_rows(evaluated(experiment, folder / "1.sqlite"));
  EXPECT_EQ(once.size(), experiment.points.size() + 1);
  EXPECT_EQ(result_rows(evaluated(experiment, folder / "4.sqlite", {}, 4)), once);

  std::stop_source stop;
  evaluated(experiment, folder / "2.sqlite",
            {.stop = stop.get_token(), .on_progress = [&](std::size_t done, std::size_t) {
               if (done > 5) stop.request_stop();
             }});
  EXPECT_EQ(result_rows(evaluated(experiment, folder / "2.sqlite")), once);
}

TEST(Evaluation, ASecondRunDoesOnlyWhatIsMissing) {
  const TemporaryFolder folder;
  ResultStore store(folder / "r.sqlite");
  const Experiment experiment = experiment_of(grid);
  EXPECT_EQ(evaluate_missing(experiment, store).missing, experiment.points.size());
  EXPECT_EQ(evaluate_missing(experiment, store).missing, 0);
  EXPECT_EQ(evaluate_missing(experiment, store, {.force = true}).missing, experiment.points.size());
  // A third budget: only its points.
  const Experiment more = experiment_of(grid + "grids: [{budgets: [100 GB/s, 200 GB/s, 300 GB/s]}]\n");
  EXPECT_EQ(evaluate_missing(more, store).missing, experiment.points.size() / 2);
}

TEST(Evaluation, TwoRunsOnOneStoreAtOnceAgree) {
  const TemporaryFolder folder;
  const Experiment experiment = experiment_of(grid);
  CsvRows first;
  CsvRows second;
  {
    const std::jthread one([&] { first = result_rows(evaluated(experiment, folder / "r.sqlite")); });
    const std::jthread two([&] { second = result_rows(evaluated(experiment, folder / "r.sqlite")); });
  }
  EXPECT_EQ(first.size(), experiment.points.size() + 1);
  EXPECT_EQ(first, second);
}

TEST(Evaluation, AllocationsDoWhatTheirNamesSay) {
  const TemporaryFolder folder;
  std::map<std::string, Row> rows;
  const Experiment experiment = experiment_of(
      "name: a\nengines: closed-form\nnetworks: 4D\nmodels: [17B, 1T]\nbudgets: 325 GB/s\n"
      "allocations: [EqualBW, PerfOptBW, PerfPerCostOptBW, GroupOptBW]\n");
  for (const Result& result : evaluated(experiment, folder / "r.sqlite")) {
    rows[result.row.allocation + " " + result.row.model] = result.row;
    double spent = 0.0;
    for (const double bandwidth : result.row.bandwidth_gb_per_s) spent += bandwidth;
    EXPECT_NEAR(spent, 325.0, 1e-6);
    EXPECT_NEAR(*result.row.step_time_s, *result.row.compute_time_s + *result.row.exposed_communication_s,
                1e-6);
  }
  EXPECT_EQ(rows.at("EqualBW 1T").bandwidth_gb_per_s, std::vector(4, 81.25));
  const auto time = [&](const std::string& key) { return *rows.at(key).step_time_s; };
  const auto time_cost = [&](const std::string& key) { return time(key) * *rows.at(key).cost_usd; };
  for (const std::string model : {" 17B", " 1T"}) {
    for (const std::string other : {"EqualBW", "PerfPerCostOptBW", "GroupOptBW"}) {
      EXPECT_LE(time("PerfOptBW" + model), time(other + model) * (1 + 1e-9));
      EXPECT_LE(time_cost("PerfPerCostOptBW" + model), time_cost(other + model) * (1 + 2e-6));
    }
    // The certificate: no allocation of this budget is faster, and this one is as fast.
    const Row& best = rows.at("PerfOptBW" + model);
    EXPECT_NEAR(*best.step_time_bound_s, *best.step_time_s, *best.step_time_s * 1e-8);
    EXPECT_FALSE(rows.at("GroupOptBW" + model).step_time_bound_s);
  }
  EXPECT_LE(time("GroupOptBW 17B") + time("GroupOptBW 1T"), time("EqualBW 17B") + time("EqualBW 1T"));
}

TEST(Evaluation, SharesScaleWithTheBudgetAndCostsComeFromTheBill) {
  const TemporaryFolder folder;
  const Experiment experiment = experiment_of(
      "name: p\nengines: closed-form\nnetworks: 2D\nmodels: 17B\nbudgets: 500 GB/s\nsources: published\n"
      "allocations: PerfOptBW\n");
  const std::vector<Result> results = evaluated(experiment, folder / "r.sqlite");
  ASSERT_EQ(results.size(), 1);
  const Row& row = results[0].row;
  // Published: 87.58 and 12.42 of 100.
  ASSERT_EQ(row.bandwidth_gb_per_s.size(), 2);
  EXPECT_NEAR(row.bandwidth_gb_per_s[0], 437.9, 1e-9);
  EXPECT_NEAR(row.bandwidth_gb_per_s[1], 62.1, 1e-9);
  // Ring, Package: 1024/2 links at $4 per GB/s; switch, Pod: 1024 links, ports and NICs at $7.8 + 18 + 31.6.
  EXPECT_NEAR(*row.cost_usd, 437.9 * 512 * 4 + 62.1 * 1024 * 57.4, 1e-3);
  EXPECT_TRUE(results[0].trace.empty());
}

TEST(Evaluation, ATraceEndsAtTheCertifiedOptimum) {
  const TemporaryFolder folder;
  const Experiment experiment = experiment_of(
      "name: t\nengines: closed-form\nnetworks: 4D\nmodels: 175B\nbudgets: 325 GB/s\nallocations: "
      "PerfOptBW\n");
  const std::vector<Result> results = evaluated(experiment, folder / "r.sqlite");
  ASSERT_FALSE(results.at(0).trace.empty());
  const Iteration& last = results[0].trace.back();
  EXPECT_LE(last.objective - last.lower_bound, 1e-9 * last.objective);
  const CsvRows rows = convergence_rows(results);
  EXPECT_EQ(rows.size(), results[0].trace.size() + 1);
  EXPECT_EQ(rows[0].size(), rows[1].size());
}

}  // namespace
}  // namespace bandwright
