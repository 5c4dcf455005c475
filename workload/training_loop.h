#pragma once
#include <span>
#include <string_view>

#include "collective/library.h"
#include "step/step.h"
#include "workload/model.h"

namespace bandwright {

// What runs again in the backward pass.
enum class Recompute : std::uint8_t {
  None,
  Full,           // before a checkpoint line's backward pass, the forward lines of its layer: compute and
                  // communication
  Communication,  // forward communication counted twice, compute once (as the LIBRA artifact's optimizer
                  // does)
};

struct RecomputeInfo {
  Recompute recompute;
  std::string_view name;
  std::string_view help;
};
std::span<const RecomputeInfo> recompute_choices();

// How compute times of a table are scaled. The reference truncates to whole nanoseconds, in 32-bit floating
// point in the one variant of its training loop and in 64-bit in the other.
enum class ComputeRounding : std::uint8_t { NearestPicosecond, WholeNsFloat32, WholeNsFloat64 };

struct LoopOptions {
  Recompute recompute = Recompute::None;
  double compute_scale = 1.0;
  ComputeRounding rounding = ComputeRounding::NearestPicosecond;
  // The loop's own time after each pass of a line; 1 ns in the reference, whose loop wakes up once per pass.
  Time bookkeeping;
};

// How a training step orders compute and communication. With f, g, w the compute of a line's forward,
// input-gradient and weight-gradient passes and F, G, W what they communicate; lines run forward in order and
// backward in reverse:
//
//   NoOverlap   forward f F    backward g G w W                     everything waits for everything before it
//   Overlap     forward f F    backward g, then G beside (w, W)     the line ends when both have ended
//
struct TrainingLoop {
  std::string_view name;
  std::string_view help;
  void (*backward)(class StepWriter& writer, std::size_t line);  // writes the backward pass of one line
  ComputeRounding truncated;  // how the reference's variant of the loop cuts compute times to whole ns
};

std::span<const TrainingLoop> training_loops();
const TrainingLoop& training_loop(std::string_view name);  // throws InputError naming the choices

// What a system sets of a training loop: compute scale, bookkeeping, and whether times are whole ns.
LoopOptions loop_options(const Library& library, const TrainingLoop& loop, Recompute recompute);

// The groups of a model on a network, indexed by Axis: TP innermost, DP, and the world of all NPUs. Throws
// InputError when TP does not divide the network's dimensions.
std::vector<Group> model_groups(const Model& model, const Network& network);

// The step graph of a model whose groups, indexed by Axis, lie on a network. Collectives over a group of one
// NPU vanish. Throws InputError when the model has no checkpoints to recompute from.
Step build_step(const Model& model, std::vector<Group> groups, const TrainingLoop& loop,
                const LoopOptions& options);

// The same with the model's usual groups.
Step build_step(const Model& model, const Network& network, const TrainingLoop& loop,
                const LoopOptions& options);

}  // namespace bandwright
