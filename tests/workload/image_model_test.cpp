// Are networks on images read and counted right, and what is wrong with them said with its place?
#include "workload/image_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace bandwright {
namespace {

using ::testing::HasSubstr;

ImageModel cosmogan() { return load_image_model("cosmogan"); }

ConvNet network_of(const std::string& text) { return read_convnet(YamlValue::parse(text, "m.yaml")); }

template <class Read>
std::string error_of(const std::string& text, Read read) {
  try {
    read(YamlValue::parse(text, "m.yaml"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ConvNet, CountsAsTheFormulasSay) {
  const ConvNet network = network_of(
      "input: {channels: 3, height: 9, width: 8}\n"
      "layers:\n"
      "  - conv: {channels: 4, kernel: 5, stride: 2, norm: true}\n"
      "  - deconv: {channels: 2, kernel: 3, stride: 3, bias: false}\n"
      "  - max-pool: {kernel: 2, stride: 2}\n"
      "  - dense: {channels: 7}\n");
  // conv: 5 x 4 positions; 25 x 3 x 4 weights, 4 biases, 8 of the norm.
  EXPECT_EQ(network.layers[1].parameters, 300 + 4 + 8);
  EXPECT_EQ(network.layers[1].flops, 2 * 300 * 20);
  EXPECT_EQ(network.layers[1].shape.elements(), 4 * 20);
  // deconv: from 5 x 4 to 15 x 12; 9 x 4 x 2 weights used at each position in.
  EXPECT_EQ(network.layers[2].parameters, 72);
  EXPECT_EQ(network.layers[2].flops, 2 * 72 * 20);
  EXPECT_EQ(network.layers[2].shape.elements(), 2 * 15 * 12);
  // pool: 8 x 6; dense: 96 to 7.
  EXPECT_EQ(network.layers[3].parameters + network.layers[3].flops, 0);
  EXPECT_EQ(network.layers[3].shape.elements(), 2 * 8 * 6);
  EXPECT_EQ(network.layers[4].parameters, 96 * 7 + 7);
  EXPECT_EQ(network.layers[4].flops, 2 * 96 * 7);
  EXPECT_EQ(network.backward_flops(), 2 * network.forward_flops() - 12000);
  // Kept: conv (its own norm and deconv read it), deconv (pool), pool and its indices, dense (the last).
  EXPECT_DOUBLE_EQ(network.kept_elements(), 80 + 360 + 96 + 96 + 7);
}

TEST(ConvNet, BadOnesAreRefusedWithTheirPlace) {
  const auto read = [](const YamlValue& root) { read_convnet(root); };
  const auto with = [](const std::string& layer) {
    return "input: {channels: 3}\nlayers:\n  - " + layer + "\n";
  };
  EXPECT_THAT(error_of(with("cnv: {channels: 3, kernel: 3}"), read),
              HasSubstr("unknown layer 'cnv' (choices: conv, deconv, dense"));
  EXPECT_THAT(error_of(with("dense: {channels: 1000000, height: 60000, width: 60000}"), read),
              HasSubstr("too large"));
  EXPECT_THAT(error_of(with("conv: {channels: 0, kernel: 3}"), read), HasSubstr("m.yaml:3"));
  EXPECT_THAT(error_of(with("conv: {channels: 1}"), read), HasSubstr("kernel"));
  EXPECT_THAT(
      error_of("input: {channels: 3, height: 60000}\nlayers: [deconv: {channels: 1, kernel: 1, stride: 9}]\n",
               read),
      HasSubstr("grows too large"));
}

TEST(CosmoGan, CountsAreExact) {
  const ImageModel model = cosmogan();
  EXPECT_EQ(model.networks[0].parameters(), 3'583'873);
  EXPECT_EQ(model.networks[1].parameters(), 12'824'449);
  EXPECT_EQ(model.parameters(), 16'408'322);
  EXPECT_EQ(model.gradients(), bytes(65'633'288));
  EXPECT_NEAR(static_cast<double>(model.networks[0].forward_flops()) * 1e-9, 4.6664, 0.00005);
  EXPECT_NEAR(static_cast<double>(model.networks[1].forward_flops()) * 1e-9, 5.1024, 0.00005);
  EXPECT_NEAR(static_cast<double>(model.flops_per_image()) * 1e-9, 47.85, 0.005);
}

TEST(CosmoGan, KeepsTheOutputsOfBothPassesThroughTheDiscriminator) {
  // 23.6 MB per image beside four values of 4 B per parameter.
  const ImageModel model = cosmogan();
  EXPECT_NEAR(model.memory_bytes(0), 16.0 * 16'408'322, 1e-3);
  EXPECT_NEAR((model.memory_bytes(1) - model.memory_bytes(0)) * 1e-6, 23.6, 0.05);
}

TEST(ImageModels, OneNetworkCostsForwardAndBackward) {
  const ImageModel model = read_image_model(YamlValue::parse(
      "name: tiny\ninput: {channels: 10}\nlayers: [dense: {channels: 5, bias: false}, dense: "
      "{channels: 1, bias: false}]\n",
      "m.yaml"));
  // Forward 2 (50 + 5); weight gradients the same; input gradients of the second layer alone.
  EXPECT_EQ(model.flops_per_image(), 110 + 110 + 10);
  EXPECT_EQ(model.parameters(), 55);
  EXPECT_DOUBLE_EQ(model.memory_bytes(3), 4.0 * (55 * 4 + 6 * 3));
}

TEST(ImageModels, HalfAPairIsRefused) {
  const auto read = [](const YamlValue& root) { read_image_model(root); };
  const std::string network = "{input: {channels: 1}, layers: [dense: {channels: 1}]}\n";
  EXPECT_THAT(error_of("name: x\ngenerator: " + network, read), HasSubstr("discriminator"));
  EXPECT_THAT(error_of("name: x\ninput: {channels: 1}\ngenerator: " + network, read), HasSubstr("input"));
  EXPECT_THAT(error_of("name: x\nlayrs: []\n", read), HasSubstr("layers"));
}

// As published; FLOP per image as 2 per multiply-add. ResNet-50 and VGG19 to the parameter: torchvision.
TEST(ImageModels, ThoseShippedHaveThePublishedCounts) {
  EXPECT_EQ(load_image_model("resnet-50").parameters(), 25'557'032);
  EXPECT_EQ(load_image_model("vgg19").parameters(), 143'667'240);
  struct Published {
    const char* name;
    double millions;
    double forward_gflop;
  };
  for (const Published& model : {Published{"resnet-50", 25.56, 8.18}, Published{"vgg19", 143.67, 39.26},
                                 Published{"inception-v4", 42.68, 24.5}, Published{"resnet-200", 64.67, 30.1},
                                 Published{"densenet-264", 33.34, 11.6}}) {
    const ConvNet network = load_image_model(model.name).networks.at(0);
    EXPECT_NEAR(static_cast<double>(network.parameters()) * 1e-6, model.millions, 0.01 * model.millions)
        << model.name;
    EXPECT_NEAR(static_cast<double>(network.forward_flops()) * 1e-9, model.forward_gflop,
                0.03 * model.forward_gflop)
        << model.name;
  }
}

struct BadLayers {
  std::string layers;
  std::string message;
};
class BadConvNet : public ::testing::TestWithParam<BadLayers> {};
INSTANTIATE_TEST_SUITE_P(
    Layers, BadConvNet,
    ::testing::Values(BadLayers{"[]", "layers: expected layers"},
                      BadLayers{"[relu6]", "unknown layer 'relu6'"},
                      BadLayers{"[pool: {kernel: 2}]", "unknown layer 'pool'"},
                      BadLayers{"[conv: {channels: 0, kernel: 3}]", "is not a whole number"},
                      BadLayers{"[max-pool: {kernel: 9, padding: valid}]", "larger than the image"},
                      BadLayers{"[max-pool: {kernel: 2, padding: maybe}]", "expected same or valid"},
                      BadLayers{"[add: [[], [conv: {channels: 7, kernel: 1}]]]", "different shapes"},
                      BadLayers{"[concat: [[]]]", "two or more branches"},
                      BadLayers{"[repeat: {times: 2, layers: []}]", "expected layers"},
                      BadLayers{"[repeat: {times: 10000, layers: [repeat: {times: 10000, layers: [relu]}]}]",
                                "more than 20000 layers"}));

TEST_P(BadConvNet, IsRefused) {
  const std::string text =
      "name: B\nhelp: b\ninput: {channels: 2, height: 4, width: 4}\nbatch: 1\nbytes_per_element: "
      "4\nlayers: " +
      GetParam().layers + "\n";
  const std::string error = error_of(text, read_image_model);
  EXPECT_NE(error.find(GetParam().message), std::string::npos) << error;
  EXPECT_TRUE(error.starts_with("m.yaml:6: ")) << error;
}

}  // namespace
}  // namespace bandwright
