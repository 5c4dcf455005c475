// Machines and NPUs as files: what is read, written and refused, and what is said of them.
#include <gtest/gtest.h>

#include <cmath>

#include "core/fields.h"
#include "core/io/paths.h"
#include "tests/support/refused.h"
#include "training/division/notes.h"
#include "training/machine.h"

namespace bandwright {
namespace {

// As a file, with changes to its lines.
std::string machine_file(const std::string& npu_keys = "", const std::string& inner_keys = "",
                         const std::string& outer_keys = "") {
  return "name: M\n"
         "npu: {name: N, peak: {bf16: 300 TFLOP/s, fp8: 600 TFLOP/s}, memory: 80 GB, memory_bandwidth: 2 "
         "TB/s, "
         "processors: 100, constants: a100" +
         npu_keys +
         "}\n"
         "dimensions:\n"
         "  - {kind: Switch, npus: 8, class: Package, bandwidth: 300 GB/s, fabric: nvlink-3-nccl-2.8" +
         inner_keys +
         "}\n"
         "  - {kind: Ring, class: Pod, bandwidth: 25 GB/s, fabric: infiniband-hdr" +
         outer_keys + "}\n";
}
Machine read(const std::string& text) { return read_calibrated_machine(YamlValue::parse(text, "m.yaml")); }
std::string problem(const std::string& text) {
  return refused([&] { return read(text); });
}

// Written out and read again, every machine that ships is the same.
TEST(MachineFiles, AreReadAsTheyAreWritten) {
  for (const std::string& name : input_names("machines")) {
    const Machine machine = load_machine(name);
    const Machine again = read(machine_fields().file_text(machine));
    EXPECT_EQ(machine_fields().content(again), machine_fields().content(machine)) << name;
    EXPECT_EQ(again.npu.peak_flop_per_ns, machine.npu.peak_flop_per_ns) << name;
    EXPECT_EQ(again.npu.memory_bytes, machine.npu.memory_bytes) << name;
    ASSERT_EQ(again.dimensions.size(), machine.dimensions.size());
    for (std::size_t d = 0; d < machine.dimensions.size(); ++d) {
      EXPECT_EQ(again.dimensions[d].group_share, machine.dimensions[d].group_share) << name;
      EXPECT_EQ(again.dimensions[d].constants.efficiency, machine.dimensions[d].constants.efficiency) << name;
      EXPECT_EQ(again.dimensions[d].software.copies, machine.dimensions[d].software.copies) << name;
      EXPECT_EQ(again.dimensions[d].software.in_switch, machine.dimensions[d].software.in_switch) << name;
    }
  }
}

TEST(MachineFiles, HoldUnits) {
  const Machine machine = read(machine_file());
  EXPECT_DOUBLE_EQ(machine.npu.peak(Precision::Bf16), 300e3);  // FLOP/ns
  EXPECT_DOUBLE_EQ(machine.npu.peak(Precision::Fp8), 600e3);
  EXPECT_EQ(refused([&] { return machine.npu.peak(Precision::Fp16); }),
            "N has no fp16 matrix units (choices: those under `peak` of its machine file)");
  EXPECT_DOUBLE_EQ(machine.npu.memory_bytes, 80e9);
  EXPECT_DOUBLE_EQ(machine.npu.memory_gb_per_s, 2000.0);
  EXPECT_FALSE(machine.dimensions[0].software.copies);
  const Machine nccl = read(machine_file("", ", nccl: {low_latency: 0.65}"));
  EXPECT_TRUE(nccl.dimensions[0].software.copies);
  EXPECT_EQ(nccl.dimensions[0].software.low_latency, 0.65);
  EXPECT_EQ(nccl.dimensions[0].software.in_switch, 0.0);
}

// From two neighbours on; more than are listed have the last share, one NPU all.
TEST(MachineFiles, SharesOfGroupsAreBySize) {
  const Machine machine = read(machine_file("", ", group_share: [0.5, 0.6, 0.7]", ", part_share: 0.25"));
  const FabricDimension& inner = machine.dimensions[0];
  EXPECT_EQ(inner.share(1), 1.0);
  EXPECT_EQ(inner.share(2), 0.5);
  EXPECT_EQ(inner.share(3), 0.6);
  EXPECT_EQ(inner.share(4), 0.7);
  EXPECT_EQ(inner.share(8), 0.7);
  EXPECT_EQ(machine.dimensions[1].share(2), 1.0);
  EXPECT_EQ(machine.dimensions[1].part_share, 0.25);
}

// Constants of its own take the place of those of its kind.
TEST(MachineFiles, FittedConstantsComeFirst) {
  const std::string npu =
      ", fitted: {gemm_efficiency: 0.5, memory_efficiency: 0.6, kernel_overhead_us: 1, slice_ns: 2, "
      "sustained: 0.7, "
      "host_us: 3, source: mine}";
  const Machine own =
      read(machine_file(npu, ", fitted: {efficiency: 0.4, latency_us: 5, step_us: 6, source: mine}"));
  EXPECT_EQ(own.npu.constants.gemm_efficiency, 0.5);
  EXPECT_EQ(own.npu.constants.host_us, 3.0);
  EXPECT_EQ(own.dimensions[0].constants.efficiency, 0.4);
  EXPECT_EQ(own.dimensions[0].constants.step_us, 6.0);
  const Machine usual = read(machine_file());
  EXPECT_EQ(usual.npu.constants.gemm_efficiency,
            npu_constants(shipped_calibration(), "a100").gemm_efficiency);
  EXPECT_EQ(own.dimensions[1].constants.efficiency, usual.dimensions[1].constants.efficiency);
}

TEST(MachineFiles, ProblemsHaveTheirPlace) {
  const auto replaced = [](const std::string& from, const std::string& to) {
    std::string text = machine_file();
    text.replace(text.find(from), from.size(), to);
    return problem(text);
  };
  EXPECT_EQ(problem(machine_file()), "");
  const auto begins = [](const std::string& said, const std::string& place) {
    EXPECT_TRUE(said.starts_with("m.yaml:" + place)) << said;
  };
  begins(replaced("constants: a100", "constants: a1000"), "2: npu.constants: ");
  EXPECT_NE(replaced("constants: a100", "constants: a1000").find("did you mean 'a100'"), std::string::npos);
  begins(replaced("fabric: infiniband-hdr", "fabric: string"), "5: dimensions[1].fabric: ");
  begins(replaced("kind: Ring", "kind: Knot"), "5: dimensions[1].kind: ");
  begins(replaced("processors: 100", "processors: 0"), "2: npu.processors: ");
  begins(replaced("memory: 80 GB", "memory: some"), "2: npu.memory: ");
  begins(replaced("npus: 8, ", "npus: 1, "), "4: dimensions[0].npus: ");
  begins(replaced("bandwidth: 25 GB/s", "bandwidth: -25 GB/s"), "5: dimensions[1].bandwidth: ");
  begins(problem(machine_file("", ", part_share: 2")), "4: dimensions[0].part_share: ");
  begins(problem(machine_file("", ", nccl: {low_latency: 7}")), "4: dimensions[0].nccl.low_latency: ");
  EXPECT_NE(replaced("npus: 8, ", "").find("npus of dimension 1 missing"), std::string::npos);
  EXPECT_NE(problem("name: M\nnpu: a100-sxm-80gb\ndimensions: []\n").find("expected 1 to 16 dimensions"),
            std::string::npos);
  EXPECT_NE(refused([] { return load_machine("dgx-a1000"); }).find("dgx-a100"), std::string::npos);
}

// Whole inner dimensions, the rest outside; a smaller job has a part of one.
TEST(MachineNetworks, FillInnerDimensionsFirst) {
  const Machine machine = read(machine_file());
  const auto shape = [&](std::int64_t npus) { return machine.network(npus).shorthand(); };
  EXPECT_EQ(shape(2), "Switch(2)");
  EXPECT_EQ(shape(8), "Switch(8)");
  EXPECT_EQ(shape(16), "Switch(8)_Ring(2)");
  EXPECT_EQ(shape(8 * 100), "Switch(8)_Ring(100)");
  EXPECT_EQ(machine.gb_per_s(machine.network(16)), (std::vector<double>{300.0, 25.0}));
  EXPECT_EQ(machine.gb_per_s(machine.network(4)), std::vector<double>{300.0});
  EXPECT_EQ(machine.network(16).dimensions[1].price_class, "Pod");
  const auto said = [&](std::int64_t npus) { return refused([&] { return machine.network(npus); }); };
  EXPECT_EQ(said(20), "20 NPUs do not fill the dimensions of M (nearest counts that do: 16, 24)");
  EXPECT_EQ(said(9), "9 NPUs do not fill the dimensions of M (nearest counts that do: 8, 16)");
  EXPECT_EQ(said(0), "0 NPUs, expected 1 to 16777216");
  Machine closed = machine;
  closed.dimensions[1].npus = 4;
  EXPECT_EQ(closed.network(32).shorthand(), "Switch(8)_Ring(4)");
  EXPECT_EQ(refused([&] { return closed.network(64); }), "64 NPUs, but M has at most 32");
}

// Half of the watts: 2^-0.4 of the clock; where a limit is not known, as fast as what was fitted.
TEST(Npus, PowerFollowsTheClockToTheTwoAndAHalf) {
  Npu npu;
  EXPECT_EQ(npu.power_speed(), 1.0);
  npu.watts = 350.0;
  EXPECT_EQ(npu.power_speed(), 1.0);
  npu.constants_watts = 700.0;
  EXPECT_NEAR(npu.power_speed(), std::pow(2.0, -0.4), 1e-12);
  npu.watts = 0.0;
  EXPECT_EQ(npu.power_speed(), 1.0);
}

TEST(Npus, FormatsHaveTheirBytes) {
  for (const Precision each : {Precision::Fp16, Precision::Bf16, Precision::Fp8, Precision::Nvfp4}) {
    EXPECT_EQ(precision(precision_name(each)), each);
    EXPECT_EQ(narrows(each), each == Precision::Fp8 || each == Precision::Nvfp4);
  }
  EXPECT_EQ(input_bytes(Precision::Fp16), 2.0);
  EXPECT_EQ(input_bytes(Precision::Bf16), 2.0);
  EXPECT_EQ(input_bytes(Precision::Fp8), 1.0);
  EXPECT_EQ(input_bytes(Precision::Nvfp4), 0.5 + 1.0 / 16.0);  // a scale of a byte for 16
  EXPECT_NE(refused([] { return precision("fp64"); }).find("fp64"), std::string::npos);
}

// Constants that were not fitted on steps are said to be so, once for each kind of links that is in use.
TEST(Notes, SayWhatWasNotMeasured) {
  TrainingJob job{
      load_architecture("llama3-8b"), read(machine_file()), {.tensor = 8, .data = 2, .global_batch = 2}};
  const auto said = [&] { return notes(job); };
  job.machine.npu.constants.source = "mlperf_llm_step_times (7 rows)";
  for (FabricDimension& dimension : job.machine.dimensions)
    dimension.constants.source = "nccl_tests (9 rows)";
  EXPECT_TRUE(said().empty());
  for (const char* kernels :
       {"", "not fitted", "gemm_bf16_sample (574 rows)", "gemm_a (1 rows), nccl_b (2 rows)"}) {
    job.machine.npu.constants.source = kernels;
    ASSERT_EQ(said().size(), 1U) << kernels;
    EXPECT_EQ(said()[0], "N: unchecked against measurements, its constants are not fitted on training steps");
  }
  job.machine.npu.constants.source = "gemm_a (1 rows), steps_b (2 rows)";
  EXPECT_TRUE(said().empty());
  for (FabricDimension& dimension : job.machine.dimensions) {
    dimension.constants.source = "not fitted";
    dimension.constants_name = "ideal";
  }
  EXPECT_EQ(said(),
            std::vector<std::string>{"ideal: unchecked against measurements, its constants are not fitted"});
  job.machine.dimensions[0].constants.source = "nccl_tests (9 rows)";
  EXPECT_EQ(said().size(), 1U);
  job.parallelism.data = 1;  // the outer links are not in use
  job.parallelism.global_batch = 1;
  EXPECT_TRUE(said().empty());
  job.model = load_architecture("mixtral-8x7b");
  ASSERT_EQ(said().size(), 1U);
  EXPECT_EQ(said()[0].find("mixture of experts"), 0U);
}

}  // namespace
}  // namespace bandwright
