#include "topology/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/paths.h"

namespace bandwright {
namespace {

std::string error_of(std::string_view shorthand, const std::vector<std::string>& classes = {}) {
  try {
    parse_network(shorthand, classes);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::string> classes_of(const Network& network) {
  std::vector<std::string> classes;
  for (const Dimension& dimension : network.dimensions) classes.push_back(dimension.price_class);
  return classes;
}

using Classes = std::vector<std::string>;

TEST(Network, ShorthandNamesKindsInAnyCase) {
  const Network network = parse_network("ring(4)_FULLYCONNECTED(8)_Switch(32)");
  EXPECT_EQ(network.shorthand(), "Ring(4)_FullyConnected(8)_Switch(32)");
  EXPECT_EQ(network.npus(), 4 * 8 * 32);
}

// The rule of the usual price classes: by dimension count, and Node for networks of switches only.
TEST(Network, UsualPriceClasses) {
  EXPECT_EQ(classes_of(parse_network("Ring(2)")), (Classes{"Pod"}));
  EXPECT_EQ(classes_of(parse_network("Ring(8)_Switch(128)")), (Classes{"Package", "Pod"}));
  EXPECT_EQ(classes_of(parse_network("Ring(2)_Ring(2)_Ring(2)")), (Classes{"Package", "Node", "Pod"}));
  EXPECT_EQ(classes_of(parse_network("Ring(2)_Ring(2)_Ring(2)_Ring(2)_Ring(2)")),
            (Classes{"Tile", "Tile", "Package", "Node", "Pod"}));
  EXPECT_EQ(classes_of(parse_network("Switch(2)_Switch(8)")), (Classes{"Node", "Node"}));
  EXPECT_EQ(classes_of(parse_network("Switch(8)_Switch(128)")), (Classes{"Package", "Pod"}));
  EXPECT_EQ(classes_of(parse_network("Ring(2)_Ring(2)", {"A", "B"})), (Classes{"A", "B"}));
}

TEST(Network, ShippedFilesAreTheirShorthands) {
  EXPECT_EQ(load_network("2D").shorthand(), "Ring(8)_Switch(128)");
  EXPECT_EQ(load_network("3d").shorthand(), "Ring(8)_FullyConnected(8)_Switch(16)");
  EXPECT_EQ(load_network("4D").shorthand(), "Ring(2)_FullyConnected(8)_Ring(8)_Switch(8)");
  EXPECT_EQ(load_network("dgx").shorthand(), "Switch(8)_Switch(128)");
  for (const std::string& name : input_names("networks")) {
    const Network network = load_network(name);
    EXPECT_EQ(classes_of(network), classes_of(parse_network(network.shorthand()))) << name;
  }
}

TEST(Network, BadShorthandsAreNamed) {
  EXPECT_EQ(error_of("Ring"), "'Ring' is not a dimension such as Ring(4)");
  EXPECT_EQ(error_of(""), "'' is not a dimension such as Ring(4)");
  EXPECT_EQ(error_of("Ring(4)_"), "'' is not a dimension such as Ring(4)");
  EXPECT_THAT(error_of("Torus(4)"), testing::StartsWith("unknown dimension kind 'Torus' (choices: Ring, "));
  EXPECT_EQ(error_of("Ring(1)"), "network: NPUs of Ring(1): '1' is not a whole number from 2 to 16777216");
  EXPECT_EQ(error_of("Ring(-4)"), "network: NPUs of Ring(-4): '-4' is not a whole number from 2 to 16777216");
  EXPECT_EQ(error_of("Ring(4)x"), "'Ring(4)x' is not a dimension such as Ring(4)");
  EXPECT_EQ(error_of("Ring(65536)_Ring(65536)"), "more than 16777216 NPUs");
  EXPECT_EQ(error_of("Ring(2)", {"A", "B"}), "2 price classes for the 1 dimensions of Ring(2)");
  std::string many = "Ring(2)";
  for (int i = 0; i < 16; ++i) many += "_Ring(2)";
  EXPECT_EQ(error_of(many), "17 dimensions, expected 1 to 16");
}

TEST(Network, BadFilesAreNamedWithTheirLine) {
  const auto error_in = [](std::string_view text) -> std::string {
    try {
      read_network(YamlValue::parse(text, "n.yaml"));
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_in("name: x\n"), "n.yaml:1: missing key 'dimensions'");
  EXPECT_EQ(error_in("name: x\ndimensions: []\n"), "n.yaml:2: dimensions: 0 dimensions, expected 1 to 16");
  EXPECT_THAT(error_in("name: x\ndimensions:\n  - {kind: Rng, npus: 2}\n"),
              testing::StartsWith(
                  "n.yaml:3: dimensions[0].kind: unknown dimension kind 'Rng'; did you mean 'Ring'?"));
  EXPECT_EQ(
      error_in("name: x\ndimensions:\n  - {kind: Ring, npus: 2}\n  - {kind: Ring, npus: 2, class: Pod}\n"),
      "n.yaml:2: dimensions: 1 price classes for the 2 dimensions of Ring(2)_Ring(2)");
}

}  // namespace
}  // namespace bandwright
