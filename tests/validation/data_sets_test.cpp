// Files of measurements, folders of them, and constants fitted on them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/io/files.h"
#include "core/yaml.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"
#include "training/collective_time.h"
#include "validation/data_set.h"
#include "validation/fit.h"
#include "validation/kernel_sets.h"
#include "validation/read_rows.h"
#include "validation/write_calibration.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string gemm_header = "system,m,n,k,latency_ms\n";

std::vector<DataSet> sets_in(const TemporaryFolder& folder, const std::string& name,
                             const std::string& text) {
  write_whole(folder / name, text);
  return read_data_sets(folder / name);
}

// A machine that nobody describes is not compared; empty shapes neither; a shape beyond all is a reason.
TEST(KernelSets, RowsOfMultiplications) {
  const TemporaryFolder folder;
  const std::vector<DataSet> sets =
      sets_in(folder, "gemm_bf16_sample.csv",
              gemm_header + "a100_sxm,1024,1024,1024,0.02\nabacus,1,1,1,1\nh100_sxm,0,8,8,1\n" +
                  "h100_sxm,1e9,1e9,1e9,1\nh100_sxm,8192,8192,8192,2\n");
  ASSERT_EQ(sets.size(), 1U);
  ASSERT_EQ(sets[0].rows.size(), 2U);
  EXPECT_EQ(sets[0].rows[0].constants, std::vector<std::string>{"a100"});
  EXPECT_EQ(sets[0].rows[1].measured, 2.0);
  ASSERT_EQ(sets[0].not_run.size(), 1U);
  EXPECT_EQ(sets[0].not_run[0].row, "gemm_bf16_sample.csv:5");
  EXPECT_EQ(sets[0].not_run[0].reason, "more than 1e24 FLOP");
  EXPECT_THAT(sets[0].rows[1].parts(shipped_calibration()), HasSubstr("tiles beyond what memory takes"));
}

// Bus bandwidth is what crosses a link of a ring: 2 S (n-1)/n for an all-reduce, S (n-1)/n for its halves, S
// for a broadcast. 8 NPUs at 100 GB/s, 8 MB.
TEST(KernelSets, BusBandwidthIsATime) {
  const TemporaryFolder folder;
  std::string text = "system,gpus,collective,size_bytes,busbw_GBps,tool\n";
  for (const char* name : {"all_reduce", "all_gather", "reduce_scatter", "alltoall", "broadcast", "reduce"}) {
    text += fmt::format("H100,8,{},8000000,100,nccl-tests\n", name);
  }
  const DataSet set = sets_in(folder, "nccl_busbw_ml_engineering.csv", text).at(0);
  std::vector<double> us;
  for (const Measurement& row : set.rows) us.push_back(row.measured);
  EXPECT_THAT(us, ElementsAre(140.0, 70.0, 70.0, 70.0, 80.0, 80.0));
  // PyTorch's own benchmark times its call as well; as it is measured, it is predicted.
  const DataSet python = sets_in(folder, "nccl_busbw_ml_engineering.csv",
                                 "system,gpus,collective,size_bytes,busbw_GBps,tool\nH100,8,all_reduce,"
                                 "8000000,100,all_reduce_bench.py\n")
                             .at(0);
  const Calibration constants = shipped_calibration();
  EXPECT_NEAR(python.rows[0].predict(constants) - set.rows[0].predict(constants), 25.0, 1e-9);
}

// An all-gather is called with its result, of which each NPU has a part.
TEST(KernelSets, AnAllGatherIsCalledWithItsResult) {
  const auto machine = std::make_shared<const Machine>(load_machine("dgx-h100"));
  const Measurement row = measured_collective({machine, "all_gather", 64e6, 8, 1.0});
  const Network network = machine->network(8);
  EXPECT_NEAR(row.predict(shipped_calibration()),
              1e-3 * collective_ns(*machine, network, whole_network(network),
                                   {CollectiveKind::AllGather, Bytes(8'000'000)}),
              1e-9);
  EXPECT_EQ(row.constants, std::vector<std::string>{machine->dimensions[0].constants_name});
  EXPECT_THAT(refused([&] { return measured_collective({machine, "hug", 1e6, 8, 1.0}); }), HasSubstr("hug"));
  EXPECT_THAT(refused([&] {
                return measured_collective({machine, "all_reduce", 1e16, 8, 1.0});
              }),
              HasSubstr("more than 1e15 bytes"));
}

