#pragma once
#include <filesystem>
#include <vector>

#include "validation/data_set.h"

namespace bandwright {

// Measured training steps. What a file does not say is read the same way for all of its rows: the comment at
// each reader states it.
RowsRead read_vtrain_multi(const std::filesystem::path& file);
RowsRead read_vtrain_single(const std::filesystem::path& file);
RowsRead read_sc21_table1(const std::filesystem::path& file);
RowsRead read_sc21_table2(const std::filesystem::path& file);
RowsRead read_korthikanti(const std::filesystem::path& file);
RowsRead read_mlperf(const std::filesystem::path& file);
RowsRead read_megatron_core(const std::filesystem::path& file);
RowsRead read_mpt_fsdp(const std::filesystem::path& file);

}  // namespace bandwright
