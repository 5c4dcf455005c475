#include "training/machine.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/io/paths.h"
#include "training/layers/kernels.h"

namespace bandwright {
namespace {

TEST(Machine, ReadsEveryInputThatShips) {
  for (const std::string& name : input_names("machines")) EXPECT_NO_THROW(load_machine(name)) << name;
}

TEST(Machine, LaysJobsOverItsDimensions) {
  const Machine machine = load_machine("dgx-a100");
  EXPECT_EQ(machine.network(4).shorthand(), "Switch(4)");
  EXPECT_EQ(machine.network(512).shorthand(), "Switch(8)_Switch(64)");
  EXPECT_THROW(static_cast<void>(machine.network(12)), InputError);
  EXPECT_THROW(static_cast<void>(machine.network(0)), InputError);
  EXPECT_EQ(machine.network(1).size(), 0);
}

TEST(Machine, RatesThatCannotBeMeasuredAreRefused) {
  const auto with = [](const std::string& rates) {
    return YamlValue::parse(
        "name: M\nnpu: {name: N, peak: {}, memory: 1 GB, memory_bandwidth: 1 GB/s, processors: 1, constants: "
        "ideal}\ndimensions: [{kind: Ring, class: Pod, fabric: ideal, bandwidth: 1 GB/s}]\n"
        "measured: [{model: m, source: s, items_per_second: " +
            rates + "}]\n",
        "m.yaml");
  };
  EXPECT_DOUBLE_EQ(read_machine(with("{1: 2.5}")).find_measured("M")->items_per_second.at(1), 2.5);
  for (const char* bad : {"{0: 1}", "{x: 1}", "{1: 0}", "{1: -1}", "{1: nan}"}) {
    EXPECT_THROW(read_machine(with(bad)), InputError) << bad;
  }
}

TEST(Gemm, TakesAtLeastTheRooflineAndGrowsWithEachSide) {
  const Npu npu = load_machine("dgx-a100").npu;
  for (const Gemm& gemm : {Gemm{8192, 8192, 8192}, Gemm{64, 4096, 4096}, Gemm{1, 512, 512}}) {
    const double ns = gemm_ns(npu, Precision::Bf16, gemm);
    EXPECT_GE(ns, gemm.flop() / npu.peak(Precision::Bf16));
    EXPECT_LE(ns, gemm_ns(npu, Precision::Bf16, {2 * gemm.m, gemm.n, gemm.k}));
    EXPECT_LE(ns, gemm_ns(npu, Precision::Bf16, {gemm.m, gemm.n, 2 * gemm.k}));
  }
}

}  // namespace
}  // namespace bandwright
