// Sweeps over models on machines: a row is a job, and one that cannot be is a row with its reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "experiment/evaluation.h"
#include "experiment/findings.h"
#include "study/estimate.h"
#include "study/job/job_options.h"
#include "tests/experiment/support.h"

namespace bandwright {
namespace {

std::vector<Result> rows_of(const Experiment& experiment) {
  const TemporaryFolder folder;
  ResultStore store(folder / "r.sqlite");
  evaluate_missing(experiment, store);
  return store.listed();
}

const std::string real =
    "name: real\nmodels: [llama3-70b, gpt3-175b]\nmachines: [dgx-a100, dgx-h100]\nnpus: [256, 512]\n"
    "tp: [4, 8]\npp: 4\nglobal_batch: 1024\n";

TEST(SweepOfJobs, ARowIsASingleJob) {
  const std::vector<Result> results = rows_of(experiment_of(real + "sequence_parallel: [false, true]\n"));
  ASSERT_EQ(results.size(), 32u);  // 2 models x 2 machines x 2 counts x 2 TP x 2
  int fitting = 0;
  for (const Result& result : results) {
    const Row& row = result.row;
    Job job{.model = row.model == load_architecture("gpt3-175b").name ? "gpt3-175b" : "llama3-70b",
            .machine = row.machine == load_machine("dgx-a100").name ? "dgx-a100" : "dgx-h100",
            .npus = std::to_string(row.npus)};
    for (const auto& [name, word] : split_options(row.options)) job.*(find_job_option(name)->word) = word;
    const EstimateFacts facts = facts_of(estimate(job));
    EXPECT_NEAR(*row.step_time_s, facts.step_ns * 1e-9, 1e-12) << point_name(row);
    EXPECT_EQ(row.status, facts.fits ? "ok" : "does-not-fit") << point_name(row);
    EXPECT_EQ(row.reason.empty(), facts.fits) << point_name(row);
    EXPECT_NEAR(*row.memory_bytes, facts.memory_bytes, 1.0);
    fitting += facts.fits ? 1 : 0;
  }
  EXPECT_GT(fitting, 0);
  EXPECT_LT(fitting, 32);
}

TEST(SweepOfJobs, ADivisionThatCannotBeIsARowAndTheRestIsDone) {
  // 70B has 64 heads: TP 3 divides nothing; 100 NPUs are no whole number of machines of 8.
  const std::vector<Result> results = rows_of(
      experiment_of("name: x\nmodels: llama3-70b\nmachines: dgx-h100\nnpus: [64, 100]\ntp: [3, 8]\npp: 4\n"));
  ASSERT_EQ(results.size(), 4u);
  int answered = 0;
  for (const auto& [row, trace] : results) {
    const bool possible = row.npus == 64 && row.options.find("tp=8") != std::string::npos;
    EXPECT_EQ(row.status == "infeasible", !possible) << point_name(row);
    EXPECT_EQ(row.reason.empty(), row.status == "ok") << point_name(row);
    EXPECT_EQ(row.step_time_s.has_value(), possible) << point_name(row);
    answered += possible ? 1 : 0;
  }
  EXPECT_EQ(answered, 1);
}

TEST(SweepOfJobs, TheOrderOfListsChangesTheOrderOfRowsAndNothingElse) {
  std::map<std::string, Row> first;
  for (const Result& result : rows_of(experiment_of(real))) first[result.row.id] = result.row;
  const std::vector<Result> turned = rows_of(experiment_of(
      "name: other\ntp: [8, 4]\nglobal_batch: 1024\npp: 4\nnpus: [512, 256]\nmachines: [dgx-h100, dgx-a100]\n"
      "models: [gpt3-175b, llama3-70b]\n"));
  ASSERT_EQ(turned.size(), first.size());
  for (const Result& result : turned) EXPECT_EQ(result.row, first.at(result.row.id));
}

TEST(SweepOfJobs, EveryOptionIsPartOfTheIdentity) {
  const std::string id = experiment_of(real).points.front().asked.id;
  for (const std::string more :
       {"zero: 1\n", "sequence_parallel: true\n", "recompute: full\n", "micro_batch: 2\n",
        "precision: fp16\n", "engines: event-driven\n", "prices: ispass\n", "bandwidth: 300,20\n"}) {
    EXPECT_NE(experiment_of(real + more).points.front().asked.id, id) << more;
  }
  EXPECT_EQ(experiment_of(real).points.front().asked.id, id);
}

TEST(SweepOfJobs, BudgetsAreDividedAsForLayerTables) {
  const std::vector<Result> results = rows_of(experiment_of(
      "name: x\nmodels: llama3-8b\nmachines: dgx-h100\nnpus: 64\ntp: 8\nbudgets: [200 GB/s, 400 GB/s]\n"
      "allocations: [EqualBW, PerfOptBW]\n"));
  ASSERT_EQ(results.size(), 4u);
  for (const double budget : {200.0, 400.0}) {
    std::map<std::string, Row> by_rule;
    for (const auto& [row, trace] : results) {
      if (row.budget_gb_per_s == budget) by_rule[row.allocation] = row;
    }
    const Row& best = by_rule.at("PerfOptBW");
    EXPECT_LE(*best.step_time_s, *by_rule.at("EqualBW").step_time_s);
    EXPECT_LE(*best.step_time_bound_s, *best.step_time_s * (1 + 1e-9));
    EXPECT_NEAR(*best.step_time_bound_s / *best.step_time_s, 1.0, 1e-6);
  }
}

TEST(SweepOfJobs, TheCsvHasAColumnForEachOptionAndTheOldOnes) {
  const CsvRows rows = result_rows(rows_of(experiment_of(real)));
  const std::vector<std::string>& header = rows.front();
  for (const std::string name : {"id", "model", "npus", "status", "step_time_s", "machine", "reason", "tp",
                                 "pp", "global_batch", "memory_bytes"}) {
    EXPECT_EQ(std::count(header.begin(), header.end(), name), 1) << name;
  }
  const CsvRows tables =
      result_rows(rows_of(experiment_of("name: t\nengines: closed-form\nnetworks: 2D\nmodels: 17B\nbudgets: "
                                        "100 GB/s\nallocations: EqualBW\n")));
  EXPECT_EQ(std::count(tables[0].begin(), tables[0].end(), "machine"), 0);
}

TEST(SweepOfJobs, BadWordsAreErrorsAtTheirPlace) {
  const auto said = [](const std::string& text) { return problem_of([&] { experiment_of(text); }); };
  EXPECT_TRUE(said("name: x\nmodels: llama3-8b\nnpus: 8\ntp: [1, none]\n").starts_with("test.yaml:4: tp"));
  EXPECT_TRUE(said("name: x\nmodels: lama3-8b\nnpus: 8\n").starts_with("test.yaml:2: models"));
  EXPECT_NE(said("name: x\nmodels: 17B\nnetworks: 2D\nbudgets: 1 GB/s\ntp: 8\n").find("`npus` is missing"),
            std::string::npos);
  EXPECT_NE(said("name: x\nmodels: gpt3-175b\nnetworks: 2D\nbudgets: 1 GB/s\n").find("needs `machines`"),
            std::string::npos);
  EXPECT_NE(said("name: x\nmodels: llama3-8b\nnpus: 8\nvirtual_stage: 2\n").find("virtual_stages"),
            std::string::npos);
}

// 1 B/s makes a step of a month longer than the clock.
TEST(SweepOfTables, APointBeyondTheClockIsARowWithItsReason) {
  const std::vector<Result> results = rows_of(experiment_of(
      "name: onebad\nnetworks: [2D, 3D]\nmodels: [17B, 175B]\nbudgets: [1 B/s, 100 GB/s, 200 GB/s]\n"
      "allocations: [EqualBW, PerfOptBW]\n"));
  ASSERT_EQ(results.size(), 24u);
  for (const auto& [row, trace] : results) {
    EXPECT_EQ(row.status == "ok", row.budget_gb_per_s >= 100.0) << point_name(row);
    EXPECT_EQ(row.reason.empty(), row.status == "ok") << point_name(row);
  }
}

// 175B is divided over 16 NPUs of tensor parallelism: 6 are no multiple of it.
TEST(SweepOfTables, AModelThatANetworkCannotHaveIsARowWithItsReason) {
  const std::vector<Result> results = rows_of(experiment_of(
      "name: x\nnetworks: [Ring(6), Ring(16)]\nmodels: 175B\nbudgets: 100 GB/s\nallocations: EqualBW\n"));
  ASSERT_EQ(results.size(), 2u);
  for (const auto& [row, trace] : results) {
    EXPECT_EQ(row.status == "ok", row.npus == 16) << point_name(row);
    EXPECT_EQ(row.reason.empty(), row.status == "ok") << point_name(row);
  }
}

// Words that the file leaves out have no line of their own.
TEST(SweepOfTables, APointIsWhereItsBudgetStands) {
  const Experiment experiment =
      experiment_of("name: x\nnetworks: 2D\nmodels: 17B\nallocations: EqualBW\nbudgets: 100 GB/s\n");
  EXPECT_EQ(experiment.points.front().line, 5);
  const Experiment jobs = experiment_of("name: x\nmodels: llama3-8b\nnpus: 8\n");
  EXPECT_EQ(jobs.points.front().line, 3);
}

// Each price list is held against its own EqualBW: with 17B on 2D at 100 GB/s the gain of PerfPerCostOptBW is
// that of an experiment with the one list.
TEST(Findings, TwoPriceListsAreTwoLines) {
  const auto gain = [](const std::string& prices) {
    const std::vector<Result> results = rows_of(experiment_of(
        "name: p\nengines: closed-form\nnetworks: 2D\nmodels: 17B\nbudgets: 100 GB/s\nprices: " + prices +
        "\nallocations: [EqualBW, PerfPerCostOptBW]\n"));
    return aggregates(results).front().mean_perf_per_cost;
  };
  const double artifact = gain("artifact");
  const double ispass = gain("ispass");
  EXPECT_NE(artifact, ispass);
  EXPECT_NEAR(gain("[artifact, ispass]"), (artifact + ispass) / 2, 1e-9);
  EXPECT_NEAR(gain("[ispass, artifact]"), (artifact + ispass) / 2, 1e-9);
}

// Played it is slower than where all NPUs are alike, at the bandwidths that are best there, and has no bound.
TEST(SweepOfJobs, NpusThatDifferAreARowWithItsReasonInClosedForm) {
  const std::string slow = "systems: [ideal, '{name: mine, npus: [{first: 3, compute_time: 2}]}']\n";
  for (const std::string on : {"npus: 16\nmachines: dgx-h100\nmodels: llama3-8b\ntp: 4\n",
                               "networks: Ring(4)_Switch(8)\nmodels: 17B\n"}) {
    std::map<std::pair<std::string, std::string>, Row> rows;
    for (const auto& [row, trace] : rows_of(experiment_of(
             "name: x\nengines: [closed-form, event-driven]\nbudgets: 300 GB/s\nallocations: PerfOptBW\n" +
             slow + on))) {
      rows[{row.engine, row.library}] = row;
    }
    ASSERT_EQ(rows.size(), 4u);
    const Row& refused = rows.at({"closed-form", "mine"});
    EXPECT_EQ(refused.status, "infeasible");
    EXPECT_NE(refused.reason.find("have no closed form"), std::string::npos) << refused.reason;
    const Row& played = rows.at({"event-driven", "mine"});
    const Row& usual = rows.at({"event-driven", "ideal"});
    EXPECT_EQ(played.bandwidth_gb_per_s, usual.bandwidth_gb_per_s);
    EXPECT_GT(*played.step_time_s, *usual.step_time_s);
    EXPECT_FALSE(played.step_time_bound_s);
    EXPECT_TRUE(usual.step_time_bound_s);
  }
}

// Of a machine they are its own; of a network the budget in the library's unit, here 2^30 B/s, at one price.
TEST(SweepOfJobs, BandwidthsAreInGbPerSWhateverTheLibrarysUnit) {
  const auto rows = [](const std::string& on) {
    const auto results = rows_of(experiment_of("name: x\nsystems: [ideal, astra1]\n" + on));
    return std::pair(results.at(0).row, results.at(1).row);
  };
  for (const std::string more : {"", "budgets: 500 GB/s\nallocations: EqualBW\n"}) {
    const auto [ideal, astra] = rows("models: llama3-8b\nmachines: dgx-h100\nnpus: 64\ntp: 8\n" + more);
    EXPECT_EQ(astra.bandwidth_gb_per_s, ideal.bandwidth_gb_per_s) << more;
    EXPECT_EQ(astra.cost_usd, ideal.cost_usd) << more;
  }
  const auto [ideal, astra] = rows("models: 17B\nnetworks: 2D\nbudgets: 100 GB/s\nallocations: EqualBW\n");
  EXPECT_EQ(ideal.bandwidth_gb_per_s, (std::vector<double>{50, 50}));
  EXPECT_EQ(astra.bandwidth_gb_per_s, (std::vector<double>{50 * 1.073741824, 50 * 1.073741824}));
  EXPECT_EQ(astra.cost_usd, ideal.cost_usd);
}

}  // namespace
}  // namespace bandwright
