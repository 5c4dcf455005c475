// Does a transformer's step become a graph that holds its bytes and its time, and what placement makes of it?
#include "memory/graphs/transformer_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/placement.h"
#include "training/estimate.h"
#include "training/layers/layer_cost.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

using ::testing::HasSubstr;

TrainingJob llama(Recomputation recompute = Recomputation::None) {
  TrainingJob job{load_architecture("llama3-8b"), load_machine("dgx-h100"), {}};
  job.parallelism.tensor = 4;
  job.parallelism.recompute = recompute;
  return job;
}

double bytes_of(const TrainingGraph& graph, std::string_view ending) {
  double sum = 0.0;
  for (const Tensor& tensor : graph.tensors)
    sum += tensor.name.ends_with(ending) ? to_double(tensor.bytes) : 0;
  return sum;
}

TEST(TransformerGraph, HoldsTheBytesOfTheBill) {
  const TrainingJob job = llama();
  const TrainingGraph graph = training_graph(job, load_tiers("hbm-ddr"));
  const MemoryBill bill = memory_bill(job.model, job.parallelism);
  const double parameters = bill.layer_weights + bill.layer_gradients + bill.layer_optimizer + bill.embedding;
  const double held =
      bytes_of(graph, ".weights") + bytes_of(graph, ".gradients") + bytes_of(graph, ".optimizer");
  EXPECT_NEAR(held, parameters, 1000);
  EXPECT_NEAR(bytes_of(graph, ".weights'"), bytes_of(graph, ".weights"), 1000);
  EXPECT_NEAR(bytes_of(graph, "s1-3.kept"), bill.activations * 3 / 32, 1000);  // 32 layers in 10 blocks
  EXPECT_GT(to_double(peak_live(graph)), parameters);
}

TEST(TransformerGraph, TakesTheTimeOfItsLayersInFastMemory) {
  const TrainingJob job = llama();
  const Npu& npu = job.machine.npu;
  const TrainingGraph graph = training_graph(job, load_tiers("hbm-ddr"));
  const LayerCost layer = dense_layer_cost(job.model, job.parallelism, npu);
  double expected = optimizer_ns(npu, bytes_of(graph, ".optimizer") / 12.0);
  const auto all = [](const BlockPasses& passes) {
    return passes.forward.ns() + passes.input_gradient.ns() + passes.weight_gradient.ns();
  };
  expected += 32 * (all(layer.attention) + all(layer.ffn)) + all(head_cost(job.model, job.parallelism, npu)) +
              all(embedding_cost(job.model, job.parallelism, npu));
  double sum = 0.0;
  for (const Kernel& kernel : graph.kernels) sum += kernel.fast_ns;
  EXPECT_NEAR(sum, expected, 1e-3 * expected);  // one kernel's overhead per block's update
}

TEST(TransformerGraph, RunsForwardAgainUnderFullRecomputation) {
  const TierPair tiers = load_tiers("hbm-ddr");
  const TrainingGraph kept = training_graph(llama(), tiers);
  const TrainingGraph again = training_graph(llama(Recomputation::Full), tiers);
  EXPECT_EQ(again.kernels.size(), kept.kernels.size() + 10);
  EXPECT_LT(peak_live(again), peak_live(kept));
}

TEST(TransformerGraph, SlowdownIsOneInFastMemoryAndFallsWithMoreOfIt) {
  const TierPair tiers = load_tiers("hbm-ddr");
  const TrainingGraph graph = training_graph(llama(), tiers);
  const auto slowdown = [&](double share, std::string_view policy) {
    const Bytes limit = bytes(static_cast<std::int64_t>(share * to_double(peak_live(graph))));
    const PlacementSummary summary = place({graph, tiers, limit}, find_policy(policy), {.gap = 1e-3});
    EXPECT_EQ(summary.replay->fault, "");
    return compute_slowdown(graph, *summary.replay);
  };
  const ComputeSlowdown none = slowdown(1.0, "all-fast");
  EXPECT_NEAR(none.forward, 1.0, 1e-6);
  EXPECT_NEAR(none.backward, 1.0, 1e-6);
  EXPECT_NEAR(none.update, 1.0, 1e-6);
  for (const std::string_view policy : {"first-touch", "static", "synchronous"}) {
    const ComputeSlowdown half = slowdown(0.5, policy);
    EXPECT_GT(half.forward + half.backward + half.update, 3.1) << policy;
    const ComputeSlowdown slow = slowdown(0.0, "static");
    EXPECT_LE(half.update, slow.update * 1.001) << policy;
  }
}

TEST(TransformerGraph, SlowdownsConserveTheTimeOfTheReplay) {
  const TierPair tiers = load_tiers("hbm-ddr");
  const TrainingGraph graph = training_graph(llama(), tiers);
  const Bytes limit = bytes(peak_live(graph).value() / 3);
  const PlacementSummary summary = place({graph, tiers, limit}, find_policy("synchronous"), {.gap = 1e-3});
  const ComputeSlowdown slowdown = compute_slowdown(graph, *summary.replay);
  double ns = 0.0;
  for (const Kernel& kernel : graph.kernels) {
    ns += kernel.fast_ns * (kernel.op == "Forward"    ? slowdown.forward
                            : kernel.op == "Backward" ? slowdown.backward
                                                      : slowdown.update);
  }
  EXPECT_NEAR(ns, to_ns(summary.replay->total), 1e-6 * ns);
}

TEST(TransformerGraph, WhatIsKeptMustBeLeftWhereItWasFound) {
  // a hands w over, b updates it to w', c leaves it: born fast, left slow.
  TrainingGraph graph{
      .name = "g",
      .tensors = {{"w", page}, {"w'", page}},
      .kernels = {{.name = "a", .arguments = {0}, .slow_ns = {0}},
                  {.name = "b", .arguments = {0, 1}, .outputs_from = 1, .fast_ns = 10, .slow_ns = {1, 1}},
                  {.name = "c", .arguments = {1}, .outputs_from = 1, .slow_ns = {0}}},
      .kept = {{0, 1}}};
  const TierPair tiers = load_tiers("hbm-ddr");
  EXPECT_THAT(replay(graph, tiers, {{true, false}, {}}, page * 9).fault,
              HasSubstr("'w'' is not left where the step found it"));
  EXPECT_EQ(replay(graph, tiers, {{true, true}, {}}, page * 9).fault, "");
  // One page: w would have room alone, w' beside it not, so first-touch has both in slow memory: 10 + 1 + 1.
  EXPECT_DOUBLE_EQ(place({graph, tiers, page}, find_policy("first-touch"), {}).ns, 12.0);
}

TEST(Estimate, ComputeIsSlowedDownByPhase) {
  TrainingJob job = llama();
  job.parallelism.overlap_backward = false;  // or slower gradients of weights would hide more communication
  const auto line = [](const TrainingEstimate& result, std::string_view name) {
    for (const BreakdownLine& each : result.breakdown) {
      if (each.name == name) return each.exposed_ns;
    }
    return 0.0;
  };
  const TrainingEstimate before = estimate(job);
  job.slowdown = {2.0, 2.0, 3.0};
  const TrainingEstimate slow = estimate(job);
  EXPECT_NEAR(line(slow, "projections"), 2.0 * line(before, "projections"), 1.0);
  EXPECT_NEAR(line(slow, "optimizer"), 3.0 * line(before, "optimizer"), 1.0);
  EXPECT_NEAR(line(slow, "tensor parallel communication"), line(before, "tensor parallel communication"),
              1.0);
}

}  // namespace
}  // namespace bandwright
