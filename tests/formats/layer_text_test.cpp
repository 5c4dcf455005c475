// Headers of layer texts: ASTRA-sim 1.0's, however long, and SimAI's.
#include "formats/astra_sim/layer_text.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "core/error.h"

namespace bandwright {
namespace {

const std::string four_layers =
    "4\n"
    "A -1 10 NONE 0 10 NONE 0 10 ALLREDUCE 1000 1\n"
    "B -1 10 NONE 0 10 NONE 0 10 ALLREDUCE 1000 1\n"
    "C -1 10 NONE 0 10 NONE 0 10 ALLREDUCE 1000 1\n"
    "D -1 10 NONE 0 10 NONE 0 10 ALLREDUCE 1000 1\n";

LayerText with_header(const std::string& header) {
  return parse_layer_text(header + "\n" + four_layers, "t");
}

std::string error_of(const std::string& header) {
  try {
    with_header(header);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

// 4 + k + k words: from k = 4 on, or k = 3 with a group's size, as many as a layer has columns.
TEST(LayerTextHeader, MayListAnyNumberOfCheckpoints) {
  const std::string policy = "HYBRID_TRANSFORMER_FWD_IN_BCKWD model_parallel_NPU_group: 2 ";
  EXPECT_EQ(with_header(policy + "checkpoints: 1 0 checkpoint_initiates: 1 3").model.lines.size(), 4U);
  for (const char* lists : {"checkpoints: 2 0 2 checkpoint_initiates: 2 3 1",
                            "checkpoints: 3 0 1 2 checkpoint_initiates: 3 3 2 1",
                            "checkpoints: 4 0 1 2 3 checkpoint_initiates: 4 3 2 1 0"}) {
    const LayerText text = with_header(policy + lists);
    EXPECT_EQ(text.model.tensor_parallel, 2) << lists;
    EXPECT_EQ(text.recompute, Recompute::Full) << lists;
    EXPECT_TRUE(text.model.lines[3].checkpoint && text.model.lines[1].checkpoint) << lists;
  }
}

// What the program writes it reads, for any number of checkpoints.
TEST(LayerTextHeader, ExportsAreReadBack) {
  for (std::size_t layers = 1; layers <= 6; ++layers) {
    Model model{.name = "t", .tensor_parallel = 4};
    for (std::size_t i = 0; i < layers; ++i) {
      model.lines.push_back({.name = "matrix", .forward = {.compute = nanoseconds(10)}});
      model.lines.push_back({.name = "norm", .checkpoint = true});
    }
    const Model read = parse_layer_text(write_layer_text(model), "t").model;
    ASSERT_EQ(read.lines.size(), model.lines.size());
    for (std::size_t i = 0; i < read.lines.size(); ++i) {
      EXPECT_EQ(read.lines[i].checkpoint, model.lines[i].checkpoint) << layers << " layers, line " << i;
    }
  }
}

TEST(LayerTextHeader, SaysWhatOfSimAiIsNotSupported) {
  const std::string policy = "HYBRID_TRANSFORMER_FWD_IN_BCKWD model_parallel_NPU_group: 2 ";
  const std::string rest = " all_gpus: 32 checkpoints: 0 checkpoint_initiates: 0";
  EXPECT_EQ(error_of(policy + "ep: 1 pp: 1 vpp: 1 ga: 1" + rest), "");
  EXPECT_NE(error_of(policy + "ep: 8 pp: 1 vpp: 1 ga: 1" + rest).find("expert parallelism of 8"),
            std::string::npos);
  EXPECT_NE(error_of(policy + "ep: 1 pp: 4 vpp: 1 ga: 1" + rest).find("pipeline parallelism of 4"),
            std::string::npos);
  EXPECT_NE(error_of(policy + "ep: 1 pp: 1 vpp: 2 ga: 1" + rest).find("virtual pipeline stages of 2"),
            std::string::npos);
  EXPECT_NE(error_of(policy + "ep: 1 pp: 1 vpp: 1 ga: 4" + rest).find("gradient accumulation of 4"),
            std::string::npos);
}

TEST(LayerTextHeader, MisspeltPoliciesAreNamedHoweverLongTheLine) {
  EXPECT_NE(
      error_of("HYBRID_TRANSFORMR model_parallel_NPU_group: 2 checkpoints: 3 0 1 2 checkpoint_initiates: 3 "
               "3 2 1")
          .find("HYBRID_TRANSFORMR"),
      std::string::npos);
}

// Any model whose collectives have words is written and read back: times to the nanosecond, bytes and groups
// as they are.
TEST(LayerText, ModelsAreReadBack) {
  std::mt19937 random(4);
  const auto draw = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  constexpr std::array kinds = {CollectiveKind::AllReduce, CollectiveKind::AllGather,
                                CollectiveKind::ReduceScatter, CollectiveKind::AllToAll};
  for (int trial = 0; trial < 100; ++trial) {
    Model model{.name = "m", .tensor_parallel = 1 << draw(4)};
    const auto pass = [&](Axis axis) {
      Pass result{.compute = nanoseconds(draw(100'000))};
      if (draw(2) == 0) result.communication = {axis, {kinds[draw(4)], Bytes(1 + draw(1'000'000))}};
      return result;
    };
    for (unsigned lines = 1 + draw(12); lines > 0; --lines) {
      Line line{.name = "layer" + std::to_string(lines)};
      line.forward = pass(Axis::Tensor);
      line.input_gradient = pass(Axis::Tensor);
      line.weight_gradient = pass(Axis::Data);
      line.checkpoint = draw(3) == 0;
      model.lines.push_back(line);
    }
    const LayerText read = parse_layer_text(write_layer_text(model), "m.txt");
    EXPECT_EQ(read.model.tensor_parallel, model.tensor_parallel);
    ASSERT_EQ(read.model.lines.size(), model.lines.size());
    for (std::size_t i = 0; i < model.lines.size(); ++i) {
      const Line& expected = model.lines[i];
      const Line& found = read.model.lines[i];
      EXPECT_EQ(found.name, expected.name);
      EXPECT_EQ(found.checkpoint, expected.checkpoint);
      EXPECT_EQ(found.forward, expected.forward) << i;
      EXPECT_EQ(found.input_gradient, expected.input_gradient) << i;
      EXPECT_EQ(found.weight_gradient, expected.weight_gradient) << i;
    }
  }
  Model unnamed{.name = "m"};
  unnamed.lines.push_back({.name = "a b"});
  EXPECT_EQ(parse_layer_text(write_layer_text(unnamed), "m.txt").model.lines[0].name, "a_b");
  unnamed.lines[0].forward.communication = {Axis::Tensor, {CollectiveKind::Broadcast, Bytes(1)}};
  EXPECT_THROW(write_layer_text(unnamed), InputError);
}

}  // namespace
}  // namespace bandwright
