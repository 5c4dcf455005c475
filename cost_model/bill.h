#pragma once
#include <span>
#include <string>
#include <vector>

#include "cost_model/price_list.h"
#include "topology/network.h"

namespace bandwright {

// What a network costs at given bandwidths, in GB/s per NPU and dimension. With N NPUs in all and b_d the
// bandwidth of dimension d:
//
//   Ring, FullyConnected   N b_d / 2 GB/s of links (N b_d when every NPU pays for its own)
//   Switch                 N b_d GB/s of links, of switch ports and of NICs
//
// Linear in b. Source: the cost model of the LIBRA paper (ISPASS 2024, section IV) and, with the same
// formulas, of ASTRA-sim 1.0's analytical backend.
struct BillLine {
  int dimension = 0;
  Element element = Element::Link;
  Bandwidth bought;    // over the whole network
  Money per_gb_per_s;  // the price list's
  Money cost;
};

struct Bill {
  std::vector<BillLine> lines;  // by dimension, then link, switch, NIC

  [[nodiscard]] Money total() const;
  [[nodiscard]] Money of_dimension(int dimension) const;
};

// What the price list lacks for this network, such as "Tile switch"; each once.
std::vector<std::string> missing_prices(const Network& network, const PriceList& prices);

// Throws InputError naming the missing prices. REQUIRES one bandwidth per dimension.
Bill make_bill(const Network& network, const PriceList& prices, std::span<const double> gb_per_s);

// The cost of one GB/s per NPU of each dimension, in dollars: the bill is their sum weighted by bandwidth.
// Throws as make_bill does.
std::vector<double> unit_prices(const Network& network, const PriceList& prices);

}  // namespace bandwright
