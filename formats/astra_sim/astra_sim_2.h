#pragma once
#include <string>
#include <vector>

#include "core/units.h"
#include "core/yaml.h"
#include "topology/network.h"

namespace bandwright {

// The network YAML of ASTRA-sim 2's analytical backends: {topology, npus_count, bandwidth, latency}, lists of
// equal length. Its "GB/s" are GiB/s of one link and direction. A message uses one link: so do ring
// neighbours, while an NPU of a FullyConnected dimension has a link to each other one.
//
//   bandwidth per NPU = link bandwidth x (FullyConnected: npus - 1, else 1)
struct AstraSim2Network {
  Network network;
  std::vector<Bandwidth> bandwidth;  // per NPU and dimension
  std::vector<Time> latency;         // of one hop, per dimension
};
AstraSim2Network read_astra_sim_2_network(const YamlValue& root);  // throws InputError

// The remote-memory JSON: where memory nodes of a trace load from and store to. An access takes
// latency + bytes / bandwidth; NPUs that share a node or a pool do not slow each other down here.
struct RemoteMemory {
  std::string type;  // "NO_MEMORY_EXPANSION" ...
  Time latency;
  Bandwidth bandwidth;               // zero without expansion
  std::vector<std::string> ignored;  // keys that change nothing here, with the reason
};
RemoteMemory read_remote_memory(const YamlValue& root);  // throws InputError

// The logical topology JSON of the packet-level backends, {"logical-dims": ["8", "2"]}: NPUs per dimension.
std::vector<int> read_logical_dimensions(const YamlValue& root);  // throws InputError

}  // namespace bandwright
