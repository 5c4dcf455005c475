#pragma once
#include <filesystem>
#include <vector>

#include "validation/data_set.h"

namespace bandwright {

// Memory per NPU by the formulas of Korthikanti et al. (2022), figure 1, three numbers of each row: what the
// parameters of the layers and their optimizer take, and activations without recomputation, and with sequence
// parallelism and selective recomputation. No constant is fitted: the sizes follow from the model.
RowsRead read_korthikanti_memory(const std::filesystem::path& file);

}  // namespace bandwright
