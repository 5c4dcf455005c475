#include "cost_model/price_list.h"

#include <algorithm>

#include "core/choice.h"
#include "core/fields.h"
#include "core/io/paths.h"

namespace bandwright {
namespace {

constexpr std::array<Choice<Element>, element_count> elements = {
    Choice{Element::Link, "link", "a cable"}, Choice{Element::Switch, "switch", "a port of a switch"},
    Choice{Element::Nic, "nic", "a network adapter"}};
constexpr std::array cables = {Choice{Cables::Shared, "shared", "a cable between two NPUs is paid once"},
                               Choice{Cables::PerNpu, "per-npu", "each NPU pays for its end of a cable"}};

// {Pod: {link: 7.8}, ...}
Kind<std::vector<ClassPrices>> classes() {
  using Named = std::vector<std::pair<std::string, std::array<std::optional<Money>, element_count>>>;
  return kinds::mapped<std::vector<ClassPrices>>(
      kinds::named(kinds::per_row(elements, kinds::dollars(1e9))),
      [](const Named& maps) {
        std::vector<ClassPrices> list;
        for (const auto& [name, prices] : maps) list.push_back({name, prices});
        return list;
      },
      [](const std::vector<ClassPrices>& list) {
        Named maps;
        for (const ClassPrices& row : list) maps.emplace_back(row.name, row.per_gb_per_s);
        return maps;
      });
}

void check_classes(const PriceList& list) {
  if (list.classes.empty()) throw InputError("expected at least one class, such as Pod");
  for (auto row = list.classes.begin(); row != list.classes.end(); ++row) {
    if (std::any_of(list.classes.begin(), row,
                    [&](const ClassPrices& other) { return equal_ignoring_case(other.name, row->name); })) {
      throw InputError(fmt::format("the class {} stands twice (case does not matter)", row->name));
    }
  }
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

const Fields<PriceList>& price_list_fields() {
  static const Fields<PriceList> fields =
      Fields<PriceList>("prices", "a price list",
                        required("name", &PriceList::name, kinds::text(), "what lists and answers call it"),
                        optional("help", &PriceList::help, kinds::text(), "one line for lists"),
                        required("cables", &PriceList::cables, kinds::choice(cables, "way to count cables"),
                                 "who pays for a cable between two NPUs"),
                        required("dollars_per_gb_per_s", &PriceList::classes, classes(),
                                 "by class of dimension; of what one port carries in one direction"))
          .rule("dollars_per_gb_per_s", check_classes);
  return fields;
}

PriceList read_price_list(const YamlValue& root) { return price_list_fields().read(root); }

PriceList load_price_list(std::string_view word) {
  return read_price_list(YamlValue::load(input_file("prices", word, "price list")));
}

}  // namespace bandwright
