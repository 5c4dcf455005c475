// Policies of layer texts: over which NPUs each pass communicates, and what a line that cannot be read says.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/astra_sim/layer_text.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One layer whose three passes have each a collective.
std::string layer_line(const std::string& rest = "") {
  return "conv -1 100 ALLREDUCE 1000 200 ALLGATHER 2000 300 REDUCESCATTER 3000 7" + rest + "\n";
}
LayerText with_policy(const std::string& policy, const std::string& rest = "") {
  return parse_layer_text(policy + "\n1\n" + layer_line(rest), "dir/net.txt");
}

// NPU counts of the groups of forward, input gradient and weight gradient on Ring(4)_Switch(8)_Switch(2); 0
// where a pass has none.
std::vector<std::int64_t> npus_of_passes(const LayerText& text) {
  const Network network = parse_network("Ring(4)_Switch(8)_Switch(2)");
  const std::vector<Group> groups = layer_text_groups(text, network);
  std::vector<std::int64_t> npus;
  const Line& line = text.model.lines.at(0);
  for (const Pass* pass : {&line.forward, &line.input_gradient, &line.weight_gradient}) {
    npus.push_back(pass->communication ? groups[static_cast<std::size_t>(pass->communication->axis)].npus()
                                       : 0);
  }
  return npus;
}

// The table of the header: 64 NPUs, of which dimension 0 has 4 and a model-parallel group 8.
TEST(LayerPolicies, SayWhoCommunicates) {
  for (const auto& [policy, npus] : {std::pair<std::string, std::vector<std::int64_t>>{"DATA", {0, 0, 64}},
                                     {"MODEL", {64, 64, 0}},
                                     {"HYBRID_DATA_MODEL", {4, 4, 16}},
                                     {"HYBRID_MODEL_DATA", {16, 16, 4}},
                                     {"HYBRID_TRANSFORMER model_parallel_NPU_group: 8", {8, 8, 8}},
                                     {"HYBRID_TRANSFORMER model_parallel_NPU_group: 16", {16, 16, 4}},
                                     {"HYBRID_DLRM 0", {64, 64, 64}},
                                     {"MICRO", {0, 0, 64}}}) {
    EXPECT_EQ(npus_of_passes(with_policy(policy)), npus) << policy;
  }
  // By the policy at the end of a line.
  EXPECT_EQ(npus_of_passes(with_policy("HYBRID_CUSTOMIZED", " DATA")),
            (std::vector<std::int64_t>{64, 64, 64}));
  EXPECT_EQ(npus_of_passes(with_policy("HYBRID_CUSTOMIZED", " HYBRID_MODEL_DATA")),
            (std::vector<std::int64_t>{16, 16, 4}));
}

// Numbers of a line: nanoseconds, kinds and bytes, in their order; the last column after each collective.
TEST(LayerPolicies, ColumnsAreTimesKindsAndBytes) {
  const LayerText text = with_policy("HYBRID_TRANSFORMER model_parallel_NPU_group: 8");
  const Line& line = text.model.lines.at(0);
  EXPECT_EQ(line.name, "conv");
  EXPECT_EQ(line.forward.compute, nanoseconds(100));
  EXPECT_EQ(line.input_gradient.compute, nanoseconds(200));
  EXPECT_EQ(line.weight_gradient.compute, nanoseconds(300));
  EXPECT_EQ(line.forward.communication->collective, (Collective{CollectiveKind::AllReduce, Bytes(1000)}));
  EXPECT_EQ(line.input_gradient.communication->collective,
            (Collective{CollectiveKind::AllGather, Bytes(2000)}));
  EXPECT_EQ(line.weight_gradient.communication->collective,
            (Collective{CollectiveKind::ReduceScatter, Bytes(3000)}));
  EXPECT_EQ(text.update, nanoseconds(7));
  EXPECT_EQ(text.model.name, "net");
  EXPECT_EQ(text.model.tensor_parallel, 8);
  EXPECT_THAT(text.ignored, IsEmpty());
  EXPECT_FALSE(text.lone_collective);
}

// What a policy has no group for is said to be ignored; MICRO has one collective and computes nothing.
TEST(LayerPolicies, WhatIsNotUsedIsSaid) {
  EXPECT_THAT(with_policy("DATA").ignored, ElementsAre("conv: DATA has no group for activations"));
  EXPECT_THAT(with_policy("MODEL").ignored, ElementsAre("conv: MODEL has no group for gradients"));
  const LayerText micro = with_policy("MICRO");
  EXPECT_TRUE(micro.lone_collective);
  EXPECT_EQ(micro.model.lines[0].weight_gradient.compute, Time(0));
  const LayerText two = parse_layer_text(
      "DATA\n2\na -1 1 NONE 0 1 NONE 0 1 NONE 0 5\nb -1 1 NONE 0 1 NONE 0 1 NONE 0 6\n", "f");
  EXPECT_EQ(two.update, Time(0));
  EXPECT_THAT(two.ignored, ElementsAre("update times differ between layers and are not used"));
}

