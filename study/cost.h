#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cost_model/bill.h"
#include "cost_model/graph_bill.h"
#include "study/job/job.h"

namespace bandwright {

// A network as it is built, and what each of its classes of links costs.
struct BuiltCost {
  NetworkGraph graph;
  std::vector<GraphBillLine> bill;
};

// What a job's network costs at its bandwidths: a bill of links, switches and NICs. The network is a grid, or
// a machine's, which has bandwidths of its own; a budget that no step is there to divide is divided equally.
struct CostAnswer {
  PriceList prices;
  Network network;
  std::vector<double> gb_per_s;
  Bill bill;
  std::optional<BuiltCost> built;  // in place of the three above
  Money total;
  std::vector<std::string> notes;
};
CostAnswer cost(const Job& job);  // throws InputError

}  // namespace bandwright
