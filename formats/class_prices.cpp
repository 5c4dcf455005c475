#include "formats/class_prices.h"

#include <filesystem>

namespace bandwright {

PriceList read_class_prices(const YamlValue& root, Cables cables) {
  PriceList list{.name = std::filesystem::path(root.place().file).stem().string(), .cables = cables};
  constexpr std::array<std::string_view, element_count> keys = {"Link", "Switch", "Nic"};
  for (const auto& [name, map] : root.entries()) {
    map.require_keys({keys[0], keys[1], keys[2]});
    ClassPrices prices{.name = name};
    for (std::size_t e = 0; e < element_count; ++e) {
      if (const auto value = map.find(keys[e])) prices.per_gb_per_s[e] = dollars(value->as_amount(1e-6, 1e9));
    }
    list.classes.push_back(std::move(prices));
  }
  if (list.classes.empty()) root.fail("expected at least one class of dimensions");
  return list;
}

}  // namespace bandwright
