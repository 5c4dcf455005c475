#include "validation/data_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "core/io/csv.h"
#include "core/io/files.h"
#include "core/stopping.h"
#include "core/text.h"
#include "validation/kernel_sets.h"
#include "validation/memory_set.h"
#include "validation/runs/run_table.h"
#include "validation/training_sets.h"
#include "validation/training_steps.h"

namespace bandwright {

namespace {

constexpr std::string_view vtrain_columns =
    "# layers,hidden size,attention heads,sequence length,tensor parallelism,data parallelism,pipeline "
    "parallelism,micro batch,global batch,iteration time (ms)";

constexpr std::array kinds = {
    DataSetKind{"gemm_bf16_sample", "matrix multiplications by shape", "ms", 10, "system,m,n,k,latency_ms",
                read_gemm_sample},
    DataSetKind{"nccl_collectives_sample", "collectives above 1 MiB in one machine", "us", 10,
                "system,collective,dtype,gpus,bytes_assuming_dtype,latency_ms", read_nccl_sample},
    DataSetKind{"nccl_allreduce_a100_v100", "all-reduce above 1 MiB, 2 to 8 A100 and V100", "us", 10,
                "gpu,num_gpus,size_bytes,oop_time_ns", read_nccl_all_reduce},
    DataSetKind{"nccl_busbw_ml_engineering", "bus bandwidth above 1 MiB, as times", "us", 10,
                "system,gpus,collective,size_bytes,busbw_GBps,tool", read_nccl_bus_bandwidth},
    DataSetKind{"vtrain_ground_truth_single", "GPT on 2 to 8 A100", "ms", 8, vtrain_columns,
                read_vtrain_single},
    DataSetKind{"vtrain_ground_truth_multi", "GPT on 64 to 512 A100", "ms", 8, vtrain_columns,
                read_vtrain_multi},
    DataSetKind{"megatron_sc21_table1_a100", "GPT on 32 to 3,072 A100", "TFLOP/s per GPU", 6,
                "model,layers,hidden,attention_heads,seq_len,vocab,tensor_parallel,pipeline_parallel,"
                "data_parallel,micro_batch,global_batch,tflops_per_gpu",
                read_sc21_table1},
    DataSetKind{"megatron_sc21_table2_ptd_vs_zero3", "pipelines against ZeRO 3", "TFLOP/s per GPU", 20,
                "scheme,params_B,model_parallel,global_batch,gpus,micro_batch,tflops_per_gpu",
                read_sc21_table2},
    DataSetKind{"korthikanti_table5_iteration_time", "selective recomputation", "s", 4,
                "model,mode,layers,hidden,heads,seq,tp,pp,dp,interleave,micro_batch,global_batch,recompute,"
                "tp_comm,measured_iter_s",
                read_korthikanti},
    DataSetKind{"korthikanti_fig1_memory_gib", "memory per NPU by the paper's formulas", "GiB", 1,
                "model,params_optimizer_GiB,activations_none_GiB,activations_seq_plus_selective_GiB",
                read_korthikanti_memory, Measured::Memory},
    DataSetKind{"megatron_core_h100_weak_scaling", "GPT on 48 to 6,144 H100", "TFLOP/s per GPU", 10,
                "model,layers,hidden,attention_heads,seq_len,vocab,tensor_parallel,pipeline_parallel,"
                "data_parallel,global_batch,tflops_per_gpu",
                read_megatron_core},
    DataSetKind{"mlperf_llm_step_times", "MLPerf training logs", "s", 10,
                "round,model,accelerator,num_accelerators,seq_len,tp,pp,dp,global_batch,median_step_s",
                read_mlperf},
    DataSetKind{"training_steps", "steps of published tables, and users' own", "s", 10,
                "model,system,tp,pp,dp,micro_batch,global_batch,software,precision,recompute,"
                "sequence_parallel,pp_inside_dp,seconds,source",
                read_training_steps},
    DataSetKind{"mpt_fsdp_a100_h100", "FSDP on 8 to 512 A100 and H100", "tokens/s", 12,
                "Model,SeqLen (T),# GPUs,GPU,MP Mode,Sharding Strategy,Precision,Activation Checkpointing,"
                "MicroBatchSize,GradAccum,Throughput (T/s)",
                read_mpt_fsdp},
};

// A file without rows would hide a missing column.
void check_columns(const DataSetKind& kind, const std::filesystem::path& file) {
  const CsvTable table = read_csv(file);
  for (const std::string_view column : split(kind.columns, ',')) {
    if (table.header->find(column)) continue;
    throw InputError(Place{file.string(), table.header->line, std::string(column)},
                     fmt::format("no such column (expected: {})", kind.columns));
  }
}

}  // namespace

std::span<const DataSetKind> data_set_kinds() { return kinds; }

double target_percent(std::string_view name) {
  for (const DataSetKind& kind : data_set_kinds()) {
    if (kind.name == name) return kind.target_percent;
  }
  return 10.0;
}

DataSet read_data_set(const DataSetKind& kind, const std::filesystem::path& file) {
  check_columns(kind, file);
  RowsRead read = kind.read(file);
  return {std::string(kind.name),  std::string(kind.metric), std::move(read.rows),
          std::move(read.not_run), kind.target_percent,      kind.what};
}

namespace {
// A file of another kind need not be a table at all.
bool holds_runs(const std::filesystem::path& file) {
  constexpr std::size_t longest_header = 65536;
  try {
    std::ifstream stream(plain_file(file), std::ios::binary);
    std::string head(longest_header, '\0');
    stream.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
    return is_run_table(*parse_csv(head.substr(0, head.find('\n')), file.string()).header);
  } catch (const InputError&) {
    return false;
  }
}

const DataSetKind* kind_of(const std::filesystem::path& file) {
  const auto* kind =
      std::find_if(kinds.begin(), kinds.end(),
                   [name = file.stem().string()](const auto& each) { return each.name == name; });
  return kind == kinds.end() ? nullptr : kind;
}
}  // namespace

bool is_data_set(const std::filesystem::path& file) { return kind_of(file) != nullptr || holds_runs(file); }

std::vector<DataSet> read_data_sets(const std::filesystem::path& file) {
  if (const DataSetKind* kind = kind_of(file)) return {read_data_set(*kind, file)};
  if (holds_runs(file)) return read_run_table(file);
  return {};
}

std::string_view measured_name(Measured what) { return what == Measured::StepTime ? "time" : "memory"; }

double relative_error(const Measurement& row, const Calibration& calibration) {
  StopCheck().look();
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
  double signed_sum = 0.0;
  for (const double error : relative_errors) {
    sorted.push_back(100.0 * std::abs(error));
    sum += sorted.back();
    signed_sum += 100.0 * error;
  }
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  const double median = sorted.size() % 2 == 1 ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle]);
  const auto rows = static_cast<double>(sorted.size());
  return {sum / rows, signed_sum / rows, median, sorted.back()};
}

FolderSets read_folders(const std::vector<std::string>& folders) {
  std::vector<std::filesystem::path> files;
  for (const std::string& folder : folders) {
    if (!std::filesystem::is_directory(folder)) {
      throw InputError(fmt::format("--data: '{}' is not a folder", printable(folder)));
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".csv") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  FolderSets found;
  const StopCheck stop;
  for (const std::filesystem::path& file : files) {
    stop.look();
    std::vector<DataSet> read = read_data_sets(file);
    const bool known = !read.empty() || is_data_set(file);
    std::erase_if(read, [](const DataSet& set) { return set.rows.empty() && set.not_run.empty(); });
    if (read.empty()) {
      found.skipped.push_back(
          file.filename().string() +
          (known ? ": no rows to predict, skipped" : ": not a data set this program knows, skipped"));
    }
    std::move(read.begin(), read.end(), std::back_inserter(found.sets));
  }
  if (found.sets.empty()) {
    throw InputError(fmt::format(
        "--data: nothing to validate in '{}' ({})", fmt::join(folders, "', '"),
        found.skipped.empty() ? "no .csv files" : fmt::to_string(fmt::join(found.skipped, "; "))));
  }
  return found;
}

}  // namespace bandwright
