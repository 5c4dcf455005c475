#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"
#include "topology/dimension_kind.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// One dimension of an N-dimensional network.
struct Dimension {
  const DimensionKind* kind = nullptr;  // a row of the catalogue
  int npus = 0;                         // along this dimension, at least 2
  std::string price_class;  // the price list's row: Tile, Package, Node, Pod or a name of your own
};

// NPUs arranged in a grid of 1 to 16 dimensions, the innermost first. NPU ids are mixed radix with dimension
// 0 fastest; two NPUs that differ only in dimension d lie on the same wiring of kind d.
//
//   4D = Ring(2)_FullyConnected(8)_Ring(8)_Switch(8): 1,024 NPUs
struct Network {
  std::string name;
  std::string help = {};
  std::vector<Dimension> dimensions;

  [[nodiscard]] int size() const { return static_cast<int>(dimensions.size()); }
  [[nodiscard]] std::int64_t npus() const;
  // "Ring(2)_FullyConnected(8)_Ring(8)_Switch(8)"
  [[nodiscard]] std::string shorthand() const;
};

constexpr std::int64_t max_npus = std::int64_t{1} << 24;

// "Ring(2)_Switch(8)" as a network. `classes` gives one price class per dimension; empty takes the usual
// ones:
//   one dimension Pod; two Package, Pod; three Package, Node, Pod; four and more Tile ..., Package, Node,
//   Pod; switches only: Node everywhere, except Switch(8)_Switch(128), which is Package, Pod.
// Throws InputError on anything else than kinds of the catalogue with at least 2 NPUs each and 2^24 in all.
Network parse_network(std::string_view shorthand, const std::vector<std::string>& classes = {});

// A network file: {name, help, dimensions: [{kind, npus, class}, ...]}; `class` may be left out everywhere.
const Fields<Network>& network_fields();
// Throws InputError.
Network read_network(const YamlValue& root);

// A network by what a user types: a shorthand, the path of a YAML file, or a name of inputs/networks.
Network load_network(std::string_view word, const std::vector<std::string>& classes = {});

}  // namespace bandwright
