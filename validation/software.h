#pragma once
#include <span>
#include <string_view>

#include "training/parallelism.h"

namespace bandwright {

// What training software does, by its generation; measurements name it, or are known to be of it. TP, PP,
// batch and recomputation are the job's.
struct TrainingSoftware {
  std::string_view name;
  std::string_view help;
  Parallelism (*settings)();
};
std::span<const TrainingSoftware> training_software();

// Throws InputError naming the choices.
Parallelism software(std::string_view name);

}  // namespace bandwright
