#include "workload/training_loop.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace bandwright {
namespace {

const Network& network() {
  static const Network net = load_network("4D");
  return net;
}

struct Totals {
  Time compute;
  Time overhead;
  int collectives = 0;
  std::int64_t collective_bytes = 0;
};

Totals totals(const Step& graph) {
  Totals sum;
  for (const Operation& operation : graph.operations) {
    if (operation.kind == OperationKind::Compute) sum.compute += operation.duration;
    if (operation.kind == OperationKind::Overhead) sum.overhead += operation.duration;
    if (operation.kind != OperationKind::Collective) continue;
    ++sum.collectives;
    sum.collective_bytes += graph.collectives[operation.collective].collective.bytes.value();
  }
  return sum;
}

Step step(const Model& model, std::string_view loop, const LoopOptions& options = {}) {
  return build_step(model, network(), training_loop(loop), options);
}

// Dependencies always point back: the operations are a topological order.
TEST(TrainingLoop, GraphsAreTopologicallyOrdered) {
  for (const TrainingLoop& loop : training_loops()) {
    for (const RecomputeInfo& recompute : recompute_choices()) {
      const Step graph = step(load_model("175B"), loop.name, {.recompute = recompute.recompute});
      for (std::size_t i = 0; i < graph.operations.size(); ++i) {
        for (const OperationId before : graph.dependencies_of(graph.operations[i])) EXPECT_LT(before, i);
      }
    }
  }
}

// 175B on 4D: 4 forward and 4 input-gradient all-reduces, 2 all-gathers, 12 weight-gradient all-reduces;
// loops do the same work in another order.
TEST(TrainingLoop, LoopsDoTheSameWork) {
  const Totals blocking = totals(step(load_model("175B"), "NoOverlap"));
  const Totals overlapped = totals(step(load_model("175B"), "Overlap"));
  EXPECT_EQ(blocking.collectives, 4 + 4 + 2 + 12);
  EXPECT_EQ(overlapped.collectives, blocking.collectives);
  EXPECT_EQ(overlapped.collective_bytes, blocking.collective_bytes);
  EXPECT_EQ(overlapped.compute, blocking.compute);
}

// Recomputation repeats the 16 forward lines that are no norms, and their 4 all-reduces.
TEST(TrainingLoop, RecomputationRepeatsForward) {
  const Model model = load_model("175B");
  Time forward_without_norms;
  for (const Line& line : model.lines) {
    if (!line.checkpoint) forward_without_norms += line.forward.compute;
  }
  const Totals none = totals(step(model, "NoOverlap"));
  const Totals full = totals(step(model, "NoOverlap", {.recompute = Recompute::Full}));
  const Totals twice = totals(step(model, "NoOverlap", {.recompute = Recompute::Communication}));
  EXPECT_EQ(full.compute, none.compute + forward_without_norms);
  EXPECT_EQ(full.collectives, none.collectives + 4);
  EXPECT_EQ(twice.compute, none.compute);
  EXPECT_EQ(twice.collective_bytes, full.collective_bytes);
  EXPECT_THROW(step(load_model("ResNet-50-layers"), "NoOverlap", {.recompute = Recompute::Full}), InputError);
}

// The reference's loop ticks 72 times: 18 forward, 2 initiations, 16 recomputed, 18 + 18 backward.
TEST(TrainingLoop, BookkeepingTicks) {
  const LoopOptions options{.recompute = Recompute::Full, .bookkeeping = nanoseconds(1)};
  EXPECT_EQ(totals(step(load_model("17B"), "NoOverlap", options)).overhead, nanoseconds(72));
  EXPECT_EQ(totals(step(load_model("17B"), "Overlap", options)).overhead, nanoseconds(72));
}

// 17B has no TP group, so only its 12 weight gradients communicate; fused they are one.
TEST(TrainingLoop, GroupsOfOneDoNotCommunicate) {
  EXPECT_EQ(totals(step(load_model("17B"), "NoOverlap")).collectives, 12);
  const Totals fused = totals(step(fuse_weight_gradients(load_model("17B")), "NoOverlap"));
  EXPECT_EQ(fused.collectives, 1);
  EXPECT_EQ(fused.collective_bytes, totals(step(load_model("17B"), "NoOverlap")).collective_bytes);
}

// ComputeTime of the reference's 17B runs, 113,410.940 us, is the 32-bit scaled table (semantics of its old
// loop); 1T gives 58,925.278 us with the old rounding and 58,925.230 us with the new.
TEST(TrainingLoop, ComputeScalingRoundsAsTheReference) {
  const auto compute_us = [](std::string_view model, ComputeRounding rounding) {
    return to_us(totals(step(load_model(model), "NoOverlap",
                             {.recompute = Recompute::Full, .compute_scale = 0.26, .rounding = rounding}))
                     .compute);
  };
  EXPECT_DOUBLE_EQ(compute_us("17B", ComputeRounding::WholeNsFloat32), 113410.940);
  EXPECT_DOUBLE_EQ(compute_us("1T", ComputeRounding::WholeNsFloat32), 58925.278);
  EXPECT_DOUBLE_EQ(compute_us("1T", ComputeRounding::WholeNsFloat64), 58925.230);
}

TEST(TrainingLoop, TensorParallelismHasToFitTheNetwork) {
  Model model = load_model("175B");
  model.tensor_parallel = 24;
  EXPECT_THROW(step(model, "NoOverlap"), InputError);
  model.tensor_parallel = 2048;
  EXPECT_THROW(step(model, "NoOverlap"), InputError);
}

}  // namespace
}  // namespace bandwright
