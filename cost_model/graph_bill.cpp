#include "cost_model/graph_bill.h"

#include <algorithm>

namespace bandwright {
namespace {

bool is_switch(const NetworkGraph& graph, NodeId node) { return graph.nodes[node].kind == NodeKind::Switch; }

void buy(GraphBillLine& line, Element element, Bandwidth amount) {
  line.bought[static_cast<std::size_t>(element)] += amount;
}

std::optional<Money> cost_of(const GraphBillLine& line, const PriceList& prices,
                             std::string_view price_class) {
  Money cost;
  for (const Element element : {Element::Link, Element::Switch, Element::Nic}) {
    const double bought = line.bought[static_cast<std::size_t>(element)].value();
    if (bought == 0.0) continue;
    const std::optional<Money> price = prices.price(price_class, element);
    if (!price) return std::nullopt;
    cost += *price * bought;
  }
  return cost;
}

}  // namespace

std::vector<GraphBillLine> graph_bill(const NetworkGraph& graph, const PriceList& prices) {
  std::vector<GraphBillLine> bill(graph.classes.size());
  for (std::size_t c = 0; c < bill.size(); ++c) bill[c].link_class = static_cast<std::uint16_t>(c);
  for (const GraphLink& link : graph.links) {
    GraphBillLine& line = bill[link.link_class];
    ++line.links;
    const Bandwidth half = link.bandwidth * 0.5;  // a cable has two directions
    buy(line, Element::Link, half);
    const bool from = is_switch(graph, link.from);
    const bool to = is_switch(graph, link.to);
    if (from) buy(line, Element::Switch, half);
    if (to) buy(line, Element::Switch, half);
    if (from != to) buy(line, Element::Nic, half);
  }
  for (GraphBillLine& line : bill)
    line.cost = cost_of(line, prices, graph.classes[line.link_class].price_class);
  return bill;
}

std::optional<Money> total_of(const std::vector<GraphBillLine>& bill) {
  Money total;
  for (const GraphBillLine& line : bill) {
    if (!line.cost) return std::nullopt;
    total += *line.cost;
  }
  return total;
}

}  // namespace bandwright
