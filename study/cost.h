#pragma once
#include <vector>

#include "cost_model/bill.h"
#include "study/job/job.h"

namespace bandwright {

// What a job's network costs at its bandwidths: a bill of links, switches and NICs.
struct CostAnswer {
  Network network;
  PriceList prices;
  std::vector<double> gb_per_s;
  Bill bill;
};
CostAnswer cost(const Job& job);  // throws InputError

}  // namespace bandwright
