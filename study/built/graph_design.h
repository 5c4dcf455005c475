#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cost_model/price_list.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/transport/flow_network.h"

namespace bandwright {

// A network as it is built whose classes of links share a budget, in place of a grid's dimensions: GB/s per
// NPU of each class (network/link_classes.h). What its links carry is that of its routes
// (simulator/link_loads.h).
struct GraphDesign {
  FlowNetwork built;                  // each class has links
  std::vector<double> grid_gb_per_s;  // of the grid that collectives are planned on

  [[nodiscard]] int classes() const { return static_cast<int>(built.graph.classes.size()); }
};

// Throws InputError for more classes of links than an optimisation has dimensions.
GraphDesign graph_design(FlowNetwork built, std::vector<double> grid_gb_per_s);

// The cost of one GB/s per NPU of each class, in dollars. Throws InputError naming a class without prices;
// empty where that is no matter.
std::vector<double> class_prices(const GraphDesign& design, const PriceList& prices, bool needed);

// A step whose collectives take as long as the fullest link on their routes, and as long as the narrowest cut
// that any routes have to cross.
struct GraphForms {
  ClosedForm routed;
  ClosedForm any_routes;
};
GraphForms graph_forms(const GraphDesign& design, const Step& step, const Network& network,
                       const Library& library);

// The step played over the network with so much of each class, in ns; nothing where that takes long.
std::optional<double> played_ns(const GraphDesign& design, const Step& step, const Network& network,
                                const Library& library, const std::vector<double>& gb_per_s);

}  // namespace bandwright
