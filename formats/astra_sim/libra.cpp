#include "formats/astra_sim/libra.h"

#include <fmt/format.h>

#include <filesystem>

#include "formats/dimension_lists.h"

namespace bandwright {
namespace {

std::vector<int> read_sizes(const YamlValue& list) {
  std::vector<int> sizes;
  for (const YamlValue& item : list.items()) {
    const auto size = static_cast<int>(item.as_integer(-1, max_npus));
    if (size == 0) item.fail("expected a number of NPUs, or -1 for none");
    sizes.push_back(std::max(size, 1));
  }
  return sizes;
}

void require_dividing(const Network& network, std::size_t d, int size, std::string_view pass) {
  const int npus = network.dimensions[d].npus;
  if (npus % size != 0) {
    throw InputError(
        fmt::format("{} of {} NPUs on dimension {} does not divide its {}", pass, size, d + 1, npus));
  }
}

}  // namespace

Network read_libra_network(const YamlValue& root) {
  root.require_keys({"Topology", "NpusCount", "CostDimension"});
  return network_of_lists(root, "Topology", "NpusCount", "CostDimension");
}

LibraCommunicator read_libra_communicator(const YamlValue& root) {
  root.require_keys({"Forward", "InputGrad", "WeightGrad"});
  LibraCommunicator result{read_sizes(root.at("Forward")), read_sizes(root.at("WeightGrad"))};
  if (read_sizes(root.at("InputGrad")) != result.activations) {
    root.at("InputGrad").fail("differs from Forward: activations of one model use one group");
  }
  if (result.gradients.size() != result.activations.size()) {
    root.at("WeightGrad")
        .fail(fmt::format("{} dimensions, but Forward has {}", result.gradients.size(),
                          result.activations.size()));
  }
  return result;
}

std::vector<Group> communicator_groups(const LibraCommunicator& communicator, const Network& network) {
  if (communicator.activations.size() != network.dimensions.size()) {
    throw InputError(fmt::format("the communicator has {} dimensions, the network {} has {}",
                                 communicator.activations.size(), network.name, network.size()));
  }
  Group activations{.name = "TP"};
  Group gradients{.name = "DP"};
  std::int64_t stride = 1;
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    const int inner = communicator.activations[d];
    const int outer = communicator.gradients[d];
    require_dividing(network, d, inner, "Forward");
    require_dividing(network, d, outer, "WeightGrad");
    const bool side_by_side = std::int64_t{inner} * outer <= network.dimensions[d].npus;
    if (inner > 1) activations.dimensions.push_back({static_cast<int>(d), inner, stride});
    if (outer > 1) {
      gradients.dimensions.push_back({static_cast<int>(d), outer, side_by_side ? stride * inner : stride});
    }
    stride *= network.dimensions[d].npus;
  }
  return {activations, gradients, whole_network(network)};
}

}  // namespace bandwright
