#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "validation/data_set.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// Memory per NPU by the formulas of Korthikanti et al. (2022), figure 1, three numbers of each row: what the
// parameters of the layers and their optimizer take, and activations without recomputation, and with sequence
// parallelism and selective recomputation. No constant is fitted: the sizes follow from the model.
//
// How a model is divided is what its row says (tp, pp, virtual_stages, micro_batch), else what the paper does
// (inputs/measurements/configurations.yaml).
RowsRead read_korthikanti_memory(const std::filesystem::path& file);

// How a model that a published table names is divided there.
struct NamedDivision {
  std::string architecture;
  std::int64_t tensor = 1;
  std::int64_t pipeline = 1;
  std::int64_t virtual_stages = 1;
  std::int64_t micro_batch = 1;
};
struct NamedDivisions {
  std::string help;
  std::vector<std::pair<std::string, NamedDivision>> models;
};
const Fields<NamedDivisions>& named_division_fields();

}  // namespace bandwright