// Near the size at which the protocol changes, from half to twice of it, a row says so.
TEST(KernelSets, RowsSayWhereTheProtocolChanges) {
  const auto machine = std::make_shared<const Machine>(load_machine("dgx-h100"));
  const auto parts = [&](double bytes) {
    return measured_collective({machine, "all_reduce", bytes, 8, 1.0}).parts(shipped_calibration());
  };
  const double change = 2.5e6 * 7.0;
  for (const double near : {0.6 * change, change, 1.9 * change})
    EXPECT_THAT(parts(near), HasSubstr("changes its protocol"));
  for (const double far : {0.4 * change, 2.1 * change})
    EXPECT_THAT(parts(far), testing::Not(HasSubstr("protocol")));
}

// The largest first, those of a tenth and more.
TEST(Parts, AreTheLargestInWords) {
  EXPECT_EQ(largest_parts({{"a", 2.0}, {"b", 7.0}, {"c", 0.9}, {"d", 0.1}}), "70 % b, 20 % a");
  EXPECT_EQ(largest_parts({{"a", 1.0}, {"b", 1.0}}), "50 % a, 50 % b");
}

TEST(Summaries, OfNothingAndOfSignedErrors) {
  EXPECT_EQ(summarize({}).mape_percent, 0.0);
  const ErrorSummary summary = summarize(std::vector<double>{0.3, -0.1, -0.2});
  EXPECT_NEAR(summary.mape_percent, 20.0, 1e-9);
  EXPECT_NEAR(summary.bias_percent, 0.0, 1e-9);
  EXPECT_NEAR(summary.median_percent, 20.0, 1e-9);
  EXPECT_NEAR(summary.worst_percent, 30.0, 1e-9);
  EXPECT_NEAR(summarize(std::vector<double>{0.1, 0.3}).bias_percent, 20.0, 1e-9);
}

// All tables of all folders in the order of their files; of others why not.
TEST(Folders, AreReadInTheOrderOfTheirFiles) {
  const TemporaryFolder one;
  write_whole(one / "gemm_bf16_sample.csv", gemm_header + "a100_sxm,1024,1024,1024,0.02\n");
  write_whole(one / "a_notes.csv", "x,y\n1,2\n");
  write_whole(one / "nccl_allreduce_a100_v100.csv", "gpu,num_gpus,size_bytes,oop_time_ns\n");
  write_whole(one / "readme.txt", "no table\n");
  const FolderSets found = read_folders({one.path().string()});
  ASSERT_EQ(found.sets.size(), 1U);
  EXPECT_EQ(found.sets[0].name, "gemm_bf16_sample");
  EXPECT_THAT(found.skipped, ElementsAre("a_notes.csv: not a data set this program knows, skipped",
                                         "nccl_allreduce_a100_v100.csv: no rows to predict, skipped"));
  EXPECT_TRUE(is_data_set(one / "nccl_allreduce_a100_v100.csv"));
  EXPECT_FALSE(is_data_set(one / "a_notes.csv"));
  const TemporaryFolder empty;
  EXPECT_EQ(refused([&] { return read_folders({empty.path().string()}); }),
            fmt::format("--data: nothing to validate in '{}' (no .csv files)", empty.path().string()));
  EXPECT_THAT(refused([&] { return read_folders({(empty / "none").string()}); }),
              HasSubstr("is not a folder"));
}

// Every constant that a stage fits is there, inside of its bounds, and is its own.
TEST(FitStages, NameConstantsThatAreThere) {
  Calibration calibration = shipped_calibration();
  std::set<const double*> seen;
  for (const FitStage& stage : fit_stages()) {
    EXPECT_FALSE(stage.sets.empty()) << stage.name;
    for (const FittedConstant& each : stage.constants) {
      const double& value = constant(calibration, each);
      EXPECT_TRUE(seen.insert(&value).second) << each.kind << ' ' << each.field << " is fitted twice";
      EXPECT_LT(each.low, each.high);
      EXPECT_GE(value, each.low * (1.0 - 1e-9)) << each.kind << ' ' << each.field;
      EXPECT_LE(value, each.high * (1.0 + 1e-9)) << each.kind << ' ' << each.field;
    }
  }
  EXPECT_THAT(refused([&] {
                return constant(calibration, {"a100", "colour"});
              }),
              HasSubstr("no constant 'colour' of 'a100'"));
  EXPECT_THAT(refused([&] { return constant(calibration, {"abacus", "efficiency"}); }), HasSubstr("abacus"));
}

