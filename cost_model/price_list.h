#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "core/yaml.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// What networks are made of.
enum class Element : std::uint8_t { Link, Switch, Nic };
constexpr std::size_t element_count = 3;
std::string_view element_name(Element element);  // "link", "switch", "NIC"

// Who pays for a cable between two NPUs: they share it (the LIBRA artifact and ASTRA-sim 1.0), or each pays
// for what it sends (the LIBRA paper). A cable to a switch always belongs to its NPU.
enum class Cables : std::uint8_t { Shared, PerNpu };

// The prices of one class of dimension (Tile, Package, Node, Pod ...), each in dollars per GB/s that one port
// carries in one direction. An element without a price cannot be bought in this class.
struct ClassPrices {
  std::string name;
  std::array<std::optional<Money>, element_count> per_gb_per_s;

  [[nodiscard]] std::optional<Money> of(Element element) const {
    return per_gb_per_s[static_cast<std::size_t>(element)];
  }
};

struct PriceList {
  std::string name;
  std::string help = {};
  Cables cables = Cables::Shared;
  std::vector<ClassPrices> classes;

  // Nothing when the list lacks the class (case ignored) or the element in it.
  [[nodiscard]] std::optional<Money> price(std::string_view price_class, Element element) const;
};

// A price file, for example
//
//   name: artifact
//   cables: shared              # or per-npu
//   dollars_per_gb_per_s:
//     Pod: {link: 7.8, switch: 18.0, nic: 31.6}
//
// Throws InputError. A price is 0 to 1e9 dollars.
const Fields<PriceList>& price_list_fields();
PriceList read_price_list(const YamlValue& root);

// A price list by what a user types: the path of a YAML file or a name of inputs/prices.
PriceList load_price_list(std::string_view word = "artifact");

}  // namespace bandwright
