// Networks on images and layer tables on machines: their steps against sums of what they are made of.
#include "training/undivided.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "core/io/paths.h"
#include "tests/training/plain_machine.h"
#include "training/collective_time.h"

namespace bandwright {
namespace {

double sum_of(const GraphEstimate& result) {
  double ns = 0.0;
  for (const BreakdownLine& line : result.breakdown) ns += line.exposed_ns;
  return ns;
}

GraphEstimate estimate_on(const Machine& machine, const Network& network, const Step& graph) {
  return estimate(graph, network, machine.gb_per_s(network));
}

// An NPU of 1 FLOP/ns and all the memory's speed computes what it can; one of 1 GB/s of memory and all speed
// of computing, FLOP per byte that passes. Of both together it is the harmonic mean or more, and less than
// either.
TEST(Roofline, IsOfTheSlowerOfComputeAndMemory) {
  const ImageModel model = load_image_model("resnet-50");
  const double compute = roofline_flop_per_s(model, only_compute(), Precision::Bf16);
  EXPECT_NEAR(compute, 1e9, 1.0);
  const double memory = roofline_flop_per_s(model, only_memory(), Precision::Bf16);
  Npu both = only_compute();
  both.memory_gb_per_s = only_memory().memory_gb_per_s;
  const double together = roofline_flop_per_s(model, both, Precision::Bf16);
  EXPECT_GE(together, 1.0 / (1.0 / compute + 1.0 / memory));
  EXPECT_LT(together, std::min(compute, memory));
}

// Nothing hides anything without overlap: a step is the compute of all lines, and each collective in turn
// takes what it takes by itself.
TEST(TableStep, IsItsComputePlusItsCollectives) {
  const Machine machine = load_machine("dgx-a100");
  for (const char* name : {"dlrm", "resnet-50-layers", "17b", "175b"}) {
    const Model model = load_model(name);
    const Network network = machine.network(64);
    const std::vector<Group> groups = model_groups(model, network);
    double ns = 0.0;
    for (const Line& line : model.lines) {
      for (const Pass& pass : {line.forward, line.input_gradient, line.weight_gradient}) {
        ns += to_ns(pass.compute);
        if (!pass.communication) continue;
        const Group& group = groups[static_cast<std::size_t>(pass.communication->axis)];
        if (!group.dimensions.empty())
          ns += collective_ns(machine, network, group, pass.communication->collective);
      }
    }
    const Step graph = table_step(model, machine, network, training_loop("NoOverlap"));
    EXPECT_NEAR(estimate_on(machine, network, graph).step_ns, ns, 1e-6 * ns) << name;
  }
}

// On one NPU no machine communicates, and a table's compute is its own: the same step everywhere.
TEST(TableStep, ComputesAlikeOnEveryMachine) {
  const Model model = load_model("dlrm");
  double ns = 0.0;
  for (const Line& line : model.lines) {
    ns += to_ns(line.forward.compute) + to_ns(line.input_gradient.compute) +
          to_ns(line.weight_gradient.compute);
  }
  for (const char* name : {"dgx-a100", "dgx-h100", "tpu-v4"}) {
    const Machine machine = load_machine(name);
    const Network network = machine.network(1);
    const Step graph = table_step(model, machine, network, training_loop("Overlap"));
    EXPECT_DOUBLE_EQ(estimate_on(machine, network, graph).step_ns, ns) << name;
  }
}

TEST(TableStep, NeedsWholeReplicas) {
  const Machine machine = load_machine("dgx-a100");
  EXPECT_THROW(table_step(load_model("175b"), machine, machine.network(8), training_loop("NoOverlap")),
               InputError);
}

TEST(GraphEstimate, BreakdownAddsUpToTheStep) {
  const Machine machine = load_machine("dgx-h100");
  const Network network = machine.network(256);
  for (const std::string& name : input_names("models/tables")) {
    for (const TrainingLoop& loop : training_loops()) {
      const GraphEstimate result =
          estimate_on(machine, network, table_step(load_model(name), machine, network, loop));
      EXPECT_NEAR(sum_of(result), result.step_ns, 1e-9 * result.step_ns) << name << ' ' << loop.name;
    }
  }
  for (const std::string& name : input_names("models/images")) {
    const Step graph = image_step(load_image_model(name), machine, network, 32.0, 1e14);
    const GraphEstimate result = estimate_on(machine, network, graph);
    EXPECT_NEAR(sum_of(result), result.step_ns, 1e-9 * result.step_ns) << name;
    // Each operation's duration is rounded to a picosecond.
    EXPECT_NEAR(to_ns(result.timeline.operations.back().end), result.step_ns, 1e-2) << name;
  }
}

// What the Overlap loop hides of a collective is in the lines still: both loops do the same work.
TEST(GraphEstimate, HiddenTimeIsWhatTheStepDoesNotWaitFor) {
  const Machine machine = load_machine("dgx-a100");
  const Network network = machine.network(64);
  const auto work = [&](const char* loop) {
    const Step graph = table_step(load_model("175b"), machine, network, training_loop(loop));
    double ns = 0.0;
    for (const BreakdownLine& line : estimate_on(machine, network, graph).breakdown) {
      ns += line.exposed_ns + line.hidden_ns;
    }
    return ns;
  };
  EXPECT_NEAR(work("Overlap"), work("NoOverlap"), 1e-9 * work("NoOverlap"));
}

// Twice the images, twice the compute, the same gradients.
TEST(ImageStep, ScalesWithImages) {
  const Machine machine = load_machine("dgx-a100");
  const Network network = machine.network(16);
  const ImageModel model = load_image_model("resnet-50");
  const auto part = [&](double images, bool communication) {
    double ns = 0.0;
    const Step graph = image_step(model, machine, network, images, 1e14);
    for (const BreakdownLine& line : estimate_on(machine, network, graph).breakdown) {
      if (line.communication == communication) ns += line.exposed_ns;
    }
    return ns;
  };
  EXPECT_NEAR(part(64, false), 64e9 * static_cast<double>(model.flops_per_image()) / 1e14, 1e-2);
  EXPECT_NEAR(part(128, false), 2.0 * part(64, false), 1e-2);
  EXPECT_NEAR(part(128, true), part(64, true), 1e-2);
  EXPECT_THROW(image_step(model, machine, network, 1e18, 1e14), InputError);
}

TEST(ImageMemory, IsTheNetworksOwnCount) {
  for (const std::string& name : input_names("models/images")) {
    const ImageModel model = load_image_model(name);
    for (const std::int64_t images : {1, 256}) {
      EXPECT_DOUBLE_EQ(memory_bill(model, images).total(), model.memory_bytes(images)) << name;
    }
  }
}

}  // namespace
}  // namespace bandwright
