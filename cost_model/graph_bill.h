#pragma once
#include <vector>

#include "cost_model/price_list.h"
#include "network/graph.h"

namespace bandwright {

// What the links of one class of a network as it is built cost. A cable that carries b GB/s in each direction
// is b of link; b of switch port at each end that is a switch, and b of NIC at an end that is an NPU or
// shared port and meets a switch. So a switch that joins all NPUs costs what a dimension of kind Switch does
// (cost_model/bill.h). What has failed was paid for.
struct GraphBillLine {
  std::uint16_t link_class = 0;
  std::int64_t links = 0;  // directed
  std::array<Bandwidth, element_count> bought;
  std::optional<Money> cost;  // nothing when the price list lacks what is bought
};

std::vector<GraphBillLine> graph_bill(const NetworkGraph& graph, const PriceList& prices);

// Nothing when a price is missing.
std::optional<Money> total_of(const std::vector<GraphBillLine>& bill);

}  // namespace bandwright
