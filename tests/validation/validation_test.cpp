#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/io/csv.h"
#include "validation/fit.h"

namespace bandwright {
namespace {

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
  ConstantFit summary = fit_stage(stage, {set}, shipped_calibration(), 2000);
  EXPECT_LT(summary.objective, 1e-3);
  EXPECT_NEAR(constant(summary.calibration, efficiency), 0.61, 0.001);
}

// Two rows of one family that err alike have something in common; a row against its family stands alone.
TEST(Explanation, ComparesARowWithItsFamily) {
  DataSet set{.name = "made up"};
  for (int i = 0; i < 4; ++i) set.rows.push_back({.label = "row", .measured = 1.0, .family = "small ones"});
  const Calibration none;
  EXPECT_EQ(explain(set, std::vector<double>{0.3, 0.2, 0.3, 0.2}, 0, none),
            "the 3 others of small ones are off by +23 %: all are faster than the model");
  EXPECT_EQ(explain(set, std::vector<double>{-0.3, 0.0, 0.0, 0.03}, 0, none),
            "the 3 others of small ones are off by +1 %: this row stands alone");
  set.rows.resize(1);
  EXPECT_EQ(explain(set, std::vector<double>{-0.3}, 0, none), "the only row of small ones");
}

// Every row is in one half: fitted or held.
TEST(Halves, HoldHalfOfEachSetAndForgetTheShippedConstants) {
  DataSet set{.name = "nccl_collectives_sample"};
  for (int i = 0; i < 7; ++i) {
    Measurement row{.label = std::to_string(i), .measured = 1000.0, .constants = {"nvlink-3"}};
    row.predict = [](const Calibration& calibration) {
      for (const auto& [name, fabric] : calibration.fabrics) {
        if (name == "nvlink-3") return 500.0 / fabric.efficiency;
      }
      return 0.0;
    };
    set.rows.push_back(row);
  }
  const Halves halves = fit_half({set}, shipped_calibration(), 1, 400);
  ASSERT_EQ(halves.held.size(), 1U);
  EXPECT_EQ(halves.held[0].rows.size(), 4U);
  for (const Measurement& row : halves.held[0].rows) {
    EXPECT_NEAR(relative_error(row, halves.calibration), 0.0, 0.01);  // 500 / 0.5
  }
  // No row depends on it: the default.
  EXPECT_EQ(npu_constants(halves.calibration, "a100").sustained, NpuConstants{}.sustained);
  EXPECT_EQ(fit_half({set}, shipped_calibration(), 1, 10).held[0].rows[0].label,
            halves.held[0].rows[0].label);
}

TEST(Csv, KeepsCommasInQuotesAndNamesBadCells) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "bandwright_csv_test.csv";
  std::ofstream(file) << "a,b\n1,\"x, \"\"y\"\"\"\nz,2\n";
  const std::vector<CsvRow> rows = read_csv(file).rows;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].count("a"), 1);
  EXPECT_EQ(rows[0].text("b"), "x, \"y\"");
  EXPECT_THROW(static_cast<void>(rows[1].number("a")), InputError);
  EXPECT_THROW(static_cast<void>(rows[0].text("c")), InputError);
  std::ofstream(file) << "a,b\n1\n";
  EXPECT_THROW(read_csv(file), InputError);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace bandwright
