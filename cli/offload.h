#pragma once
#include <CLI/App.hpp>
#include <string>

#include "answers/estimate.h"
#include "memory/placement.h"
#include "training/training_step.h"

namespace bandwright {

// Tensors of a real model that live in a second, slower memory: --tiers, --fast and --offload.
struct OffloadOptions {
  std::string tiers;  // "": everything stays in the NPU's own memory
  std::string fast;   // "" is what buffers and allowance leave of the NPU's memory
  std::string policy = "synchronous";
};
void add_offload_options(CLI::App& command, OffloadOptions& options);

using Offload = TwoMemories;

// Places the tensors of one micro-batch's step (memory/transformer_graph.h) and slows the job's compute down
// by what that costs. Throws InputError when there is no placement.
Offload offload(TrainingJob& job, const OffloadOptions& options);

Facts offload_facts(const Offload& done);
void show_offload(const Offload& done);  // on standard error

}  // namespace bandwright
