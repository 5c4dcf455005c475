#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "workload/model.h"
#include "workload/training_loop.h"

namespace bandwright {

// How a layer text lays its groups over a network's dimensions.
enum class GroupLayout : std::uint8_t {
  TensorInside,  // Axis::Tensor on the innermost NPUs, Axis::Data on the rest
  FirstAndRest,  // Axis::Tensor on dimension 0, Axis::Data on all the others
};

// The layer text of ASTRA-sim 1.0 and of LIBRA: one line per operator of the model,
//
//   <policy> [model_parallel_NPU_group: M] [checkpoints: k i1 .. ik checkpoint_initiates: k j1 .. jk]
//   <number of layers>
//   <name> <dependency> <forward: ns, collective, bytes> <input gradient: ..> <weight gradient: ..> <update:
//   ns> [policy]
//
// LIBRA's have no first two lines. A policy says over which dimensions each pass communicates:
//
//   policy                                  forward, input gradient   weight gradient
//   DATA                                    -                         all
//   MODEL                                   all                       -
//   HYBRID_DATA_MODEL                       dimension 0               the others
//   HYBRID_MODEL_DATA                       all but dimension 0       dimension 0
//   HYBRID_TRANSFORMER[_FWD_IN_BCKWD]       TP of M NPUs, innermost   the others
//   HYBRID_DLRM                             all (first layer)         all
//   HYBRID_CUSTOMIZED                       by the policy at the end of each line
//   MICRO                                   -                         all, one collective and nothing else
//
// Source: ASTRA-sim 1.0, Workload.cc (initialize_workload, decode_involved_dimensions).
struct LayerText {
  std::string policy;  // "" for LIBRA's
  Model model;
  GroupLayout layout = GroupLayout::TensorInside;
  Recompute recompute = Recompute::None;  // full for FWD_IN_BCKWD, whose checkpoints are the model's
  bool lone_collective = false;           // MICRO: compute is ignored
  Time update;                       // after each collective: the last column, the same in every line, or 0
  std::vector<std::string> ignored;  // what was read and not used, one sentence each
};

// Throws InputError (file:line: column: problem).
LayerText read_layer_text(const std::filesystem::path& file);
LayerText parse_layer_text(std::string_view text, const std::string& file_name);

// The text's groups on a network, indexed by Axis. Throws InputError when they do not fit.
std::vector<Group> layer_text_groups(const LayerText& text, const Network& network);

// A model as ASTRA-sim 1.0 layer text, HYBRID_TRANSFORMER or, with checkpoints,
// HYBRID_TRANSFORMER_FWD_IN_BCKWD. Times are rounded to whole nanoseconds. Throws InputError for a model with
// collectives the format cannot name.
std::string write_layer_text(const Model& model);

}  // namespace bandwright
