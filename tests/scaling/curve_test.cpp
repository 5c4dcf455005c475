#include "scaling/curve.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/io/paths.h"
#include "scaling/curve_workloads.h"

namespace bandwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

ImageModel cosmogan() { return load_image_model("cosmogan"); }

Machine machine_of(const std::string& dimensions) {
  Machine machine =
      read_machine(YamlValue::parse("name: M\nnpu: {name: N, peak: {bf16: 100 TFLOP/s}, memory: 1 GB, "
                                    "memory_bandwidth: 100 GB/s, processors: "
                                    "8, constants: ideal}\ndimensions: " +
                                        dimensions + "\n",
                                    "m.yaml"));
  calibrate(machine, shipped_calibration());
  return machine;
}

Machine switch_of(const std::string& bandwidth) {
  return machine_of("[{kind: Switch, class: Pod, fabric: ideal, bandwidth: " + bandwidth + "}]");
}

constexpr const char* eight_per_node =
    "[{kind: FullyConnected, npus: 8, class: Package, fabric: ideal, bandwidth: 300 GB/s}, {kind: Switch, "
    "class: Pod, fabric: ideal, bandwidth: 25 GB/s}]";

ImageModel one_layer() {
  return read_image_model(YamlValue::parse(
      "name: one\nbatch: 10\ninput: {channels: 1000}\nlayers: [dense: {channels: 1000, bias: false}]\n",
      "m.yaml"));
}

TEST(Curve, ReducesBothNetworksSeparately) {
  // On two workers each network's gradients cross the link once each way at a latency of their own.
  Machine machine = switch_of("1 GB/s");
  machine.dimensions[0].constants.latency_us = 1e6;
  const CurveStep step = image_workload(cosmogan(), machine, 1e12).step(2, 2);
  EXPECT_NEAR(step.exposed_seconds, 2.0 + 65'633'288e-9, 1e-9);
}

TEST(Curve, IsComputePlusAllReduce) {
  // 2e6 FLOP forward and as many for the weights: 4 MFLOP per image, 10 images at 1 GFLOP/s take 40 ms.
  // Gradients of 4 MB over a switch of N at 0.1 GB/s: 2 (N-1)/N 40 ms.
  const Machine machine = switch_of("0.1 GB/s");
  const Curve curve =
      simulate_curve(image_workload(one_layer(), machine, 1e9), machine, {.workers = {1, 2, 4}});
  EXPECT_NEAR(curve.points[0].step.seconds, 0.040, 1e-12);
  EXPECT_NEAR(curve.points[1].step.seconds, 0.080, 1e-12);
  EXPECT_NEAR(curve.points[2].step.seconds, 0.100, 1e-12);
  EXPECT_NEAR(curve.points[2].items_per_second, 400, 1e-9);
  EXPECT_NEAR(curve.points[2].efficiency, 0.4, 1e-9);
  EXPECT_NEAR(curve.points[2].exposed_share, 0.6, 1e-9);
}

TEST(Curve, FindsWhereEfficiencyFallsUnderABound) {
  const Machine machine = switch_of("0.1 GB/s");
  const CurveWorkload workload = image_workload(one_layer(), machine, 1e9);
  // 1 / (1 + 2 (N-1)/N): 0.5 at 2, 0.4 at 4, 0.364 at 8, a third in the limit.
  EXPECT_EQ(simulate_curve(workload, machine, {.workers = {1, 2, 4}, .efficiency = 0.45}).under_bound_at, 4);
  EXPECT_EQ(simulate_curve(workload, machine, {.workers = {1, 2}, .efficiency = 0.37}).under_bound_at, 8);
  const Curve never = simulate_curve(workload, machine, {.workers = {1, 2}, .efficiency = 0.3});
  EXPECT_EQ(never.under_bound_at, std::nullopt);
  EXPECT_EQ(never.searched_to, max_npus);
}

TEST(Curve, MoreBandwidthIsNeverSlower) {
  double last = 0.0;
  for (const char* bandwidth : {"0.01", "0.1", "1", "10", "1000"}) {
    const Machine machine = switch_of(fmt::format("{} GB/s", bandwidth));
    const double rate = simulate_curve(image_workload(one_layer(), machine, 1e9), machine, {.workers = {16}})
                            .points[0]
                            .items_per_second;
    EXPECT_GT(rate, last);
    last = rate;
  }
}

TEST(Curve, StrongScalingDividesTheBatchAndChecksMemory) {
  Machine machine = switch_of("8 GB/s");
  machine.npu.memory_bytes = 64e9;
  const CurveWorkload workload = image_workload(cosmogan(), machine, 1e12);
  const CurveOptions options{.workers = {1, 4, 8, 16}, .mode = ScalingMode::Strong, .global_batch = 16384};
  const Curve curve = simulate_curve(workload, machine, options);
  EXPECT_EQ(curve.points[3].step.batch, 1024);
  EXPECT_FALSE(curve.points[0].fits);
  EXPECT_FALSE(curve.points[1].fits);  // 4096 images of 23.6 MB
  EXPECT_TRUE(curve.points[2].fits);
  EXPECT_THAT(curve.warnings[0],
              HasSubstr("1 workers: a batch of 16384 needs 386.8 GB on a worker of M that has 64.0 GB"));
  CurveOptions uneven = options;
  uneven.workers = {3};
  EXPECT_THROW(simulate_curve(workload, machine, uneven), InputError);
}