// Made-up rows: what is measured is `share` of a second over the efficiency of one kind of links.
DataSet made_up(std::vector<std::pair<double, std::string>> rows) {
  DataSet set{.name = "nccl_collectives_sample"};
  for (auto& [measured, configuration] : rows) {
    Measurement row{.label = "made up", .measured = measured, .constants = {"nvlink-3"}};
    row.predict = [](const Calibration& calibration) {
      Calibration copy = calibration;
      return 1.0 / constant(copy, {"nvlink-3", "efficiency"});
    };
    row.configuration = configuration;
    set.rows.push_back(std::move(row));
  }
  return set;
}

// The sum of absolute logarithms is least at the median: an outlier among five moves nothing.
TEST(Fits, AreTheMedianOfTheirRows) {
  const FitStage stage{"one", {"nccl_collectives_sample"}, {{"nvlink-3", "efficiency", 0.05, 1.5}}};
  ConstantFit found = fit_stage(stage, {made_up({{2.0, ""}, {2.1, ""}, {2.2, ""}, {1.9, ""}, {20.0, ""}})},
                                shipped_calibration(), 500);
  EXPECT_NEAR(1.0 / constant(found.calibration, stage.constants[0]), 2.1, 0.01);
  EXPECT_GT(found.evaluations, 5);
  // Bounds hold, and a set of another name has no part in it.
  found = fit_stage(stage, {made_up({{100.0, ""}})}, shipped_calibration(), 500);
  EXPECT_NEAR(constant(found.calibration, stage.constants[0]), 0.05, 1e-6);
  DataSet other = made_up({{100.0, ""}});
  other.name = "another";
  found = fit_stage(stage, {other}, shipped_calibration(), 500);
  EXPECT_EQ(found.evaluations, 0);
  Calibration shipped = shipped_calibration();
  EXPECT_EQ(constant(found.calibration, stage.constants[0]), constant(shipped, stage.constants[0]));
}

// A row that is left out is predicted from the others: of rows that agree but one, that one is off by its
// whole distance, and as two of one configuration both are.
TEST(Fits, LeaveOutWholeConfigurations) {
  Calibration at = shipped_calibration();
  const FittedConstant efficiency{"nvlink-3", "efficiency", 0.05, 1.5};
  constant(at, efficiency) = 0.5;
  const DataSet set = made_up({{2.0, "a"}, {2.0, "b"}, {2.0, "c"}, {2.1, "d"}, {2.1, "d"}});
  const std::vector<double> errors = leave_one_out({set}, 0, at);
  ASSERT_EQ(errors.size(), 5U);
  for (const std::size_t i : {0U, 1U, 2U}) EXPECT_NEAR(errors[i], 0.0, 0.03);
  for (const std::size_t i : {3U, 4U}) EXPECT_NEAR(errors[i], 2.0 / 2.1 - 1.0, 0.01);
}

// Written out and read again the constants are the same to the digits written, with where they are from.
TEST(CalibrationFiles, AreReadAsTheyAreWritten) {
  Calibration calibration = shipped_calibration();
  constant(calibration, {"nvlink-3", "efficiency"}) = 0.4321;
  const std::string text = calibration_yaml(calibration, {made_up({{2.0, ""}, {3.0, ""}})});
  Calibration read = read_calibration(YamlValue::parse(text, "calibration.yaml"));
  ASSERT_EQ(read.npus.size(), calibration.npus.size());
  ASSERT_EQ(read.fabrics.size(), calibration.fabrics.size());
  for (std::size_t i = 0; i < read.npus.size(); ++i) {
    EXPECT_EQ(read.npus[i].first, calibration.npus[i].first);
    EXPECT_NEAR(read.npus[i].second.sustained, calibration.npus[i].second.sustained, 1e-3);
    EXPECT_EQ(read.npus[i].second.source, "not fitted");
  }
  for (std::size_t i = 0; i < read.fabrics.size(); ++i) {
    const bool told = read.fabrics[i].first == "nvlink-3";
    EXPECT_EQ(read.fabrics[i].second.source, told ? "nccl_collectives_sample (2 rows)" : "not fitted");
  }
  EXPECT_EQ(constant(read, {"nvlink-3", "efficiency"}), 0.4321);
}

}  // namespace
}  // namespace bandwright
