#include "study/built/graph_design.h"

#include <fmt/format.h>

#include "core/error.h"
#include "cost_model/graph_bill.h"
#include "network/link_classes.h"
#include "simulator/link_loads.h"
#include "simulator/player/flow_cost.h"
#include "simulator/simulate.h"

namespace bandwright {
namespace {

constexpr double longest_play_s = 10.0;

}  // namespace

GraphDesign graph_design(FlowNetwork built, std::vector<double> grid_gb_per_s) {
  built.graph = without_empty_classes(std::move(built.graph));
  if (built.graph.classes.size() > static_cast<std::size_t>(max_dimensions)) {
    throw InputError(fmt::format("{} has {} classes of links, a budget is divided over up to {}",
                                 built.graph.name, built.graph.classes.size(), max_dimensions));
  }
  return {std::move(built), std::move(grid_gb_per_s)};
}

std::vector<double> class_prices(const GraphDesign& design, const PriceList& prices, bool needed) {
  const NetworkGraph& graph = design.built.graph;
  const std::vector<double> gb_per_s = class_gb_per_s(graph);
  std::vector<double> result;
  for (const GraphBillLine& line : graph_bill(graph, prices)) {
    if (line.cost) {
      result.push_back(line.cost->value() / gb_per_s[line.link_class]);
      continue;
    }
    if (!needed) return {};
    const LinkClass& unpriced = graph.classes[line.link_class];
    throw InputError(fmt::format("price list '{}' lacks prices for class '{}' of the links '{}'", prices.name,
                                 unpriced.price_class, unpriced.name));
  }
  return result;
}

GraphForms graph_forms(const GraphDesign& design, const Step& step, const Network& network,
                       const Library& library) {
  const LinkLoads loads = link_loads({step, network, library, design.grid_gb_per_s, Time(0), &design.built});
  return {ClosedForm(step, design.classes(), WireLoads(step.collectives, loads.routed)),
          ClosedForm(step, design.classes(), WireLoads(step.collectives, loads.cut))};
}

std::optional<double> played_ns(const GraphDesign& design, const Step& step, const Network& network,
                                const Library& library, const std::vector<double>& gb_per_s) {
  for (const double b : gb_per_s) {
    if (b <= 0.0) return std::nullopt;
  }
  FlowNetwork built = design.built;
  built.graph = with_class_gb_per_s(std::move(built.graph), gb_per_s);
  Library flows = library;
  flows.network = NetworkModel::Flows;
  const Scenario scenario{step, network, flows, design.grid_gb_per_s, Time(0), &built};
  if (flow_play_seconds(scenario) > longest_play_s) return std::nullopt;
  const Step written_out = expand(step);
  return to_ns(simulate({written_out, network, flows, design.grid_gb_per_s, Time(0), &built}, Fidelity::Full)
                   .step_time);
}

}  // namespace bandwright