// Without the first two lines it is LIBRA's.
TEST(LayerPolicies, LibrasHaveNone) {
  const LayerText text = parse_layer_text(layer_line() + layer_line(), "f");
  EXPECT_EQ(text.policy, "");
  EXPECT_EQ(text.model.lines.size(), 2U);
  EXPECT_EQ(text.layout, GroupLayout::TensorInside);
}

// Words in any case, columns with any blanks, a collective of no bytes is none.
TEST(LayerPolicies, AreReadGenerously) {
  const LayerText text = parse_layer_text(
      "data\r\n1\r\n  conv\t-1  100 none 0\t200 allreduce 0 300 AllToAll 3000 0 \r\n\n", "f");
  const Line& line = text.model.lines.at(0);
  EXPECT_FALSE(line.input_gradient.communication);
  EXPECT_EQ(line.weight_gradient.communication->collective.kind, CollectiveKind::AllToAll);
}

// SimAI's settings change nothing at 1, and are refused where they would.
TEST(LayerPolicies, SettingsOfSimAiAtOneChangeNothing) {
  const LayerText text =
      with_policy("HYBRID_TRANSFORMER model_parallel_NPU_group: 8 ep: 1 pp: 1 vpp: 1 ga: 1 all_gpus: 64");
  EXPECT_EQ(text.model.tensor_parallel, 8);
  for (const char* setting : {"ep: 2", "pp: 4", "vpp: 2", "ga: 8"}) {
    EXPECT_THAT(
        refused([&] {
          return with_policy(std::string("HYBRID_TRANSFORMER model_parallel_NPU_group: 8 ") + setting);
        }),
        HasSubstr("(a setting of SimAI's) is not supported, expected 1"))
        << setting;
  }
}

TEST(LayerPolicies, ProblemsHaveFileLineAndColumn) {
  const auto said = [](const std::string& text) {
    return refused([&] { return parse_layer_text(text, "n.txt"); });
  };
  const std::string start = "DATA\n1\n";
  for (const auto& [text, expected] :
       {std::pair<std::string, std::string>{"", "n.txt: is empty, expected a layer text"},
        {"\xff\n", "n.txt: is not UTF-8 text"},
        {"DATUM\n1\n" + layer_line(), "n.txt:1: policy: unknown policy 'DATUM'"},
        {"DATA odd: 3\n1\n" + layer_line(), "n.txt:1: policy: 'odd:' is not a setting of a layer text"},
        {"DATA\n2\n" + layer_line(), "n.txt:2: number of layers: 2, but 1 follow"},
        {"DATA\nx\n" + layer_line(), "n.txt:2: number of layers: "},
        {"DATA\n1\n", "n.txt:2: layers: expected a line per layer"},
        {start + "conv -1 100\n", "n.txt:3: layer: 3 columns, expected 12"},
        {start + layer_line(" DATA"), "n.txt:3: layer: 13 columns, expected 12"},
        {start + "a -1 x NONE 0 1 NONE 0 1 NONE 0 0\n", "n.txt:3: forward: "},
        {start + "a -1 1 NONE 0 -1 NONE 0 1 NONE 0 0\n", "n.txt:3: input gradient: "},
        {start + "a -1 1 NONE 0 1 NONE 0 1 HUG 5 0\n", "n.txt:3: weight gradient: 'HUG' is not a collective"},
        {start + "a -1 1 NONE 0 1 NONE 0 1 ALLREDUCE_EP 5 0\n",
         "n.txt:3: weight gradient: 'ALLREDUCE_EP' is SimAI's"},
        {start + "a -1 1 NONE 0 1 NONE 0 1 NONE 0 x\n", "n.txt:3: update: "},
        {"HYBRID_CUSTOMIZED\n1\n" + layer_line(),
         "n.txt:3: layer: expected 12 columns and the layer's policy"},
        {"HYBRID_CUSTOMIZED\n1\n" + layer_line(" MICRO"), "n.txt:3: policy: "},
        {"HYBRID_TRANSFORMER_FWD_IN_BCKWD model_parallel_NPU_group: 2 checkpoints: 1 0 checkpoint_initiates: "
         "1 9\n1\n" +
             layer_line(),
         "n.txt:1: checkpoint_initiates: there is no layer 9"}}) {
    EXPECT_THAT(said(text), testing::StartsWith(expected)) << text;
  }
}

// A group that does not divide the network is refused with what does.
TEST(LayerPolicies, GroupsHaveToFit) {
  const LayerText text = with_policy("HYBRID_TRANSFORMER model_parallel_NPU_group: 3");
  EXPECT_NE(refused([&] { return layer_text_groups(text, parse_network("Ring(4)_Switch(8)")); }), "");
  const std::vector<Group> groups =
      layer_text_groups(with_policy("HYBRID_DATA_MODEL"), parse_network("Ring(4)_Switch(8)"));
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].npus() * groups[1].npus(), groups[2].npus());
}

}  // namespace
}  // namespace bandwright
