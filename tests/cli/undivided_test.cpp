// `estimate` of networks on images and of layer tables: the same answers as `scale simulate`, what is not
// known is null, and options that mean nothing are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/cli/refusal.h"

namespace bandwright {
namespace {

using nlohmann::json;
using testing::HasSubstr;

double number(const json& object, const char* key) { return object.at(key).get<double>(); }

// Images of all NPUs over the step; 3 x 8.2 GFLOP of an image, less the first layer's input gradient, over
// the 312 TFLOP/s of an A100; weights and gradients of 25.6 million 2-byte parameters.
TEST(EstimateUndivided, ANetworkOnImages) {
  const ScratchFolder folder;
  const json all = json_answer(
      {"estimate", "resnet-50", "--machine", "dgx-a100", "--npus", "64", "--timeline", "step.json"}, folder);
  EXPECT_EQ(all.at("item"), "images");
  EXPECT_EQ(all.at("items_per_step"), 64 * 256);
  const double step_ms = 1e3 * number(all, "step_time_s");
  EXPECT_NEAR(number(all, "items_per_s"), 64 * 256 / step_ms * 1e3, 1e-6 * number(all, "items_per_s"));
  EXPECT_NEAR(number(all, "tflop_per_s_per_npu"), number(all, "items_per_s") / 64 * 24.3e-3, 0.5);
  EXPECT_NEAR(number(all, "mfu"), number(all, "tflop_per_s_per_npu") / 312, 1e-6);
  double ms = 0.0;
  for (const json& part : all.at("breakdown")) ms += 1e3 * number(part, "exposed_s");
  EXPECT_NEAR(ms, step_ms, 1e-9 * step_ms);
  EXPECT_NEAR(number(all.at("memory")[0], "memory_bytes"), 2 * 25.6e6, 1e6);
  EXPECT_EQ(all.at("fits"), true);
  const json trace = json::parse(std::ifstream(folder.path() / "step.json"), nullptr, false);
  double end_us = 0.0;
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("ph") == "X") end_us = std::max(end_us, number(event, "ts") + number(event, "dur"));
  }
  EXPECT_NEAR(end_us, 1e3 * step_ms, 1e-6 * end_us);
}

TEST(EstimateUndivided, AgreesWithTheScalingCurve) {
  const ScratchFolder folder;
  for (const char* model : {"resnet-50", "cosmogan", "dlrm", "175b"}) {
    const char* system = std::string(model) == "cosmogan" ? "edison" : "dgx-a100";
    const json curve = json_answer({"scale", "simulate", model, "--machine", system, "--npus", "64"}, folder);
    const json one = json_answer({"estimate", model, "--machine", system, "--npus", "64"}, folder);
    EXPECT_NEAR(number(curve.at("points")[0], "step_time_s"), number(one, "step_time_s"),
                1e-12 * number(one, "step_time_s"))
        << model;
  }
}

// The loop is a word of `simulate` and `optimize`, after the model.
TEST(EstimateUndivided, TablesOnMachinesHaveTheirLoop) {
  const ScratchFolder folder;
  const Words engine = {"--npus", "256", "--engine", "closed"};
  for (const std::string loop : {"NoOverlap", "Overlap"}) {
    const json played = json_answer(extended({"simulate", "dgx-h100", "175B", loop}, engine), folder);
    EXPECT_EQ(played.at("loop"), loop);
    const json said = json_answer({"estimate", "dgx-h100", "175B", "--npus", "256", "--loop", loop}, folder);
    EXPECT_NEAR(number(played, "step_time_s"), number(said, "step_time_s"), 1e-9);
    EXPECT_EQ(json_answer({"optimize", "dgx-h100", "500", "175B", "Perf", loop, "--npus", "256"}, folder)
                  .at("loop"),
              loop);
  }
}

TEST(EstimateUndivided, WhatATableDoesNotSayIsNull) {
  const ScratchFolder folder;
  const json all = json_answer({"estimate", "dlrm", "--machine", "dgx-h100", "--npus", "64"}, folder);
  for (const char* unknown : {"mfu", "tflop_per_s_per_npu", "memory_bytes", "fits", "memory"}) {
    EXPECT_TRUE(all.at(unknown).is_null()) << unknown;
  }
  EXPECT_EQ(all.at("items_per_step"), 64);
  EXPECT_THAT(all.at("notes").dump(), HasSubstr("fixed rate"));
  EXPECT_EQ(
      json_answer({"estimate", "175b", "--machine", "dgx-h100", "--npus", "64"}, folder).at("items_per_step"),
      4);
  const Finished text = run_bandwright({"estimate", "dlrm", "--npus", "64"}, folder.path());
  EXPECT_THAT(text.out, HasSubstr("note: compute is the layer table's: times at a fixed rate"));
  EXPECT_THAT(text.out, testing::Not(HasSubstr("MFU ")));
}

TEST(EstimateUndivided, MoreBandwidthIsNeverSlower) {
  const ScratchFolder folder;
  for (const char* model : {"vgg19", "dlrm"}) {
    double before = 1e300;
    for (const char* bandwidth : {"10,1", "100,10", "300,25", "3000,250"}) {
      const json all = json_answer({"estimate", model, "--npus", "64", "--bandwidth", bandwidth}, folder);
      EXPECT_LT(number(all, "step_time_s"), before) << model << ' ' << bandwidth;
      before = number(all, "step_time_s");
    }
  }
}

TEST(EstimateUndivided, RefusesWhatMeansNothing) {
  const Words images = {"estimate", "resnet-50", "--npus", "64"};
  const Words table = {"estimate", "dlrm", "--npus", "64"};
  expect_each_refused(std::array{
      Line{extended(images, {"--tp", "1"}), "--tp is for transformers; resnet-50 is data parallel"},
      Line{extended(images, {"--micro-batch", "2"}), "--micro-batch is for transformers"},
      Line{extended(images, {"--recompute", "full"}), "--recompute is for transformers"},
      Line{extended(images, {"--tiers", "hbm-ddr"}), "--tiers is for transformers"},
      Line{extended(images, {"--global-batch", "100"}), "(nearest that do: 64, 128)"},
      Line{extended(images, {"--global-batch", "x"}), "--global-batch: 'x'"},
      Line{extended(images, {"--global-batch", "64000000000"}), "--global-batch: '64000000000'"},
      Line{extended(images, {"--precision", "fp8"}), "no fp8 matrix units"},
      Line{extended(images, {"--bandwidth", "0,5"}), "0 GB/s"},
      Line{{"estimate", "resnet-50", "--npus", "12"}, "12 NPUs"},
      Line{{"estimate", "resnet-50", "--npus", "0"}, "--npus: '0'"},
      Line{{"estimate", "resnet-50", "--npus", "8", "--machine", "edison"}, "no bf16 matrix units"},
      Line{extended(table, {"--zero", "1"}), "--zero is for transformers; dlrm is a layer table"},
      Line{extended(table, {"--precision", "fp16"}), "--precision is for transformers"},
      Line{extended(table, {"--global-batch", "64"}), "its batch cannot be set"},
      Line{{"estimate", "175b", "--npus", "8"}, "8 NPUs are no whole number of replicas of 175B (16 each)"},
      Line{{"estimate", "resnet-51", "--npus", "8"}, "did you mean 'resnet-50'"},
  });
}

}  // namespace
}  // namespace bandwright
