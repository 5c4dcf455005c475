#include "formats/astra_sim/artifact.h"

#include "formats/dimension_lists.h"

namespace bandwright {

ArtifactNetwork read_artifact_network(const YamlValue& root) {
  root.require_keys({"total-bandwidth", "npus-count", "topology", "network-type"});
  return {network_of_lists(root, "topology", "npus-count", "network-type"),
          gb_per_s(root.at("total-bandwidth").as_number(1e-6, 1e9))};
}

}  // namespace bandwright