TEST(Curve, TablesAreWeakOnly) {
  const Machine machine = machine_of(eight_per_node);
  const CurveWorkload workload = table_workload(load_model("17b"), machine, training_loop("NoOverlap"));
  const Curve curve = simulate_curve(workload, machine, {.workers = {1, 8, 64}});
  EXPECT_GT(curve.points[1].efficiency, curve.points[2].efficiency);
  EXPECT_THROW(
      simulate_curve(workload, machine, {.workers = {8}, .mode = ScalingMode::Strong, .global_batch = 8}),
      InputError);
  const CurveWorkload parallel = table_workload(load_model("175b"), machine, training_loop("NoOverlap"));
  EXPECT_THROW(simulate_curve(parallel, machine, {.workers = {8}}), InputError);  // a replica takes 16
}

TEST(Curve, WhatCannotBeIsAPointWithAReason) {
  const Machine machine = machine_of(eight_per_node);
  const CurveWorkload workload = image_workload(one_layer(), machine, 1e9);
  const Curve curve = simulate_curve(
      workload, machine, {.workers = {1, 3, 12, 16}, .mode = ScalingMode::Strong, .global_batch = 48});
  EXPECT_THAT(curve.points[2].refused, HasSubstr("12 NPUs do not fill"));
  EXPECT_TRUE(curve.points[1].played());  // a part of a node
  EXPECT_TRUE(curve.points[3].played());
  EXPECT_THAT(curve.warnings, ElementsAre(HasSubstr("12 workers: 12 NPUs do not fill")));
}

// The same as `estimate`: the curve's division, estimated by itself.
TEST(TransformerCurve, IsTheEstimateOfItsDivision) {
  const Machine machine = load_machine("dgx-a100");
  const TransformerArchitecture model = load_architecture("gpt3-175b");
  const Parallelism given{.tensor = 8, .pipeline = 8, .sequence_parallel = true, .zero = 1};
  const Curve curve =
      simulate_curve(transformer_workload(model, machine, given), machine,
                     {.workers = {64, 512, 1000}, .mode = ScalingMode::Strong, .global_batch = 1536});
  Parallelism p = given;
  p.data = 8;
  p.global_batch = 1536;
  const TrainingEstimate expected = estimate({model, machine, p});
  const CurvePoint& point = curve.points[1];
  EXPECT_DOUBLE_EQ(point.step.seconds, expected.step_ns * 1e-9);
  EXPECT_DOUBLE_EQ(point.items_per_second, expected.tokens_per_s);
  EXPECT_EQ(point.step.batch, 192);
  EXPECT_EQ(curve.baseline, 64);
  EXPECT_DOUBLE_EQ(curve.points[0].efficiency, 1.0);
  EXPECT_THAT(curve.points[2].refused, HasSubstr("1000"));
}

TEST(CosmoGan, EdisonIsPredictedFromOneNodeAndItsJumpIsSaid) {
  const Machine edison = load_machine("edison");
  const ImageModel model = cosmogan();
  const MeasuredRates* measured = edison.find_measured(model.name);
  ASSERT_NE(measured, nullptr);
  const double flop_per_s = measured->items_per_second.at(1) * static_cast<double>(model.flops_per_image());
  const Curve curve =
      simulate_curve(image_workload(model, edison, flop_per_s), edison,
                     {.workers = {1, 2, 4, 8, 16, 32, 64, 128}, .measured = measured->items_per_second});
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_LT(std::abs(*curve.points[i].error()), 0.05) << curve.points[i].workers;
  EXPECT_NEAR(*curve.points[6].error(), -0.470, 0.0005);
  EXPECT_NEAR(*curve.points[7].error(), -0.478, 0.0005);
  EXPECT_THAT(curve.warnings,
              ElementsAre(HasSubstr("outside the model: measured 1.89x, 1.92x the one-node rate")));
  for (const CurvePoint& point : curve.points) EXPECT_TRUE(point.played());
}

// The project's README, February 2018.
TEST(CosmoGan, WhatEdisonKnowsIsWhatWasMeasured) {
  EXPECT_THAT(load_machine("edison").find_measured("cosmogan")->items_per_second,
              ElementsAre(Pair(1, 0.819), Pair(2, 1.632), Pair(4, 3.233), Pair(8, 6.563), Pair(16, 12.673),
                          Pair(32, 27.213), Pair(64, 98.861), Pair(128, 200.835)));
}

}  // namespace
}  // namespace bandwright
