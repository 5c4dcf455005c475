#pragma once
#include <filesystem>

#include "validation/data_set.h"

namespace bandwright {

// The form for everybody's steps (docs/accuracy.md describes its columns).
RowsRead read_training_steps(const std::filesystem::path& file);

}  // namespace bandwright
