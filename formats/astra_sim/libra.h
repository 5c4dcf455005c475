#pragma once
#include <vector>

#include "core/yaml.h"
#include "topology/group.h"

namespace bandwright {

// LIBRA's network YAML: {Topology: [kinds], NpusCount: [counts], CostDimension: [classes]}. Throws
// InputError.
Network read_libra_network(const YamlValue& root);

// LIBRA's communicator YAML: how many NPUs of each dimension take part in each pass, -1 for none.
//
//   Forward: [4, 4, -1, -1]    InputGrad: [4, 4, -1, -1]    WeightGrad: [-1, 2, 4, 32]
struct LibraCommunicator {
  std::vector<int> activations;  // forward and input gradient, which have to be alike; 1 for none
  std::vector<int> gradients;
};
LibraCommunicator read_libra_communicator(const YamlValue& root);

// The communicator's groups on a network, indexed by Axis. Where both take part in one dimension, the
// activations have the inner NPUs. Throws InputError when they do not divide the dimensions.
std::vector<Group> communicator_groups(const LibraCommunicator& communicator, const Network& network);

}  // namespace bandwright
