#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "validation/csv.h"
#include "validation/fit.h"

namespace bandwright {
namespace {

const std::filesystem::path shared = "../shared/validation";

// Mean absolute errors that the shipped constants must keep, in percent: what docs/accuracy.md says, rounded
// up.
TEST(Accuracy, StaysWithinItsTargets) {
  if (!std::filesystem::is_directory(shared)) GTEST_SKIP() << shared << " is not here";
  const Calibration constants = shipped_calibration();
  for (const DataSetKind& kind : data_set_kinds()) {
    const DataSet set = read_data_set(kind, shared / (std::string(kind.name) + ".csv"));
    std::vector<double> errors;
    for (const Measurement& row : set.rows) errors.push_back(relative_error(row, constants));
    const double allowed =
        kind.name == "megatron_sc21_table2_ptd_vs_zero3" ? 40.0 : kind.target_percent + 1.0;
    EXPECT_LT(summarize(errors).mape_percent, allowed) << kind.name;
  }
}

TEST(Summary, IsMeanMedianAndWorstOfAbsoluteErrors) {
  const ErrorSummary summary = summarize(std::vector<double>{0.1, -0.3, 0.02, 0.04});
  EXPECT_NEAR(summary.mape_percent, 11.5, 1e-9);
  EXPECT_NEAR(summary.median_percent, 7.0, 1e-9);
  EXPECT_NEAR(summary.worst_percent, 30.0, 1e-9);
}

// Rows made by the model itself are fitted exactly: what comes back are the constants that made them.
TEST(Fit, FindsTheConstantsThatMadeTheRows) {
  Calibration truth = shipped_calibration();
  const FittedConstant efficiency{"nvlink-3", "efficiency", 0.1, 1.2};
  constant(truth, efficiency) = 0.61;
  DataSet set{.name = "nccl_collectives_sample"};
  const Machine machine = load_machine("a100-80gb-roce");
  for (const double bytes : {2e6, 2e7, 2e8, 2e9}) {
    Measurement row{.label = "made up", .constants = {"nvlink-3"}};
    row.predict = [machine, bytes](const Calibration& calibration) {
      Machine calibrated = machine;
      calibrate(calibrated, calibration);
      return bytes / calibrated.dimensions[0].constants.efficiency +
             1e3 * calibrated.dimensions[0].constants.latency_us;
    };
    row.measured = row.predict(truth);
    set.rows.push_back(row);
  }
  const FitStage stage{"one", {set.name}, {efficiency, {"nvlink-3", "latency_us", 0.1, 300.0}}};
  FitSummary summary = fit_stage(stage, {set}, shipped_calibration(), 2000);
  EXPECT_LT(summary.objective, 1e-3);
  EXPECT_NEAR(constant(summary.calibration, efficiency), 0.61, 0.001);
}

TEST(Csv, KeepsCommasInQuotesAndNamesBadCells) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "bandwright_csv_test.csv";
  std::ofstream(file) << "a,b\n1,\"x, \"\"y\"\"\"\nz,2\n";
  const std::vector<CsvRow> rows = read_csv(file);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].integer("a"), 1);
  EXPECT_EQ(rows[0].text("b"), "x, \"y\"");
  EXPECT_THROW(static_cast<void>(rows[1].number("a")), InputError);
  EXPECT_THROW(static_cast<void>(rows[0].text("c")), InputError);
  std::ofstream(file) << "a,b\n1\n";
  EXPECT_THROW(read_csv(file), InputError);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace bandwright
