#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "training/training_step.h"

namespace bandwright {

// A division in the words of software that trains: arguments after those that name the model and the data.
struct LauncherArguments {
  std::string arguments;
  std::vector<std::string> remarks;  // what the software does otherwise than the estimate takes it to
};

// Megatron-LM's pretrain_gpt.py on Megatron-Core (megatron/training/arguments.py, 2025).
LauncherArguments megatron_core_arguments(const TrainingJob& job);

// TorchTitan's train.py (torchtitan/config/job_config.py, 2025).
LauncherArguments torchtitan_arguments(const TrainingJob& job);

// "megatron-core" or "torchtitan". Throws InputError naming the choices.
LauncherArguments launcher_arguments(std::string_view launcher, const TrainingJob& job);

}  // namespace bandwright
