// Points on networks beside layer tables: other tools' files and collectives. A row is what `simulate` and
// `optimize` say of the same job.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "experiment/evaluation.h"
#include "study/export.h"
#include "study/job/bandwidths.h"
#include "study/job/job_options.h"
#include "study/optimize.h"
#include "study/simulate.h"
#include "tests/experiment/support.h"

namespace bandwright {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<Row> evaluated(const std::string& text) {
  const TemporaryFolder folder;
  ResultStore store(folder / "r.sqlite");
  evaluate_missing(experiment_of(text), store);
  std::vector<Row> rows;
  for (const Result& result : store.listed()) rows.push_back(result.row);
  return rows;
}

// The job that a row's words make, on a network: what one would type.
Job job_of(const Row& row, const std::string& network) {
  Job job{.network = network, .library = "ideal"};
  for (const auto& [name, word] : split_options(row.options)) job.*(find_job_option(name)->word) = word;
  if (row.allocation != "OwnBW") job.budget = fmt::to_string(row.budget_gb_per_s);
  if (row.source == "equal") job.allocation = "equal";
  return job;
}

double step_time_s(const Job& job, const std::string& engine) {
  return to_seconds(
      simulate(job, {.closed_form = engine == "closed-form", .fidelity = Fidelity::Auto}).result.step_time);
}

TEST(SweepOfCollectives, ARowIsWhatSimulateSays) {
  const std::vector<Row> rows = evaluated(
      "name: c\nnetworks: ['Ring(4)_Switch(8)', Switch(16)]\ncollectives: [all-reduce, all-to-all]\n"
      "sizes: [1 MiB, 64 MiB]\nchunks: [1, 8]\nengines: [event-driven, closed-form]\nbudgets: 100 GB/s\n"
      "allocations: [EqualBW, PerfOptBW]\n");
  ASSERT_EQ(rows.size(), 2U * 2 * 2 * 2 * 2 * 2);
  std::set<double> times;
  for (const Row& row : rows) {
    EXPECT_EQ(row.status, "ok") << row.reason;
    Job job = job_of(row, row.network);
    job.collective = row.model;
    EXPECT_NEAR(*row.step_time_s, step_time_s(job, row.engine), 2e-12) << point_name(row);
    EXPECT_EQ(*row.compute_time_s, 0.0);
    EXPECT_EQ(row.loop + row.recompute + row.tables, "") << "of training";
    EXPECT_FALSE(row.exposed_tp_s || row.exposed_dp_s) << "of models";
    times.insert(*row.step_time_s);
  }
  EXPECT_GT(times.size(), rows.size() / 3);
}

// On Switch(8) at b GB/s an all-reduce of S bytes takes 2 S (7/8) / b, so that PerfOptBW is EqualBW, and
// twice the bytes take twice as long.
TEST(SweepOfCollectives, TimesAreThoseOfTheBytes) {
  const std::vector<Row> rows = evaluated(
      "name: c\nnetworks: Switch(8)\ncollectives: all-reduce\nsizes: [80 MB, 160 MB]\n"
      "engines: closed-form\nbudgets: [10 GB/s, 20 GB/s]\nallocations: [EqualBW, PerfOptBW]\n");
  ASSERT_EQ(rows.size(), 8U);
  for (const Row& row : rows) {
    const double bytes = row.options == "size=80 MB" ? 80e6 : 160e6;
    EXPECT_NEAR(*row.step_time_s, 2 * bytes * 7 / 8 / (row.budget_gb_per_s * 1e9), 1e-9) << point_name(row);
    EXPECT_EQ(row.npus, 8);
    if (row.allocation == "PerfOptBW") {
      EXPECT_EQ(row.target, "all-reduce");
      EXPECT_NEAR(*row.step_time_bound_s, *row.step_time_s, 1e-6 * *row.step_time_s);
    }
  }
}

TEST(SweepOfCollectives, EveryWordIsPartOfTheIdentity) {
  const std::string plain = "name: c\nnetworks: Switch(8)\nallocations: EqualBW\n";
  const auto id = [&](const std::string& more) {
    return experiment_of(plain + more).points.front().asked.id;
  };
  std::set<std::string> ids;
  for (const char* more : {"collectives: all-reduce\nsizes: 1 MB\nbudgets: 9 GB/s\n",
                           "collectives: broadcast\nsizes: 1 MB\nbudgets: 9 GB/s\n",
                           "collectives: all-reduce\nsizes: 2 MB\nbudgets: 9 GB/s\n",
                           "collectives: all-reduce\nsizes: 1 MB\nbudgets: 8 GB/s\n",
                           "collectives: all-reduce\nsizes: 1 MB\nbandwidth: 9\n",
                           "collectives: all-reduce\nsizes: 1 MB\nbudgets: 9 GB/s\nchunks: 3\n",
                           "collectives: all-reduce\nsizes: 1 MB\nbudgets: 9 GB/s\nscheduler: themis\n",
                           "models: resnet-50-layers\nbudgets: 9 GB/s\n",
                           "models: resnet-50-layers\nbudgets: 9 GB/s\nchunks: 3\n",
                           "models: resnet-50-layers\nbudgets: 9 GB/s\nchunks: 4\n",
                           "models: resnet-50-layers\nbandwidth: 9\n"}) {
    EXPECT_TRUE(ids.insert(id(more)).second) << more;
  }
}

// Each dimension's bandwidth, as --bandwidth has it: nothing is divided.
TEST(SweepOnNetworks, BandwidthsInPlaceOfABudget) {
  const std::vector<Row> rows = evaluated(
      "name: b\nnetworks: 'Ring(4)_Switch(8)'\nmodels: resnet-50-layers\nbandwidths: ['40,10', '10,40']\n");
  ASSERT_EQ(rows.size(), 2U);
  for (const Row& row : rows) {
    EXPECT_EQ(row.allocation + " " + row.source, "OwnBW given");
    Job job = job_of(row, row.network);
    job.model = "resnet-50-layers";
    EXPECT_NEAR(*row.step_time_s, step_time_s(job, row.engine), 2e-12);
  }
  EXPECT_EQ(rows[0].bandwidth_gb_per_s, (std::vector{40.0, 10.0}));
}

class SweepOfFiles : public testing::Test {
 protected:
  SweepOfFiles() {
    const Model table = std::get<Model>(load_workload("17B", Prefer::Tables));
    const Job job{.model = "17B"};
    const std::vector tables = {table_training(job, table, Library())};
    for (const ExportFormat& format : export_formats()) {
      export_tables(tables, format.traces ? 16 : 0, format, (folder / std::string(format.name)).string());
      (format.traces ? traces : layers) = folder / std::string(format.name);
    }
    layers = std::filesystem::directory_iterator(layers)->path();
  }
  [[nodiscard]] std::string spec(const std::string& more) const {
    return fmt::format("name: f\nmodels: {}\n{}", traces.string(), more);
  }

