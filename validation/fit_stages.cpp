#include "validation/fit.h"

namespace bandwright {
namespace {

FitStage gemm_stage(const std::string& kind) {
  return {.name = "matrix multiplications on " + kind,
          .sets = {"gemm_bf16_sample"},
          .constants = {{kind, "gemm_efficiency", 0.3, 1.0},
                        {kind, "memory_efficiency", 0.3, 1.0},
                        {kind, "kernel_overhead_us", 0.5, 10.0},
                        {kind, "slice_ns", 1.0, 200.0}}};
}

FitStage fabric_stage(const std::string& kind) {
  return {
      .name = "collectives on " + kind,
      .sets = {"nccl_collectives_sample", "nccl_allreduce_a100_v100", "nccl_busbw_ml_engineering"},
      .constants = {
          {kind, "efficiency", 0.1, 1.2}, {kind, "latency_us", 0.1, 300.0}, {kind, "step_us", 0.1, 100.0}}};
}

FitStage training_stage(const std::string& kind, std::vector<std::string> sets,
                        const std::vector<std::string>& fabrics) {
  FitStage stage{.name = "training on " + kind,
                 .sets = std::move(sets),
                 .constants = {{kind, "sustained", 0.3, 1.2}, {kind, "host_us", 1.0, 200.0}}};
  for (const std::string& fabric : fabrics) {
    stage.constants.push_back({fabric, "efficiency", 0.4, 0.95});
    stage.constants.push_back({fabric, "latency_us", 3.0, 100.0});
  }
  return stage;
}

}  // namespace

std::vector<FitStage> fit_stages() {
  std::vector<FitStage> stages;
  for (const char* kind : {"a100", "h100", "h200", "b200", "gb200"}) stages.push_back(gemm_stage(kind));
  for (const char* kind :
       {"nvlink-2", "nvlink-3", "nvlink-3-nccl-2.8", "nvlink-4", "nvlink-4-h200", "nvlink-5", "nvlink-5-b300",
        "nvlink-5-nvl72", "nvlink-5-gb300", "pcie-l40s", "pcie-rtx-6000", "efa-3200"}) {
    stages.push_back(fabric_stage(kind));
  }
  stages.push_back(
      training_stage("a100",
                     {"vtrain_ground_truth_single", "vtrain_ground_truth_multi", "megatron_sc21_table1_a100",
                      "megatron_sc21_table2_ptd_vs_zero3", "korthikanti_table5_iteration_time",
                      "mpt_fsdp_a100_h100", "internevo", "fms_fsdp"},
                     {"infiniband-hdr", "infiniband-hdr-4", "roce-1600"}));
  const std::vector<std::string> modern = {"megatron_bridge",   "mlperf_v51",   "mlperf_v60", "nemo_pages",
                                           "nemo_long_context", "moe_modelzoo", "automodel"};
  std::vector<std::string> hopper = {"megatron_core_h100_weak_scaling", "mlperf_llm_step_times",
                                     "mpt_fsdp_a100_h100", "fms_fsdp"};
  hopper.insert(hopper.end(), modern.begin(), modern.end());
  stages.push_back(training_stage("h100", hopper, {"infiniband-ndr", "roce-3200"}));
  // Two runs tell no host: as an H100's.
  stages.push_back({"training on h200", {"mlperf_llm_step_times"}, {{"h200", "sustained", 0.3, 1.2}}});
  std::vector<std::string> racks = {"mlperf_llm_step_times"};
  racks.insert(racks.end(), modern.begin(), modern.end());
  stages.push_back(training_stage("gb200", racks, {}));
  for (const char* kind : {"b200", "b300", "gb300"}) stages.push_back(training_stage(kind, modern, {}));
  FitStage tpus{
      .name = "training on TPUs", .sets = {"tpu"}, .constants = {{"torus", "efficiency", 0.4, 0.95}}};
  for (const char* kind : {"tpu", "tpu-v5p", "tpu-v6e", "tpu-v7"}) {
    tpus.constants.push_back({kind, "sustained", 0.3, 1.25});
  }
  stages.push_back(std::move(tpus));
  return stages;
}

}  // namespace bandwright
