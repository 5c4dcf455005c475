// Tokens on their way to experts: how many bytes, over which links, and beside what.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "collective/collective.h"
#include "collective/traffic.h"
#include "core/error.h"
#include "training/division/parallel_groups.h"
#include "training/division/remedy.h"
#include "training/estimate.h"
#include "training/layers/expert_routing.h"

namespace bandwright {
namespace {

TrainingJob deepseek(std::int64_t expert, std::int64_t pipeline = 1) {
  TrainingJob job{load_architecture("deepseek-v3"), load_machine("dgx-h100"), {.expert = expert}};
  job.parallelism.pipeline = pipeline;
  job.parallelism.data = 256;
  job.parallelism.zero = 1;
  job.parallelism.global_batch = 256 * 4 * pipeline;
  return job;
}

Group expert_group(const TrainingJob& job) {
  const Network network = job.machine.network(job.parallelism.npus());
  return parallel_groups(network, job.parallelism)[static_cast<std::size_t>(Axes::Expert)];
}

// Bytes one NPU sends over the links between nodes in a dispatch.
double outer_bytes(const TrainingJob& job) {
  const RouteBytes bytes = route_bytes(job.model, job.parallelism, expert_group(job), true);
  const Network network = job.machine.network(job.parallelism.npus());
  const bool once = once_per_node(job.model, job.parallelism);
  const auto axis = static_cast<std::size_t>(once ? Axes::ExpertBetween : Axes::Expert);
  const double put_in = once ? bytes.between : bytes.inside;
  for (const Traffic& load : collective_traffic({CollectiveKind::AllToAll, Bytes(std::llround(put_in))},
                                                parallel_groups(network, job.parallelism)[axis], network)) {
    if (load.dimension == 1) return load.bytes;
  }
  return 0.0;
}

// Counted by hand: one of two halves of 8 experts is missed by two draws in 4/8 3/7 of all cases; with as
// many parts as experts each draw visits one; one part is always visited.
TEST(ExpertRouting, CountsThePartsATokenVisits) {
  const Experts mixtral{.count = 8, .per_token = 2};
  EXPECT_DOUBLE_EQ(parts_visited(mixtral, 2.0), 2.0 * (1.0 - 4.0 / 8.0 * 3.0 / 7.0));
  EXPECT_DOUBLE_EQ(parts_visited(mixtral, 8.0), 2.0);
  EXPECT_DOUBLE_EQ(parts_visited(mixtral, 1.0), 1.0);
  // DeepSeek-V3 on 8 nodes: of the 4 that are picked nearly all ("3.2 experts per node", section 3.2.2).
  const Experts limited = load_architecture("deepseek-v3").experts;
  EXPECT_GT(parts_visited(limited, 8.0), 3.5);
  EXPECT_LT(parts_visited(limited, 8.0), 4.0);
  Experts free = limited;
  free.groups = free.groups_per_token = 1;
  EXPECT_GT(parts_visited(free, 8.0), 5.0);
}

TEST(ExpertRouting, VisitsAtMostAllPartsAndTheTopK) {
  const Experts limited = load_architecture("deepseek-v3").experts;
  double before = 0.0;
  for (std::int64_t parts = 1; parts <= 256; parts *= 2) {
    const auto n = static_cast<double>(parts);
    Experts free = limited;
    free.groups = free.groups_per_token = 1;
    EXPECT_GE(parts_visited(limited, n), before);
    EXPECT_LE(parts_visited(limited, n), parts_visited(free, n) * (1.0 + 1e-12));
    EXPECT_LE(parts_visited(free, n), std::min(n, 8.0) * (1.0 + 1e-12));
    before = parts_visited(limited, n);
  }
}

// Fewer nodes per token and one copy per node never send more between nodes.
TEST(ExpertRouting, NodeLimitNeverSendsMoreBetweenNodes) {
  for (const std::int64_t expert : {8, 16, 64, 256}) {
    TrainingJob job = deepseek(expert);
    job.parallelism.dispatch = ExpertDispatch::AllToAll;
    const double all = outer_bytes(job);
    job.parallelism.dispatch = ExpertDispatch::PerNode;
    double before = 0.0;
    for (const std::int64_t nodes : {1, 2, 4, 8}) {
      job.model.experts.groups_per_token = nodes;
      const double bytes = outer_bytes(job);
      EXPECT_GE(bytes, before * (1.0 - 1e-9)) << expert << ' ' << nodes;
      EXPECT_LE(bytes, all) << expert << ' ' << nodes;
      before = bytes;
    }
  }
}

// Every copy that leaves a node for another comes in by the links between them: t h d (n - 1)/n with d nodes
// visited; and within the node each NPU that holds an expert of the token gets one.
TEST(ExpertRouting, ConservesBytes) {
  const TrainingJob job = deepseek(64);
  const double one_each = 2.0 * 4096.0 * 7168.0;
  const RouteBytes bytes = route_bytes(job.model, job.parallelism, expert_group(job), true);
  EXPECT_DOUBLE_EQ(bytes.between, one_each * parts_visited(job.model.experts, 8.0));
  EXPECT_DOUBLE_EQ(bytes.inside, one_each * parts_visited(job.model.experts, 64.0));
  EXPECT_NEAR(outer_bytes(job), bytes.between * 7.0 / 8.0, 1.0);
  // Dispatch and combine are each other's way back, but for the format: 8 bit and their scales one way.
  EXPECT_DOUBLE_EQ(route_bytes(job.model, job.parallelism, expert_group(job), false).between, bytes.between);
  TrainingJob fp8 = job;
  fp8.parallelism.precision = Precision::Fp8;
  EXPECT_DOUBLE_EQ(route_bytes(job.model, fp8.parallelism, expert_group(job), true).between * 2.0,
                   bytes.between * (1.0 + 4.0 / 128.0));
  EXPECT_DOUBLE_EQ(route_bytes(job.model, fp8.parallelism, expert_group(job), false).between, bytes.between);
}

// Without a node limit, by model: top-k copies of t h. By default one copy per node.
TEST(ExpertRouting, MixtralSendsACopyPerExpert) {
  TrainingJob job{load_architecture("mixtral-8x7b"), load_machine("dgx-h100"), {.expert = 8, .data = 8}};
  EXPECT_TRUE(once_per_node(job.model, job.parallelism));
  job.parallelism.dispatch = ExpertDispatch::ByModel;
  EXPECT_FALSE(once_per_node(job.model, job.parallelism));
  EXPECT_DOUBLE_EQ(route_bytes(job.model, job.parallelism, expert_group(job), true).inside,
                   2.0 * 2.0 * 4096.0 * 4096.0);
}

// Experts undivided while TP divides the rest: EP 8 over TP 4 and two of the replicas, EDP what is left.
TEST(ExpertRouting, ExpertsHaveATensorParallelismOfTheirOwn) {
  TrainingJob job{load_architecture("mixtral-8x7b"), load_machine("dgx-h100"), {.tensor = 4, .expert = 8}};
  Parallelism& p = job.parallelism;
  p.expert_tensor = 1;
  p.data = 4;
  p.sequence_parallel = true;
  p.global_batch = 4;
  validate(job.model, p);
  const auto groups = parallel_groups(job.machine.network(16), p);
  const auto npus = [&](Axes axis) { return groups[static_cast<std::size_t>(axis)].npus(); };
  EXPECT_EQ(npus(Axes::Tensor), 4);
  EXPECT_EQ(npus(Axes::Expert), 8);
  EXPECT_EQ(npus(Axes::ExpertData), 2);
  EXPECT_EQ(npus(Axes::Data), 4);
  // Each TP rank sends its quarter of the tokens.
  p.dispatch = ExpertDispatch::AllToAll;
  EXPECT_DOUBLE_EQ(route_bytes(job.model, p, groups[static_cast<std::size_t>(Axes::Expert)], true).inside,
                   2.0 * 2.0 * 4096.0 * 4096.0 / 4.0);
  p.expert_tensor = 3;
  EXPECT_THROW(validate(job.model, p), InputError);
}

// A machine's 8 NPUs hold all shards, 4 machines replicas of them.
TEST(Zero, MayDivideOverPartOfTheReplicas) {
  TrainingJob job{load_architecture("llama2-7b"), load_machine("dgx-h100"), {.data = 32, .zero = 3}};
  job.parallelism.global_batch = 32;
  const double everywhere = memory_bill(job.model, job.parallelism).layer_optimizer;
  job.parallelism.zero_npus = 8;
  validate(job.model, job.parallelism);
  const auto groups = parallel_groups(job.machine.network(32), job.parallelism);
  EXPECT_EQ(groups[static_cast<std::size_t>(Axes::Data)].npus(), 8);
  EXPECT_EQ(groups[static_cast<std::size_t>(Axes::Replicas)].npus(), 4);
  EXPECT_DOUBLE_EQ(memory_bill(job.model, job.parallelism).layer_optimizer, 4.0 * everywhere);
}

TEST(ExpertParallel, NeverTakesLongerBesideCompute) {
  for (const std::int64_t pipeline : {1, 2, 4}) {
    for (const ExpertDispatch dispatch : {ExpertDispatch::AllToAll, ExpertDispatch::PerNode}) {
      for (const Recomputation recompute : {Recomputation::None, Recomputation::Full}) {
        TrainingJob job = deepseek(64, pipeline);
        job.parallelism.dispatch = dispatch;
        job.parallelism.recompute = recompute;
        const double apart = estimate(job).step_ns;
        job.parallelism.overlap_expert = true;
        const double beside = estimate(job).step_ns;
        EXPECT_LT(beside, apart) << pipeline;
        EXPECT_GT(beside, 0.4 * apart) << pipeline;
      }
    }
  }
}

TEST(ExpertParallel, OncePerNodeNeverTakesLonger) {
  for (const bool overlap : {false, true}) {
    TrainingJob job = deepseek(64, 2);
    job.parallelism.overlap_expert = overlap;
    job.parallelism.dispatch = ExpertDispatch::PerNode;
    const double once = estimate(job).step_ns;
    job.parallelism.dispatch = ExpertDispatch::AllToAll;
    EXPECT_LT(once, estimate(job).step_ns);
  }
}

TEST(ExpertParallel, NeverTakesMoreMemory) {
  for (const char* name : {"mixtral-8x7b", "mixtral-8x22b", "deepseek-v3"}) {
    const TransformerArchitecture model = load_architecture(name);
    for (const int zero : {0, 1, 2, 3}) {
      double before = 1e300;
      for (std::int64_t expert = 1; expert <= std::min<std::int64_t>(model.experts.count, 64); expert *= 2) {
        const Parallelism p{.expert = expert, .data = 64, .zero = zero, .global_batch = 64};
        const double bytes = memory_bill(model, p).total();
        EXPECT_LE(bytes, before * (1.0 + 1e-12)) << name << " EP " << expert << " ZeRO " << zero;
        before = bytes;
      }
    }
  }
}

// What does not fit is told to divide its experts further.
TEST(ExpertParallel, IsARemedy) {
  const TransformerArchitecture model = load_architecture("mixtral-8x7b");
  const Parallelism p{.data = 64, .zero = 1, .global_batch = 64};
  const double capacity = load_machine("dgx-h100").npu.memory_bytes;
  ASSERT_GT(memory_bill(model, p).total(), capacity);
  EXPECT_NE(remedy(model, p, capacity).find("--ep 8"), std::string::npos) << remedy(model, p, capacity);
  // No further than needed.
  for (const std::int64_t expert : {2, 4}) {
    Parallelism enough = p;
    enough.expert = expert;
    const std::string told = remedy(model, p, memory_bill(model, enough).total()) + " ";
    EXPECT_NE(told.find(fmt::format("--ep {} ", expert)), std::string::npos) << told;
  }
}

// Of the optimizer's update each NPU does that of its own experts' share: none is done twice or left out.
TEST(ExpertParallel, DividesTheUpdateOnce) {
  const auto optimizer_ns = [](const TrainingJob& job) {
    for (const BreakdownLine& line : estimate(job).breakdown) {
      if (line.name == "optimizer") return line.exposed_ns;
    }
    return 0.0;
  };
  EXPECT_NEAR(optimizer_ns(deepseek(1)), optimizer_ns(deepseek(64)), 1e-3 * optimizer_ns(deepseek(1)));
}

}  // namespace
}  // namespace bandwright
