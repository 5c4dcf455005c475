#include "cli/bill.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/money.h"

namespace bandwright {
namespace {

const Dimension& dimension_of(const Network& network, const BillLine& line) {
  return network.dimensions[static_cast<std::size_t>(line.dimension)];
}

}  // namespace

TextTable bill_table(const Network& network, const Bill& bill) {
  TextTable table{.headings = {"dimension", "class", "element", "GB/s bought", "$ per GB/s", "cost"}};
  for (const BillLine& line : bill.lines) {
    const Dimension& dimension = dimension_of(network, line);
    table.rows.push_back({fmt::format("{} {}({})", line.dimension + 1, dimension.kind->name, dimension.npus),
                          dimension.price_class, std::string(element_name(line.element)),
                          fmt::format("{:.2f}", line.bought.value()),
                          fmt::format("{:.2f}", line.per_gb_per_s.value()), format_money(line.cost)});
  }
  table.rows.push_back({"total", "", "", "", "", format_money(bill.total())});
  return table;
}

TextTable bill_csv(const Network& network, const Bill& bill) {
  TextTable table{.headings = {"dimension", "kind", "npus", "class", "element", "gb_per_s_bought",
                               "usd_per_gb_per_s", "cost_usd"}};
  for (const BillLine& line : bill.lines) {
    const Dimension& dimension = dimension_of(network, line);
    table.rows.push_back({fmt::format("{}", line.dimension + 1), std::string(dimension.kind->name),
                          fmt::format("{}", dimension.npus), dimension.price_class,
                          std::string(element_name(line.element)), fmt::format("{}", line.bought.value()),
                          fmt::format("{}", line.per_gb_per_s.value()),
                          fmt::format("{}", line.cost.value())});
  }
  return table;
}

nlohmann::ordered_json bill_json(const Network& network, const Bill& bill) {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const BillLine& line : bill.lines) {
    const Dimension& dimension = dimension_of(network, line);
    lines.push_back({{"dimension", line.dimension + 1},
                     {"kind", dimension.kind->name},
                     {"npus", dimension.npus},
                     {"class", dimension.price_class},
                     {"element", element_name(line.element)},
                     {"gb_per_s_bought", line.bought.value()},
                     {"usd_per_gb_per_s", line.per_gb_per_s.value()},
                     {"cost_usd", line.cost.value()}});
  }
  return lines;
}

}  // namespace bandwright
