#include "answers/network.h"

#include <fmt/format.h>

#include "report/unit.h"

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

Table classes_table(const NetworkAnswer& answer) {
  Table table = Table::of("link_classes");
  table.main = true;
  table.column("link_class")
      .column("price_class")
      .column("links")
      .column("bandwidth_gb_per_s", "GB/s of each");
  table.column("bought_gb_per_s", "GB/s bought")
      .column("switch_gb_per_s", "of switch ports")
      .column("cost_usd");
  for (const GraphBillLine& line : answer.bill) {
    const LinkClass& kind = answer.graph.classes[line.link_class];
    table.rows.push_back({kind.name, kind.price_class, line.links,
                          bandwidths_of(answer.graph, line.link_class).second,
                          line.bought[static_cast<std::size_t>(Element::Link)],
                          line.bought[static_cast<std::size_t>(Element::Switch)], line.cost});
  }
  return table;
}

}  // namespace

Document network_document(const NetworkAnswer& answer) {
  const NetworkGraph& graph = answer.graph;
  Document document{.title = graph.name};
  document.verdict = {fmt::format("{} NPUs, {} between their halves in each direction",
                                  quantity(static_cast<double>(graph.npus()), Unit::Count),
                                  quantity(answer.between_halves.value(), Unit::GbPerS)),
                      Verdict::Mood::Plain};
  document.data("network", graph.name).data("npus", graph.npus());
  document.fact("switches", answer.switches).fact("shared_ports", answer.ports);
  document.fact("links", static_cast<std::int64_t>(graph.links.size())).fact("failed_links", answer.failed);
  document.fact("between_halves_gb_per_s", answer.between_halves);
  document.add(classes_table(answer));
  document.data("prices", answer.prices);
  document.fact("cost_usd", answer.cost,
                fmt::format("{} ({})", answer.cost ? quantity(answer.cost->value(), Unit::Usd) : "unknown",
                            answer.prices));
  return document;
}

}  // namespace bandwright
