#pragma once
#include <string_view>

#include "cost_model/price_list.h"
#include "formats/astra_sim/astra_sim_system.h"
#include "topology/network.h"

namespace bandwright {

// A network and what else its file says.
struct LoadedNetwork {
  Network network;
  std::vector<Bandwidth> bandwidth;  // per NPU and dimension; empty: not in this format
  std::vector<Time> latency;         // of one hop, per dimension; empty: not in this format
  std::vector<std::string> ignored;
  Bandwidth budget;  // per NPU; 0: not in this format
};

// A network file of any format that holds one, told by its content; else what load_network takes. Throws
// InputError.
LoadedNetwork load_any_network(std::string_view word);

// A system file of any format, or what load_system takes. Throws InputError.
AstraSimSystem load_any_system(std::string_view word);

// A price list of any format, or what load_price_list takes. LIBRA's files let each NPU pay for its cables,
// the artifact's let two NPUs share them. Throws InputError.
PriceList load_any_prices(std::string_view word);

}  // namespace bandwright
