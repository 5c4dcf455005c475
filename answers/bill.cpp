#include "answers/bill.h"

#include <fmt/format.h>

namespace bandwright {
namespace {

// The slowest and the fastest link of a class.
std::pair<Bandwidth, Bandwidth> bandwidths_of(const NetworkGraph& graph, std::uint16_t link_class) {
  std::pair<Bandwidth, Bandwidth> result;
  for (const GraphLink& link : graph.links) {
    if (link.link_class != link_class) continue;
    if (result.second == Bandwidth()) result.first = link.bandwidth;
    result.first = std::min(result.first, link.bandwidth);
    result.second = std::max(result.second, link.bandwidth);
  }
  return result;
}

}  // namespace

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
  table.column("price_class", "class")
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

Table bill_table(const NetworkGraph& graph, const std::vector<GraphBillLine>& bill) {
  Table table = Table::of("link_classes");
  table.main = true;
  table.column("link_class")
      .column("price_class")
      .column("links")
      .column("bandwidth_gb_per_s", "GB/s of each");
  table.column("bought_gb_per_s", "GB/s bought")
      .column("switch_gb_per_s", "of switch ports")
      .column("cost_usd");
  for (const GraphBillLine& line : bill) {
    const LinkClass& kind = graph.classes[line.link_class];
    table.rows.push_back({kind.name, kind.price_class, line.links,
                          bandwidths_of(graph, line.link_class).second,
                          line.bought[static_cast<std::size_t>(Element::Link)],
                          line.bought[static_cast<std::size_t>(Element::Switch)], line.cost});
  }
  return table;
}

Document cost_document(const CostAnswer& answer) {
  const Network& network = answer.network;
  const std::string name =
      answer.built ? answer.built->graph.name : fmt::format("{}: {}", network.name, network.shorthand());
  const std::int64_t npus = answer.built ? answer.built->graph.npus() : network.npus();
  Document document{.title = fmt::format("{}, {} NPUs, prices '{}'", name, npus, answer.prices.name),
                    .notes = answer.notes};
  document.verdict.text = quantity(answer.total.value(), Unit::Usd);
  document.data("network", answer.built ? name : network.shorthand())
      .data("npus", npus)
      .data("prices", answer.prices.name);
  if (!answer.built) document.data("bandwidth_gb_per_s", answer.gb_per_s);
  document.data("cost_usd", answer.total);
  Table table =
      answer.built ? bill_table(answer.built->graph, answer.built->bill) : bill_table(network, answer.bill);
  table.main = true;
  document.add(std::move(table));
  return document;
}

}  // namespace bandwright
