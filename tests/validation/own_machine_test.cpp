// Constants from measurements of one's own: what was measured with known constants is found again.
#include "validation/own_machine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/fields.h"
#include "core/yaml.h"
#include "tests/support/temporary_folder.h"
#include "training/layers/kernels.h"
#include "validation/kernel_sets.h"
#include "validation/training_row.h"

namespace bandwright {
namespace {

std::filesystem::path written(const TemporaryFolder& folder, const std::string& name,
                              const std::string& text) {
  std::ofstream(folder / name) << text;
  return folder / name;
}

const std::string heading =
    "# nThread 1 nGpus 8 minBytes 8388608 maxBytes 8589934592 step: 2(factor)\n"
    "# Collective test starting: all_reduce_perf\n"
    "#  Rank  0 Group  0 Pid 51 on node01 device  0 [0x1b] NVIDIA H100 80GB HBM3\n"
    "#  Rank  1 Group  0 Pid 51 on node01 device  1 [0x1c] NVIDIA H100 80GB HBM3\n"
    "#  Rank  2 Group  0 Pid 51 on node01 device  2 [0x1d] NVIDIA H100 80GB HBM3\n"
    "#  Rank  3 Group  0 Pid 51 on node01 device  3 [0x1e] NVIDIA H100 80GB HBM3\n"
    "#       size         count      type   redop    root     time   algbw   busbw #wrong\n"
    "#        (B)    (elements)                               (us)  (GB/s)  (GB/s)\n";

std::string row(double bytes, double us) {
  return fmt::format("{:12.0f} {:12.0f} float sum -1 {:.3f} 1.0 1.0 0 {:.3f} 1.0 1.0 0\n", bytes, bytes / 4,
                     us, us);
}

FabricConstants& links(Calibration& calibration, std::string_view name) {
  for (auto& [kind, constants] : calibration.fabrics) {
    if (kind == name) return constants;
  }
  throw InputError("no such links");
}

TEST(OwnMachine, ReadsWhatTheNcclTestsPrint) {
  const TemporaryFolder folder;
  const auto file =
      written(folder, "log.txt", heading + row(524288, 20) + row(8388608, 100.5) + row(16777216, 180));
  const DataSet set = read_nccl_tests(file, load_machine("dgx-h100"), "", 0);
  ASSERT_EQ(set.rows.size(), 2U);  // above 1 MiB
  EXPECT_EQ(set.rows[0].measured, 100.5);
  EXPECT_NE(set.rows[0].label.find("all_reduce of 8388608 B on 4 NPUs"), std::string::npos)
      << set.rows[0].label;
}

TEST(OwnMachine, FindsTheLinksThatWereMeasured) {
  const Machine machine = load_machine("dgx-h100");
  Calibration truth = shipped_calibration();
  links(truth, "nvlink-4") = {.efficiency = 0.6, .latency_us = 30.0, .step_us = 4.0};
  std::string log = heading;
  for (double bytes = 4 << 20; bytes < 5e9; bytes *= 2) {
    const Measurement asked =
        measured_collective({std::make_shared<const Machine>(machine), "all_reduce", bytes, 4, 1.0});
    log += row(bytes, asked.predict(truth));
  }
  const TemporaryFolder folder;
  const OwnMeasurements measured{.collectives =
                                     read_nccl_tests(written(folder, "log.txt", log), machine, "", 0)};
  const OwnMachine own = fit_own_machine(machine, measured);
  EXPECT_LT(summarize(own.after).mape_percent, 0.5);
  EXPECT_GT(summarize(own.before).mape_percent, 10.0);
  const FabricConstants& found = own.machine.dimensions[0].constants;
  EXPECT_NEAR(found.efficiency, 0.6, 0.01);
  EXPECT_EQ(own.machine.dimensions[1].own_constants, std::nullopt);  // nothing was measured of it
  EXPECT_EQ(own.machine.npu.own_constants, std::nullopt);
}

// One step that takes a quarter longer than the estimate: one constant makes it equal, and the file that is
// written says so.
TEST(OwnMachine, OneStepSetsTheSustainedSpeed) {
  const Machine machine = load_machine("dgx-h100");
  TrainingJob job{load_architecture("llama3-8b"), machine, {.micro_batch = 1, .global_batch = 64}};
  job.parallelism.data = 64;
  const double expected = training_row(job, {}, 1.0, {.scale = 1e-9}).predict(shipped_calibration());
  OwnMeasurements measured;
  measured.steps = {"own_step", "s", {training_row(job, {}, 1.25 * expected, {.scale = 1e-9})}, {}};
  const OwnMachine own = fit_own_machine(machine, measured);
  ASSERT_EQ(own.constants.size(), 1U);
  EXPECT_EQ(own.constants[0].field, "sustained");
  EXPECT_LT(own.constants[0].after, own.constants[0].before);
  EXPECT_NEAR(own.before[0], -0.2, 1e-9);  // 1 / 1.25 - 1
  EXPECT_NEAR(own.after[0], 0.0, 2e-3);
  const TemporaryFolder folder;
  const auto file = written(folder, "ours.yaml", machine_fields().file_text(own.machine));
  const Machine read = load_machine(file.string());
  EXPECT_EQ(read.npu.constants.sustained, own.machine.npu.constants.sustained);
  job.machine = read;
  const double again = training_row(job, {}, 1.0, {.scale = 1e-9}).predict(shipped_calibration());
  EXPECT_NEAR(again, 1.25 * expected, 2e-3 * expected);
}

TEST(OwnMachine, MultiplicationsSetTheNpu) {
  const Machine machine = load_machine("dgx-a100");
  Npu slower = machine.npu;
  slower.constants.gemm_efficiency = 0.7;
  slower.constants.kernel_overhead_us = 6.0;
  std::string table = "m,n,k,latency_us\n";
  for (const int size : {256, 512, 1024, 2048, 4096, 8192}) {
    const double n = size;
    table += fmt::format("{0},{0},{0},{1}\n", size, gemm_ns(slower, Precision::Bf16, {n, n, n}) * 1e-3);
  }
  const TemporaryFolder folder;
  const OwnMeasurements measured{.gemms = read_own_gemms(written(folder, "gemms.csv", table), machine)};
  const OwnMachine own = fit_own_machine(machine, measured);
  EXPECT_LT(summarize(own.after).mape_percent, 2.0);
  EXPECT_NEAR(own.machine.npu.constants.gemm_efficiency, 0.7, 0.05);
}

TEST(OwnMachine, WhatIsNoMeasurementIsRefused) {
  const TemporaryFolder folder;
  const Machine machine = load_machine("dgx-h100");
  const auto refused = [&](const std::string& text, int npus, const std::string& words) {
    try {
      static_cast<void>(read_nccl_tests(written(folder, "log.txt", text), machine, "", npus));
      ADD_FAILURE() << words;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  };
  refused("hello\n", 0, "no rows above 1 MiB");
  refused(row(8388608, 100), 4, "which collective");
  refused("# all_reduce_perf\n" + row(8388608, 100), 0, "how many NPUs");
  refused(heading + "8388608 2097152 float\n", 0, "log.txt:9");
  EXPECT_THROW(static_cast<void>(fit_own_machine(machine, {})), InputError);
}

}  // namespace
}  // namespace bandwright
