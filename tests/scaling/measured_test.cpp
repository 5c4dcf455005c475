// The laws on measured series. Expected numbers: least squares of relative errors solved with a separate
// program.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "scaling/laws/fit.h"
#include "tests/scaling/measured_runs.h"
#include "training/machine.h"

namespace bandwright {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

void expect_amdahl(const std::string& name, double t1, double sigma, double rms) {
  const ScalingFit summary = fit_scaling(measured_runs(name), {});
  ASSERT_TRUE(summary.chosen);
  EXPECT_EQ(summary.chosen->curve.law->name, "amdahl") << name;
  EXPECT_NEAR(summary.chosen->curve.parameters().t1_seconds, t1, 0.005) << name;
  EXPECT_NEAR(summary.chosen->curve.parameters().sigma, sigma, 0.000005) << name;
  EXPECT_NEAR(summary.chosen->rms, rms, 0.00005) << name;
}

TEST(MeasuredSeries, AmdahlDescribesTheEmulator) {
  expect_amdahl("nodes of a cloud", 701.70, 0.02296, 0.0135);
  expect_amdahl("nodes of a cluster", 1001.04, 0.03498, 0.0242);
  expect_amdahl("one node", 435.06, 0.08628, 0.0326);
}

TEST(MeasuredSeries, LaptopPrefersUsl) {
  const ScalingFit summary = fit_scaling(measured_runs("laptop"), {});
  EXPECT_EQ(summary.chosen->curve.law->name, "usl");
  EXPECT_EQ(summary.chosen->curve.parameters().sigma, 0.0);
  EXPECT_NEAR(summary.chosen->curve.parameters().kappa, 0.01331, 0.000005);
  EXPECT_NEAR(summary.chosen->rms, 0.0440, 0.00005);
  EXPECT_NEAR(*summary.peak, 8.7, 0.05);
  EXPECT_NEAR(summary.candidates[0].fit->rms, 0.1214, 0.00005);
}

TEST(MeasuredSeries, HeldOutSixteenNodes) {
  const ScalingFit summary = fit_scaling(measured_runs("nodes of a cloud"), {.holdout = 1});
  EXPECT_NEAR(summary.held_out[0].seconds, 59.1, 0.05);
  EXPECT_NEAR(*summary.held_out[0].measured, 58.9, 0.05);
  EXPECT_LT(summary.held_out[0].range->low, 58.912);
  EXPECT_GT(summary.held_out[0].range->high, 58.912);
}

TEST(MeasuredSeries, KarpFlattOfOneNodeGrows) {
  const ScalingSeries series = measured_runs("one node");
  const double expected[] = {0.0470, 0.0482, 0.0816, 0.0826};
  for (int i = 0; i < 4; ++i) {
    const ScalingPoint& point = series.points[i + 1];
    EXPECT_NEAR(karp_flatt(series.points[0].seconds / point.seconds, point.workers), expected[i], 0.00005);
  }
}

// Images per second of cosmoGAN on 1 to 128 nodes, as inputs/machines/edison.yaml has them.
TEST(MeasuredSeries, GanHasTwoRegimes) {
  std::string text = "nodes,images_per_sec\n";
  const Machine edison = load_machine("edison");
  for (const auto& [nodes, rate] : edison.find_measured("cosmogan")->items_per_second) {
    text += fmt::format("{},{}\n", nodes, rate);
  }
  const ScalingSeries series = parse_scaling_csv(text, "cosmogan.csv", ScalingMode::Strong).at(0);
  EXPECT_EQ(series.mode, ScalingMode::Weak);
  const ScalingFit summary = fit_scaling(series, {});
  EXPECT_EQ(summary.used.size(), 6U);
  EXPECT_EQ(summary.left_out.size(), 2U);
  EXPECT_THAT(summary.warnings, Contains(HasSubstr("change of regime at 64")));
}

}  // namespace
}  // namespace bandwright