  const TemporaryFolder folder;
  std::filesystem::path traces;
  std::filesystem::path layers;
};

TEST_F(SweepOfFiles, ARowOfTracesIsWhatSimulateSays) {
  const std::vector<Row> rows = evaluated(
      spec("networks: [Ring(16), 'Ring(4)_Switch(4)']\nbudgets: [50 GB/s, 100 GB/s]\nallocations: EqualBW\n"
           "engines: [event-driven, closed-form]\nchunks: [1, 4]\n"));
  ASSERT_EQ(rows.size(), 16U);
  for (const Row& row : rows) {
    ASSERT_EQ(row.status, "ok") << row.reason;
    Job job = job_of(row, row.network);
    job.workload = traces.string();
    job.allocation.clear();
    EXPECT_NEAR(*row.step_time_s, step_time_s(job, row.engine), 2e-12) << point_name(row);
    EXPECT_EQ(row.model, traces.string());
    EXPECT_EQ(row.loop, recorded_order);
    EXPECT_GT(*row.compute_time_s, 0.0);
  }
}

// The allocation is that of `optimize`, with the order recorded at an equal split.
TEST_F(SweepOfFiles, BudgetsOfTracesAreDividedAsOptimizeDoes) {
  const std::vector<Row> rows =
      evaluated(spec("networks: 'Ring(4)_Switch(4)'\nbudgets: 100 GB/s\nengines: closed-form\n"
                     "allocations: [EqualBW, PerfOptBW]\n"));
  ASSERT_EQ(rows.size(), 2U);
  OptimizeQuestion question;
  question.jobs = {{.workload = traces.string(), .network = "Ring(4)_Switch(4)"}};
  question.budget = Bandwidth(100.0);
  const DesignAnswer answer = optimize(question);
  const Row& best = rows[1];
  for (std::size_t d = 0; d < 2; ++d)
    EXPECT_NEAR(best.bandwidth_gb_per_s[d], answer.summary.optimum.gb_per_s[d], 1e-6);
  EXPECT_NEAR(*best.step_time_s * 1e9 / answer.summary.optimum.step_time, 1.0, 1e-9);
  EXPECT_LE(*best.step_time_s, *rows[0].step_time_s);
}

TEST_F(SweepOfFiles, LayerTextsStandBesideTables) {
  const std::vector<Row> rows = evaluated(
      fmt::format("name: l\nnetworks: Switch(64)\nworkloads: {}\nbudgets: 100 GB/s\nallocations: EqualBW\n"
                  "loops: [NoOverlap, Overlap]\n",
                  layers.string()));
  ASSERT_EQ(rows.size(), 2U);
  for (const Row& row : rows) {
    Job job{.workload = layers.string(), .network = "Switch(64)", .loop = row.loop, .budget = "100"};
    EXPECT_NEAR(*row.step_time_s, step_time_s(job, row.engine), 2e-12) << point_name(row);
  }
}

// A network's file may bring bandwidths and latencies, which hold where there is no budget.
TEST_F(SweepOfFiles, ANetworksOwnBandwidthsHoldWithoutABudget) {
  const auto network = [&](const char* bandwidth) {
    const std::string file = (folder / fmt::format("net{}.yml", bandwidth)).string();
    write_file(file,
               fmt::format("topology: [ Ring ]\nnpus_count: [ 16 ]\nbandwidth: [ {} ]\nlatency: [ 500 ]\n",
                           bandwidth));
    return file;
  };
  const std::string slow = network("25.0");
  const std::vector<Row> rows = evaluated(spec(fmt::format("networks: [{}, {}]\n", slow, network("50.0"))));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].allocation + " " + rows[0].source, "OwnBW network");
  EXPECT_EQ(rows[0].bandwidth_gb_per_s.size(), 1U);
  EXPECT_NEAR(*rows[0].step_time_s,
              step_time_s({.workload = traces.string(), .network = slow}, "event-driven"), 2e-12);
  EXPECT_LT(*rows[1].step_time_s, *rows[0].step_time_s);
}

