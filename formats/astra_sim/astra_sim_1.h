#pragma once
#include <string>
#include <vector>

#include "core/units.h"
#include "core/yaml.h"
#include "topology/network.h"

namespace bandwright {

// The hierarchical network JSON of ASTRA-sim 1.0's analytical backend. Its "GB/s" are GiB/s of one link; an
// NPU has links-count of them on each dimension. Classes Tile, Package, Node, Pod are kept and N is Node, as
// there.
struct AstraSim1Network {
  Network network;
  std::vector<Bandwidth> bandwidth;  // per NPU and dimension
  std::vector<Time> latency;         // of one hop, per dimension
  bool is_template = false;          // counts come from the command line: dimensions of 1 NPU, no speeds
  std::vector<std::string> ignored;  // keys that change nothing here, with the reason
};

// Throws InputError.
AstraSim1Network read_astra_sim_1_network(const YamlValue& root);

}  // namespace bandwright
