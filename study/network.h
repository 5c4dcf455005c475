#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cost_model/graph_bill.h"
#include "study/job/job.h"

namespace bandwright {

// What a network as it is built consists of.
struct NetworkAnswer {
  NetworkGraph graph;
  std::int64_t switches = 0;
  std::int64_t ports = 0;    // shared by NPUs
  std::int64_t failed = 0;   // links
  Bandwidth between_halves;  // of the NPUs, in one direction
  std::string prices;
  std::vector<GraphBillLine> bill;
  std::optional<Money> cost;
};

// Of a job's network, bandwidth and prices. Throws InputError.
NetworkAnswer network(const Job& job);

}  // namespace bandwright
