#include "cost_model/price_list.h"

#include <algorithm>

#include "core/choice.h"
#include "core/paths.h"

namespace bandwright {
namespace {

constexpr std::array<std::string_view, element_count> element_keys = {"link", "switch", "nic"};

constexpr std::array cables_choices = {
    Choice{Cables::Shared, "shared", "a cable between two NPUs is paid once"},
    Choice{Cables::PerNpu, "per-npu", "each NPU pays for its end of a cable"}};

Cables cables_of(std::string_view word) { return choice_named(cables_choices, word, "way to count cables"); }

ClassPrices read_class(const std::string& name, const YamlValue& map) {
  map.require_keys({element_keys[0], element_keys[1], element_keys[2]});
  ClassPrices prices{.name = name};
  for (std::size_t e = 0; e < element_count; ++e) {
    if (const auto value = map.find(element_keys[e])) {
      prices.per_gb_per_s[e] = dollars(value->as_number(0.0, 1e9));
    }
  }
  return prices;
}

}  // namespace

std::string_view element_name(Element element) {
  static constexpr std::array<std::string_view, element_count> names = {"link", "switch", "NIC"};
  return names[static_cast<std::size_t>(element)];
}

std::optional<Money> PriceList::price(std::string_view price_class, Element element) const {
  const auto row = std::find_if(classes.begin(), classes.end(), [&](const ClassPrices& prices) {
    return equal_ignoring_case(prices.name, price_class);
  });
  return row == classes.end() ? std::nullopt : row->of(element);
}

PriceList read_price_list(const YamlValue& root) {
  root.require_keys({"name", "help", "cables", "dollars_per_gb_per_s"});
  PriceList list{.name = root.at("name").as_string(),
                 .cables = root.at("cables").parsed("a way to count cables", cables_of),
                 .classes = {}};
  const YamlValue prices = root.at("dollars_per_gb_per_s");
  for (const auto& [name, map] : prices.entries()) {
    for (const ClassPrices& other : list.classes) {
      if (equal_ignoring_case(other.name, name)) map.fail("the class stands twice (case does not matter)");
    }
    list.classes.push_back(read_class(name, map));
  }
  if (list.classes.empty()) prices.fail("expected at least one class, such as Pod");
  return list;
}

PriceList load_price_list(std::string_view word) {
  return read_price_list(YamlValue::load(input_file("prices", word, "price list")));
}

}  // namespace bandwright