// Traces of 16 NPUs on 32, and what other kinds of workloads have, are rows with their reason.
TEST_F(SweepOfFiles, WhatCannotBeIsARow) {
  const std::vector<Row> rows =
      evaluated(fmt::format("name: m\nnetworks: [Ring(16), Ring(32)]\nmodels: [{}, 17B]\nbudgets: 100 GB/s\n"
                            "allocations: EqualBW\nrecompute: [none, full]\n",
                            traces.string()));
  ASSERT_EQ(rows.size(), 8U);
  for (const Row& row : rows) {
    const bool possible = row.model == "17B" || (row.npus == 16 && row.recompute != "full");
    EXPECT_EQ(row.status, possible ? "ok" : "infeasible") << point_name(row) << row.reason;
    EXPECT_EQ(row.step_time_s.has_value(), possible);
    EXPECT_EQ(row.reason.empty(), possible);
  }
}

// The content counts, not the name of the file.
TEST_F(SweepOfFiles, ChangedTracesAreAnotherPoint) {
  const std::string text = spec("networks: Ring(16)\nbudgets: 100 GB/s\nallocations: EqualBW\n");
  const auto id = [&] { return experiment_of(text).points.front().asked.id; };
  const std::string before = id();
  EXPECT_EQ(id(), before);
  for (const auto& file : std::filesystem::directory_iterator(traces)) {
    if (file.path().extension() != ".et") continue;
    std::ofstream(file.path(), std::ios::app | std::ios::binary) << '\0';
    break;
  }
  EXPECT_NE(id(), before);
}

TEST_F(SweepOfFiles, RefusalsSayWhatIsMissing) {
  const auto said = [](const std::string& text) { return problem_of([&] { experiment_of(text); }); };
  EXPECT_EQ(
      said(spec("machines: dgx-h100\nnpus: 16\n")),
      fmt::format("test.yaml:2: models: {} brings a step of its own: it needs `networks`, not a machine "
                  "and `npus`",
                  traces.string()));
  EXPECT_THAT(said(spec("networks: Ring(16)\n")), HasSubstr("missing key 'budgets'"));
  EXPECT_THAT(said(spec("networks: Ring(16)\ncollectives: all-reduce\nsizes: 1 MB\nbudgets: 1 GB/s\n")),
              StartsWith("test.yaml:4: collectives: stands beside models"));
  EXPECT_THAT(said("name: x\nnetworks: 2D\nmodels: 17B\nsizes: 1 MB\nbudgets: 1 GB/s\n"),
              StartsWith("test.yaml:4: sizes: is of collectives"));
  EXPECT_THAT(said("name: x\nnetworks: 2D\ncollectives: all-reduce\nbudgets: 1 GB/s\n"),
              HasSubstr("missing key 'sizes'"));
  EXPECT_THAT(said("name: x\nnetworks: 2D\ncollectives: all-redduce\nsizes: 1 MB\nbudgets: 1 GB/s\n"),
              StartsWith("test.yaml:3: collectives: unknown collective 'all-redduce'"));
  EXPECT_THAT(said("name: x\nnpus: 8\nmodels: llama3-8b\ncollectives: all-reduce\n"),
              StartsWith("test.yaml:4: collectives: is of a network"));
  EXPECT_THAT(said("name: x\nnetworks: 2D\nmodels: 17B\nchunks: none\nbudgets: 1 GB/s\n"),
              StartsWith("test.yaml:4: chunks:"));
  EXPECT_THAT(said("name: x\nnetworks: 2D\nworkloads: inputs/npus/h100-sxm.yaml\nbudgets: 1 GB/s\n"),
              StartsWith("test.yaml:3: workloads:"));
}

}  // namespace
}  // namespace bandwright
