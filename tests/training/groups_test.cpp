// The groups of a division over a network, and what no division can be.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/refused.h"
#include "training/division/parallel_groups.h"
#include "training/estimate.h"
#include "training/parallelism.h"

namespace bandwright {
namespace {

std::size_t at(Axes axis) { return static_cast<std::size_t>(axis); }

// The NPU ids of a group's members, from the first.
std::vector<std::int64_t> members(const Group& group) {
  std::vector<std::int64_t> ids = {0};
  for (const GroupDimension& part : group.dimensions) {
    std::vector<std::int64_t> more;
    for (int i = 0; i < part.npus; ++i) {
      for (const std::int64_t id : ids) more.push_back(id + i * part.stride);
    }
    ids = std::move(more);
  }
  return ids;
}

// Ids of two groups side by side: every member of one with every member of the other.
std::set<std::int64_t> product(std::initializer_list<const Group*> groups) {
  std::set<std::int64_t> ids = {0};
  for (const Group* group : groups) {
    std::set<std::int64_t> more;
    for (const std::int64_t id : ids) {
      for (const std::int64_t other : members(*group)) more.insert(id + other);
    }
    ids = std::move(more);
  }
  return ids;
}

struct GroupsCase {
  const char* network;
  Parallelism p;
};

std::vector<GroupsCase> group_cases() {
  const std::vector<std::string> outward = {"DP", "EP", "CP", "TP", "PP"};
  return {{"Switch(8)_Switch(8)", {.tensor = 8, .data = 8}},
          {"Switch(8)_Switch(8)", {.tensor = 4, .pipeline = 2, .data = 8}},
          {"Switch(8)_Switch(8)", {.tensor = 2, .context = 2, .pipeline = 4, .data = 4}},
          {"Switch(8)_Switch(8)", {.tensor = 2, .context = 2, .data = 16, .placement = outward}},
          {"Switch(8)_Switch(8)", {.expert = 8, .pipeline = 2, .data = 32}},
          {"Switch(8)_Switch(8)", {.tensor = 2, .context = 2, .expert = 8, .data = 16}},
          {"Switch(8)_Switch(8)", {.tensor = 2, .context = 2, .expert = 2, .data = 16}},
          {"Switch(8)_Switch(8)", {.tensor = 4, .expert = 8, .expert_tensor = 1, .data = 16}},
          {"Switch(8)_Switch(8)", {.tensor = 4, .expert = 4, .expert_tensor = 2, .pipeline = 2, .data = 8}},
          {"Ring(4)_FullyConnected(4)_Switch(4)", {.tensor = 2, .expert = 4, .data = 32}}};
}

// TP, CP, DP and PP hold as many NPUs as they are told; together every NPU once. Experts' groups and the
// replicas of experts do so, too, with TP of their own or the others'.
TEST(Groups, HoldEveryNpuOnce) {
  for (const GroupsCase& each : group_cases()) {
    const Network network = parse_network(each.network);
    const std::vector<Group> groups = parallel_groups(network, each.p);
    const auto npus = [&](Axes axis) { return groups[at(axis)].npus(); };
    EXPECT_EQ(npus(Axes::Tensor), each.p.tensor);
    EXPECT_EQ(npus(Axes::Context), each.p.context);
    EXPECT_EQ(npus(Axes::Expert), each.p.expert);
    EXPECT_EQ(npus(Axes::Data), each.p.data * each.p.context);  // all that hold the same dense parameters
    EXPECT_EQ(npus(Axes::Pipeline), each.p.pipeline);
    EXPECT_EQ(npus(Axes::Replicas), 1);
    EXPECT_EQ(npus(Axes::ExpertData) * each.p.expert * each.p.experts_tensor(),
              each.p.tensor * each.p.context * each.p.data);
    const auto all =
        product({&groups[at(Axes::Tensor)], &groups[at(Axes::Data)], &groups[at(Axes::Pipeline)]});
    EXPECT_EQ(all.size(), static_cast<std::size_t>(network.npus())) << each.network;
    EXPECT_EQ(*all.rbegin(), network.npus() - 1);
    const auto experts = product({&groups[at(Axes::Expert)], &groups[at(Axes::ExpertData)]});
    EXPECT_EQ(experts.size(), static_cast<std::size_t>(npus(Axes::Expert) * npus(Axes::ExpertData)));
    if (each.p.expert == 1) continue;
    EXPECT_EQ(npus(Axes::ExpertInside) * npus(Axes::ExpertBetween), each.p.expert);
    for (const GroupDimension& part : groups[at(Axes::ExpertInside)].dimensions) EXPECT_EQ(part.dimension, 0);
    for (const GroupDimension& part : groups[at(Axes::ExpertBetween)].dimensions)
      EXPECT_GT(part.dimension, 0);
    EXPECT_EQ(product({&groups[at(Axes::ExpertInside)], &groups[at(Axes::ExpertBetween)]}),
              product({&groups[at(Axes::Expert)]}));
  }
}

// The placement's order is that of the strides.
TEST(Groups, LieInTheOrderOfThePlacement) {
  const Network network = parse_network("Switch(4)_Switch(4)_Switch(4)");
  Parallelism p{.tensor = 4, .pipeline = 4, .data = 4};
  const auto strides = [&] {
    const std::vector<Group> groups = parallel_groups(network, p);
    std::vector<std::int64_t> all;
    for (const Axes axis : {Axes::Tensor, Axes::Data, Axes::Pipeline})
      all.push_back(groups[at(axis)].dimensions[0].stride);
    return all;
  };
  EXPECT_EQ(strides(), (std::vector<std::int64_t>{1, 4, 16}));
  p.placement = {"PP", "DP", "EP", "CP", "TP"};
  EXPECT_EQ(strides(), (std::vector<std::int64_t>{16, 4, 1}));
  p.placement = {"DP", "TP", "PP", "EP", "CP"};
  EXPECT_EQ(strides(), (std::vector<std::int64_t>{4, 1, 16}));
}

// A part of the replicas holds all shards: the innermost, and the rest are replicas of each.
TEST(Groups, ShardsLieInside) {
  const Network network = parse_network("Switch(8)_Switch(8)");
  Parallelism p{.tensor = 2, .data = 32, .zero = 1};
  for (const std::int64_t shards : {2, 4, 16}) {
    p.zero_npus = shards;
    const std::vector<Group> groups = parallel_groups(network, p);
    EXPECT_EQ(groups[at(Axes::Data)].npus(), shards);
    EXPECT_EQ(groups[at(Axes::Replicas)].npus(), 32 / shards);
    EXPECT_EQ(groups[at(Axes::Data)].dimensions[0].stride, 2);
    EXPECT_EQ(
        product({&groups[at(Axes::Tensor)], &groups[at(Axes::Data)], &groups[at(Axes::Replicas)]}).size(),
        64U);
  }
  p.zero_npus = 32;  // all of them
  EXPECT_EQ(parallel_groups(network, p)[at(Axes::Replicas)].npus(), 1);
  p.zero_npus = 24;
  EXPECT_NE(refused([&] { return parallel_groups(network, p); }), "");
}

// Without hierarchy all of a group is one ring over its outermost links.
TEST(Groups, WithoutHierarchyAreOneRing) {
  const Network network = parse_network("Switch(8)_Switch(8)");
  Parallelism p{.tensor = 2, .data = 32};
  EXPECT_EQ(parallel_groups(network, p)[at(Axes::Data)].dimensions.size(), 2U);
  p.hierarchical = false;
  const Group flat = parallel_groups(network, p)[at(Axes::Data)];
  ASSERT_EQ(flat.dimensions.size(), 1U);
  EXPECT_EQ(flat.dimensions[0].dimension, 1);
  EXPECT_EQ(flat.dimensions[0].npus, 32);
}

// Names are read as they are written, and others told the choices.
TEST(DivisionNames, AreReadAndRefused) {
  for (const Recomputation each : {Recomputation::None, Recomputation::Selective, Recomputation::Full}) {
    EXPECT_EQ(recomputation(recomputation_name(each)), each);
  }
  EXPECT_EQ(pipeline_schedule("gpipe"), PipelineSchedule::GPipe);
  EXPECT_EQ(pipeline_schedule("1F1B"), PipelineSchedule::OneFOneB);
  EXPECT_EQ(pipeline_schedule("interleaved"), PipelineSchedule::Interleaved);
  EXPECT_EQ(attention_kernel("unfused"), AttentionKernel::Unfused);
  EXPECT_EQ(attention_kernel("flash1"), AttentionKernel::Flash1);
  EXPECT_EQ(attention_kernel("flash2"), AttentionKernel::Flash2);
  EXPECT_EQ(attention_kernel("flash2024"), AttentionKernel::Flash2024);
  EXPECT_EQ(attention_kernel("flash"), AttentionKernel::Flash);
  EXPECT_EQ(expert_dispatch("model"), ExpertDispatch::ByModel);
  EXPECT_EQ(expert_dispatch("all-to-all"), ExpertDispatch::AllToAll);
  EXPECT_EQ(expert_dispatch("per-node"), ExpertDispatch::PerNode);
  EXPECT_EQ(loss("kernel-by-kernel"), Loss::KernelByKernel);
  EXPECT_EQ(loss("in-place"), Loss::InPlace);
  EXPECT_EQ(loss("fused"), Loss::Fused);
  EXPECT_EQ(gradient_bytes("fp32"), 4);
  EXPECT_EQ(gradient_bytes("bf16"), 2);
  const RecomputedModules modules = recomputed_modules("norms,ffn,experts");
  EXPECT_TRUE(modules.norms && modules.ffn && modules.experts);
  EXPECT_FALSE(modules.activation || modules.up_projections || modules.every_second);
  for (const std::string& said :
       {refused([] { return recomputation("some"); }), refused([] { return pipeline_schedule("some"); }),
        refused([] { return attention_kernel("some"); }), refused([] { return expert_dispatch("some"); }),
        refused([] { return loss("some"); }), refused([] { return gradient_bytes("some"); }),
        refused([] { return optimizer("some"); }),
        refused([] { return recomputed_modules("norms,some"); })}) {
    EXPECT_NE(said.find("some"), std::string::npos) << said;
    EXPECT_NE(said.find("choices"), std::string::npos) << said;
  }
}

struct ProblemCase {
  const char* model;
  Parallelism p;
  std::string said;
};

// What cannot be is one line with what is nearest.
TEST(DivisionProblems, NameWhatIsNearest) {
  for (const ProblemCase& each : std::vector<ProblemCase>{
           {"llama3-8b",
            {.tensor = 3},
            "tensor 3 does not divide the attention heads, 32 (nearest that do: 1, 2, 4)"},
           {"llama3-8b",
            {.context = 3},
            "context 3 does not divide the sequence length 8192 (nearest that do: 1, 2, 4)"},
           {"llama3-8b", {.expert = 2}, "expert 2 for Llama 3 8B, which has no experts (use --ep 1)"},
           {"mixtral-8x7b",
            {.tensor = 4, .expert_tensor = 3},
            "expert TP 3 does not divide TP 4 (nearest that do: 1, 2, 4)"},
           {"mixtral-8x7b",
            {.context = 4, .expert = 2},
            "expert 2 is no multiple of context 4, whose NPUs it uses (use 1 or 4)"},
           {"llama3-8b",
            {.virtual_stages = 2, .schedule = PipelineSchedule::Interleaved},
            "2 virtual stages without a pipeline (use 1, or --pp 2 and more)"},
           {"llama3-8b",
            {.pipeline = 2, .virtual_stages = 2},
            "2 virtual stages need the interleaved schedule, not 1f1b"},
           {"llama3-8b",
            {.data = 4, .global_batch = 3},
            "global batch 3 does not divide into micro-batches of 1 on 4 data-parallel ranks (nearest that "
            "do: 4)"},
           {"llama3-8b", {.data = 4, .micro_batch = 0}, "a batch of 0 sequences, expected at least 1"},
           {"llama3-8b",
            {.pipeline = 4,
            .virtual_stages = 2,
            .schedule = PipelineSchedule::Interleaved,
            .global_batch = 6},
            "the interleaved schedule deals micro-batches out in rounds of 4 stages, global batch 6 makes 6 "
            "(nearest global batches that do: 4, 8)"},
           {"llama3-8b",
            {.data = 8, .zero_npus = 3, .global_batch = 8},
            "ZeRO domain 3 does not divide context x data parallel ranks, 8 (nearest that do: 1, 2, 4)"}}) {
    EXPECT_EQ(refused([&] { return validate(load_architecture(each.model), each.p); }), each.said);
  }
  const TransformerArchitecture llama = load_architecture("llama3-8b");
  for (const int zero : {2, 3}) {
    EXPECT_NE(refused([&] {
                return validate(llama, {.pipeline = 2, .zero = zero, .global_batch = 2});
              }).find("use --zero 1, or --pp 1"),
              std::string::npos);
  }
  EXPECT_EQ(refused([&] { return validate(llama, {.pipeline = 2, .zero = 1, .global_batch = 2}); }), "");
}

// Replicas of what TP, CP and PP take; and no more NPUs than there can be.
// TP divides heads, FFN and, where there are state spaces, their groups.
TEST(DivisionProblems, TensorDividesEverythingOfALayer) {
  TransformerArchitecture model = load_architecture("llama3-8b");
  model.heads = 48;
  model.ffn = 96;
  for (const std::int64_t tensor : {1, 2, 3, 6, 16, 48}) EXPECT_TRUE(tensor_divides(model, tensor)) << tensor;
  for (const std::int64_t tensor : {5, 32, 96}) EXPECT_FALSE(tensor_divides(model, tensor)) << tensor;
  model.ffn = 40;
  for (const std::int64_t tensor : {3, 16}) EXPECT_FALSE(tensor_divides(model, tensor)) << tensor;
  EXPECT_TRUE(tensor_divides(model, 8));
  model.state_space = {.layers = 4, .attention_layers = 2, .heads = 64, .groups = 4};
  EXPECT_TRUE(tensor_divides(model, 4));
  EXPECT_FALSE(tensor_divides(model, 8));
}

TEST(DivisionProblems, ReplicasAreWhatIsLeft) {
  Parallelism p{.tensor = 4, .context = 2, .pipeline = 3};
  fill_data_parallel(p, 240);
  EXPECT_EQ(p.data, 10);
  EXPECT_EQ(refused([&] { return fill_data_parallel(p, 10); }),
            "TP 4 x CP 2 x PP 3 = 24 does not divide 10 NPUs (nearest NPU counts: 24)");
  Parallelism huge{.tensor = std::int64_t{1} << 40, .context = std::int64_t{1} << 40};
  EXPECT_NE(
      refused([&] { return fill_data_parallel(huge, 8); }).find(fmt::format("more than {} NPUs", max_npus)),
      std::string::npos);
}

}  // namespace
}  // namespace bandwright
