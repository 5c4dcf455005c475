#include "validation/write_calibration.h"

#include <fmt/format.h>

#include <algorithm>

#include "validation/fit.h"

namespace bandwright {
namespace {

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// "gemm_bf16_sample (142 rows), ..." of the stages that fit constants of this kind.
std::string source_of(const std::string& kind, const std::vector<DataSet>& sets) {
  std::vector<std::string> sources;
  for (const DataSet& set : sets) {
    const auto stages = fit_stages();
    const bool fitted = std::any_of(stages.begin(), stages.end(), [&](const FitStage& stage) {
      return names(stage.sets, set.name) &&
             std::any_of(stage.constants.begin(), stage.constants.end(),
                         [&](const FittedConstant& constant) { return constant.kind == kind; });
    });
    const auto rows = std::count_if(set.rows.begin(), set.rows.end(),
                                    [&](const Measurement& row) { return names(row.constants, kind); });
    if (fitted && rows > 0) sources.push_back(fmt::format("{} ({} rows)", set.name, rows));
  }
  return sources.empty() ? "not fitted" : fmt::format("{}", fmt::join(sources, ", "));
}

}  // namespace

std::string calibration_yaml(const Calibration& calibration, const std::vector<DataSet>& sets) {
  std::string text =
      "bandwright: calibration\n"
      "help: \"what data sheets do not say, fitted once on public measurements; docs/accuracy.md explains\"\n"
      "# Written by `bandwright validate --fit`. Meaning: training/npu.h and training/machine.h.\n"
      "npus:\n";
  for (const auto& [name, npu] : calibration.npus) {
    text += fmt::format(
        "  {}:\n    source: {}\n    gemm_efficiency: {:.4g}\n    memory_efficiency: {:.4g}\n"
        "    kernel_overhead_us: {:.4g}\n    slice_ns: {:.4g}\n    sustained: {:.4g}\n    host_us: {:.4g}\n",
        name, source_of(name, sets), npu.gemm_efficiency, npu.memory_efficiency, npu.kernel_overhead_us,
        npu.slice_ns, npu.sustained, npu.host_us);
  }
  text += "fabrics:\n";
  for (const auto& [name, fabric] : calibration.fabrics) {
    text += fmt::format("  {}: {{efficiency: {:.4g}, latency_us: {:.4g}, step_us: {:.4g}, source: \"{}\"}}\n",
                        name, fabric.efficiency, fabric.latency_us, fabric.step_us, source_of(name, sets));
  }
  return text;
}

}  // namespace bandwright
