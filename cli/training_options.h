#pragma once
#include <CLI/App.hpp>
#include <string>

#include "training/training_step.h"

namespace bandwright {

// How a model is trained on a machine, as typed: shared by the commands that take a real model.
struct TrainingOptions {
  std::string system = "dgx-a100";
  std::string npus;
  std::string tp = "1", pp = "1", cp = "1", ep = "1";
  std::string virtual_stages = "1";
  std::string schedule;  // "" is 1f1b, or interleaved with virtual stages
  bool sequence_parallel = false;
  std::string zero = "0";
  std::string micro_batch = "1";
  std::string global_batch;  // "" is one micro-batch on each data-parallel rank and pipeline stage
  std::string recompute = "none";
  std::string attention = "flash";
  std::string precision = "bf16";
  std::string sequence;  // "" is the model's
  std::string bucket = "200 MB";
  std::string placement = "TP,CP,EP,DP,PP";
  std::string overlap = "gradients,parameters,backward";
  std::string dispatch = "per-node";
};

// All but --system, --npus and --recompute, which commands explain themselves: the usual ones under the
// heading that has begun, the others under `finer_points`.
void add_training_options(CLI::App& command, TrainingOptions& options);

// Those of them, and --recompute, that were typed; the global batch, which not only transformers have, aside.
std::vector<std::string> given_training_options(const CLI::App& command);

// What is said of the division, without DP and the global batch. Throws InputError, which names the option.
Parallelism read_parallelism(const TrainingOptions& options);
// Throws InputError, which names the option or the combination.
TrainingJob load_training_job(const std::string& model, const TrainingOptions& options);

}  // namespace bandwright
