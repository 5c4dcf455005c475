#include "workload/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/fields.h"
#include "core/io/paths.h"

namespace bandwright {
namespace {

std::string error_in(std::string_view text) {
  try {
    read_model(YamlValue::parse(text, "m.yaml"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Model, EveryShippedModelReads) {
  ASSERT_FALSE(input_names("models/tables").empty());
  for (const std::string& name : input_names("models/tables")) {
    EXPECT_FALSE(load_model(name).lines.empty()) << name;
  }
}

// The layer tables' totals, from their source: ResNet-50 has 54 lines and one gradient all-reduce of
// 51,005,824 B.
TEST(Model, LayerTables) {
  const Model resnet = load_model("ResNet-50-layers");
  EXPECT_EQ(resnet.lines.size(), 54U);
  EXPECT_EQ(resnet.lines[0].weight_gradient.communication->collective.bytes, bytes(51'005'824));
  const Model dlrm = load_model("dlrm");
  EXPECT_EQ(dlrm.lines[0].forward.communication->axis, Axis::World);
  EXPECT_EQ(dlrm.lines[0].forward.communication->collective.kind, CollectiveKind::AllToAll);
}

TEST(Model, BadFilesAreNamedWithTheirLine) {
  EXPECT_EQ(error_in("name: x\n"), "m.yaml:1: missing key 'tensor_parallel'");
  EXPECT_EQ(
      error_in("name: x\nlayer: 3\n"),
      "m.yaml:2: unknown key 'layer'; did you mean 'layers'? (known: name, help, tensor_parallel, layers, "
      "transformer, same_as)");
  EXPECT_EQ(error_in("name: x\ntensor_parallel: 1\nlayers: []\n"),
            "m.yaml:3: layers: expected a list of at least 1");
  EXPECT_EQ(error_in("name: x\ntensor_parallel: 0\nlayers: []\n"),
            "m.yaml:2: tensor_parallel: '0' is not a whole number from 1 to 16777216");
  EXPECT_EQ(error_in("name: x\ntensor_parallel: 1\nlayers:\n  - name: a\n    forward: {compute: -1 ns}\n"),
            "m.yaml:5: layers[0].forward.compute: '-1 ns' is out of range: expected 0, or 1 ps to 100 days");
  EXPECT_EQ(error_in("name: x\ntensor_parallel: 1\nlayers:\n  - name: a\n    forward:\n"
                     "      collective: {kind: all-reduce, bytes: 0 B, group: DP}\n"),
            "m.yaml:6: layers[0].forward.collective.bytes: expected at least 1 B");
  EXPECT_EQ(error_in("name: x\ntransformer: {layers: 2, hidden: 10, tokens_per_replica: 8, sequence: 8, "
                     "tensor_parallel: 3, gemm_rate: 1 TFLOP/s}\n"),
            "m.yaml:2: transformer: tensor_parallel 3 does not divide hidden 10");
}

// Fusing keeps the bytes; gradients of different groups cannot be added up.
TEST(Model, FusingWeightGradients) {
  Model model = load_model("175B");
  Bytes total;
  for (const Line& line : model.lines) {
    if (line.weight_gradient.communication) total += line.weight_gradient.communication->collective.bytes;
  }
  EXPECT_EQ(fuse_weight_gradients(model).lines[0].weight_gradient.communication->collective.bytes, total);
  model.lines[1].weight_gradient.communication->axis = Axis::World;
  EXPECT_THROW(fuse_weight_gradients(model), InputError);
}

// LIBRA's experiments call the artifact's tables by other names: the same lines, written once.
TEST(Model, AnotherNameIsTheSameTable) {
  for (const auto& [name, other] :
       {std::pair("GPT-3", "175B"), std::pair("T-NLG", "17B"), std::pair("MSFT-1T", "1T")}) {
    Model renamed = load_model(name);
    EXPECT_EQ(renamed.name, name);
    const Model table = load_model(other);
    renamed.name = table.name;
    renamed.help = table.help;
    EXPECT_EQ(layer_table_fields().content(renamed), layer_table_fields().content(table));
  }
}

TEST(Model, AnotherNameLeadsToATable) {
  EXPECT_EQ(error_in("name: x\nsame_as: gpt-3\n"), "m.yaml:2: same_as: gpt-3 is another name itself");
  EXPECT_THAT(error_in("name: x\nsame_as: 176b\n"),
              ::testing::HasSubstr("m.yaml:2: same_as: unknown layer table '176b'"));
  EXPECT_EQ(error_in("name: x\nsame_as: 1t\nlayers: []\n"),
            "m.yaml:3: unknown key 'layers' (known: name, help, same_as)");
}

}  // namespace
}  // namespace bandwright
