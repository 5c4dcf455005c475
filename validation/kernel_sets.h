#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "validation/data_set.h"
#include "workload/layer_operators.h"

namespace bandwright {

// Measurements of single kernels and collectives. Collectives of 1 MiB and less are left out: there the
// latency of a call is all there is, and it differs between software versions by half.
constexpr double smallest_collective_bytes = 1 << 20;

// One multiplication in bf16, and one collective as the NCCL tests count it, on a machine's own constants.
Measurement measured_gemm(std::shared_ptr<const Machine> machine, const Gemm& gemm, double measured_ms);
struct MeasuredCollective {
  std::shared_ptr<const Machine> machine;
  std::string name;  // all_reduce, all_gather, reduce_scatter, alltoall, broadcast, reduce
  double bytes = 0.0;
  int npus = 0;
  double us = 0.0;
  double call_us = 0.0;  // of these the caller's
};
Measurement measured_collective(const MeasuredCollective& row);

RowsRead read_gemm_sample(const std::filesystem::path& file);
RowsRead read_nccl_sample(const std::filesystem::path& file);
RowsRead read_nccl_all_reduce(const std::filesystem::path& file);
RowsRead read_nccl_bus_bandwidth(const std::filesystem::path& file);

}  // namespace bandwright
