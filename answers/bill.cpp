#include "answers/bill.h"

#include <fmt/format.h>

namespace bandwright {

void add_dimension_columns(Table& table) {
  table.column("name", "dimension", Shown::ToPeople)
      .column("dimension", "", Shown::ToPrograms)
      .column("kind", "", Shown::ToPrograms)
      .column("npus", "", Shown::ToPrograms);
}

std::vector<Value> dimension_cells(const Network& network, std::size_t d) {
  const Dimension& dimension = network.dimensions[d];
  return {fmt::format("{} {}({})", d + 1, dimension.kind->name, dimension.npus), d + 1, dimension.kind->name,
          dimension.npus};
}

Table bill_table(const Network& network, const Bill& bill) {
  Table table = Table::of("bill");
  add_dimension_columns(table);
  table.column("class")
      .column("element")
      .column("bought_gb_per_s")
      .column("usd_per_gb_per_s")
      .column("cost_usd");
  for (const BillLine& line : bill.lines) {
    const auto d = static_cast<std::size_t>(line.dimension);
    std::vector<Value> row = dimension_cells(network, d);
    row.insert(row.end(), {network.dimensions[d].price_class, element_name(line.element), line.bought,
                           line.per_gb_per_s.value(), line.cost});
    table.rows.push_back(std::move(row));
  }
  table.total = std::vector<Value>(table.columns.size());
  table.total.front() = "total";
  table.total.back() = bill.total();
  return table;
}

Document cost_document(const Network& network, const PriceList& prices, const std::vector<double>& gb_per_s,
                       const Bill& bill) {
  Document document{.title = fmt::format("{}: {}, {} NPUs, prices '{}'", network.name, network.shorthand(),
                                         network.npus(), prices.name)};
  document.verdict.text = quantity(bill.total().value(), Unit::Usd);
  document.data("network", network.shorthand())
      .data("npus", network.npus())
      .data("prices", prices.name)
      .data("bandwidth_gb_per_s", gb_per_s)
      .data("cost_usd", bill.total());
  Table table = bill_table(network, bill);
  table.main = true;
  document.add(std::move(table));
  return document;
}

}  // namespace bandwright
