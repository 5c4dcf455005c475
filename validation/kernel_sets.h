#pragma once
#include <filesystem>
#include <vector>

#include "validation/data_set.h"

namespace bandwright {

// Measurements of single kernels and collectives. Collectives of 1 MiB and less are left out: there the
// latency of a call is all there is, and it differs between software versions by half.
RowsRead read_gemm_sample(const std::filesystem::path& file);
RowsRead read_nccl_sample(const std::filesystem::path& file);
RowsRead read_nccl_all_reduce(const std::filesystem::path& file);
RowsRead read_nccl_bus_bandwidth(const std::filesystem::path& file);

}  // namespace bandwright
