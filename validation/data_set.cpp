#include "validation/data_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "validation/kernel_sets.h"
#include "validation/memory_set.h"
#include "validation/training_sets.h"

namespace bandwright {

std::span<const DataSetKind> data_set_kinds() {
  static constexpr std::array kinds = {
      DataSetKind{"gemm_bf16_sample", "matrix multiplications by shape", "ms", 10, read_gemm_sample},
      DataSetKind{"nccl_collectives_sample", "collectives above 1 MiB in one machine", "us", 10,
                  read_nccl_sample},
      DataSetKind{"nccl_allreduce_a100_v100", "all-reduce above 1 MiB, 2 to 8 A100 and V100", "us", 10,
                  read_nccl_all_reduce},
      DataSetKind{"nccl_busbw_ml_engineering", "bus bandwidth above 1 MiB, as times", "us", 10,
                  read_nccl_bus_bandwidth},
      DataSetKind{"vtrain_ground_truth_single", "GPT on 2 to 8 A100", "ms", 8, read_vtrain_single},
      DataSetKind{"vtrain_ground_truth_multi", "GPT on 64 to 512 A100", "ms", 8, read_vtrain_multi},
      DataSetKind{"megatron_sc21_table1_a100", "GPT on 32 to 3,072 A100", "TFLOP/s per GPU", 6,
                  read_sc21_table1},
      DataSetKind{"megatron_sc21_table2_ptd_vs_zero3", "pipelines against ZeRO 3", "TFLOP/s per GPU", 20,
                  read_sc21_table2},
      DataSetKind{"korthikanti_table5_iteration_time", "selective recomputation", "s", 4, read_korthikanti},
      DataSetKind{"korthikanti_fig1_memory_gib", "memory per NPU by the paper's formulas", "GiB", 1,
                  read_korthikanti_memory},
      DataSetKind{"megatron_core_h100_weak_scaling", "GPT on 48 to 6,144 H100", "TFLOP/s per GPU", 10,
                  read_megatron_core},
      DataSetKind{"mlperf_llm_step_times", "MLPerf training logs", "s", 10, read_mlperf},
      DataSetKind{"training_steps", "steps of published tables, and users' own", "s", 10,
                  read_training_steps},
      DataSetKind{"mpt_fsdp_a100_h100", "FSDP on 8 to 512 A100 and H100", "tokens/s", 12, read_mpt_fsdp},
  };
  return kinds;
}

double target_percent(std::string_view name) {
  for (const DataSetKind& kind : data_set_kinds()) {
    if (kind.name == name) return kind.target_percent;
  }
  return 10.0;
}

DataSet read_data_set(const DataSetKind& kind, const std::filesystem::path& file) {
  return {std::string(kind.name), std::string(kind.metric), kind.read(file)};
}

double relative_error(const Measurement& row, const Calibration& calibration) {
  return (row.predict(calibration) - row.measured) / row.measured;
}

std::string explain(const DataSet& set, std::span<const double> relative_errors, std::size_t row,
                    const Calibration& calibration) {
  constexpr double alike = 0.4;  // share of the row's error that its family has on average
  const Measurement& measurement = set.rows[row];
  double sum = 0.0;
  int relatives = 0;
  for (std::size_t r = 0; r < set.rows.size(); ++r) {
    if (r == row || set.rows[r].family != measurement.family) continue;
    sum += relative_errors[r];
    ++relatives;
  }
  std::string text = measurement.parts ? measurement.parts(calibration) + "; " : "";
  if (relatives == 0) return text + fmt::format("the only row of {}", measurement.family);
  const double mean = sum / relatives;
  text += fmt::format("the {} other{} of {} {} off by {:+.0f} %: ", relatives, relatives == 1 ? "" : "s",
                      measurement.family, relatives == 1 ? "is" : "are", 100.0 * mean);
  if (mean / relative_errors[row] < alike) return text + "this row stands alone";
  return text +
         (relative_errors[row] > 0.0 ? "all are faster than the model" : "all are slower than the model");
}

ErrorSummary summarize(std::span<const double> relative_errors) {
  if (relative_errors.empty()) return {};
  std::vector<double> sorted;
  double sum = 0.0;
  for (const double error : relative_errors) {
    sorted.push_back(100.0 * std::abs(error));
    sum += sorted.back();
  }
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  const double median = sorted.size() % 2 == 1 ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle]);
  return {sum / static_cast<double>(sorted.size()), median, sorted.back()};
}

}  // namespace bandwright
