#include "answers/network.h"

#include <fmt/format.h>

#include "answers/bill.h"
#include "report/unit.h"

namespace bandwright {
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
  document.add(bill_table(graph, answer.bill));
  document.data("prices", answer.prices);
  document.fact("cost_usd", answer.cost,
                fmt::format("{} ({})", answer.cost ? quantity(answer.cost->value(), Unit::Usd) : "unknown",
                            answer.prices));
  return document;
}

}  // namespace bandwright
