#include "cost_model/bill.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "core/error.h"
#include "core/text.h"

namespace bandwright {
namespace {

// What one NPU needs of an element for each GB/s of a dimension.
struct Part {
  Element element;
  double per_npu;
};

std::vector<Part> parts_of(const Dimension& dimension, Cables cables) {
  if (dimension.kind->switched) return {{Element::Link, 1.0}, {Element::Switch, 1.0}, {Element::Nic, 1.0}};
  return {{Element::Link, cables == Cables::Shared ? 0.5 : 1.0}};
}

// "; did you mean 'Pod'?" where a dimension's class is none of the list's.
std::string nearest_class(const Network& network, const PriceList& prices) {
  std::vector<std::string_view> names;
  for (const ClassPrices& row : prices.classes) names.push_back(row.name);
  for (const Dimension& dimension : network.dimensions) {
    if (std::find(names.begin(), names.end(), dimension.price_class) != names.end()) continue;
    return did_you_mean(dimension.price_class, names);
  }
  return "";
}

void require_prices(const Network& network, const PriceList& prices) {
  const std::vector<std::string> missing = missing_prices(network, prices);
  if (missing.empty()) return;
  throw InputError(fmt::format("price list '{}' has no price for: {}{}", prices.name,
                               fmt::join(missing, ", "), nearest_class(network, prices)));
}

}  // namespace

Money Bill::total() const {
  Money sum;
  for (const BillLine& line : lines) sum += line.cost;
  return sum;
}

Money Bill::of_dimension(int dimension) const {
  Money sum;
  for (const BillLine& line : lines) {
    if (line.dimension == dimension) sum += line.cost;
  }
  return sum;
}

std::vector<std::string> missing_prices(const Network& network, const PriceList& prices) {
  std::vector<std::string> missing;
  for (const Dimension& dimension : network.dimensions) {
    for (const Part& part : parts_of(dimension, prices.cables)) {
      if (prices.price(dimension.price_class, part.element)) continue;
      std::string name = fmt::format("{} {}", dimension.price_class, element_name(part.element));
      if (std::find(missing.begin(), missing.end(), name) == missing.end())
        missing.push_back(std::move(name));
    }
  }
  return missing;
}

Bill make_bill(const Network& network, const PriceList& prices, std::span<const double> gb_per_s) {
  assert(gb_per_s.size() == network.dimensions.size());
  require_prices(network, prices);
  Bill bill;
  for (int d = 0; d < network.size(); ++d) {
    const Dimension& dimension = network.dimensions[static_cast<std::size_t>(d)];
    const double all_npus = static_cast<double>(network.npus()) * gb_per_s[static_cast<std::size_t>(d)];
    for (const Part& part : parts_of(dimension, prices.cables)) {
      const Money price = *prices.price(dimension.price_class, part.element);
      const double bought = all_npus * part.per_npu;
      bill.lines.push_back({d, part.element, Bandwidth(bought), price, price * bought});
    }
  }
  return bill;
}

std::vector<double> unit_prices(const Network& network, const PriceList& prices) {
  const Bill bill = make_bill(network, prices, std::vector<double>(network.dimensions.size(), 1.0));
  std::vector<double> unit;
  for (int d = 0; d < network.size(); ++d) unit.push_back(bill.of_dimension(d).value());
  return unit;
}

}  // namespace bandwright
