#pragma once
#include "core/units.h"
#include "core/yaml.h"
#include "topology/network.h"

namespace bandwright {

// The optimizer network JSON of the LIBRA artifact: {total-bandwidth, npus-count, topology, network-type};
// the bandwidth is the budget in GB/s per NPU. Throws InputError.
struct ArtifactNetwork {
  Network network;
  Bandwidth budget;
};
ArtifactNetwork read_artifact_network(const YamlValue& root);

}  // namespace bandwright
