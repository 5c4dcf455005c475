#include "formats/astra_sim/astra_sim_2.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/cut.h"
#include "formats/dimension_lists.h"

namespace bandwright {

AstraSim2Network read_astra_sim_2_network(const YamlValue& root) {
  root.require_keys({"topology", "npus_count", "bandwidth", "latency"});
  AstraSim2Network result{.network = network_of_lists(root, "topology", "npus_count", "")};
  const auto count = result.network.dimensions.size();
  const auto speeds = one_per_dimension(root, "bandwidth", count);
  const auto latencies = one_per_dimension(root, "latency", count);
  for (std::size_t d = 0; d < count; ++d) {
    const Dimension& dimension = result.network.dimensions[d];
    const double shares = 1.0 / dimension.kind->message_share(dimension.npus);
    result.bandwidth.push_back(gib_per_s(shares * speeds[d].as_number(1e-6, 1e9)));
    result.latency.push_back(nanoseconds(latencies[d].as_number(0.0, 1e12)));
  }
  return result;
}

RemoteMemory read_remote_memory(const YamlValue& root) {
  constexpr std::array types = {"NO_MEMORY_EXPANSION", "PER_NPU_MEMORY_EXPANSION",
                                "PER_NODE_MEMORY_EXPANSION", "MEMORY_POOL"};
  root.require_keys({"memory-type", "num-nodes", "num-npus-per-node", "remote-mem-latency", "remote-mem-bw"});
  RemoteMemory result{.type = root.at("memory-type").as_string()};
  if (std::find(types.begin(), types.end(), result.type) == types.end()) {
    root.at("memory-type").fail(fmt::format("'{}', expected {}", result.type, fmt::join(types, ", ")));
  }
  if (result.type == types[0]) return result;
  result.latency = nanoseconds(root.at("remote-mem-latency").as_number(0.0, 1e12));
  result.bandwidth = gb_per_s(root.at("remote-mem-bw").as_number(1e-6, 1e9));
  for (const char* key : {"num-nodes", "num-npus-per-node"}) {
    if (const auto value = root.find(key)) {
      static_cast<void>(value->as_integer(1, max_npus));
      result.ignored.push_back(fmt::format("{}: NPUs that share memory do not slow each other down", key));
    }
  }
  return result;
}

std::vector<int> read_logical_dimensions(const YamlValue& root) {
  root.require_keys({"logical-dims"});
  std::vector<int> npus;
  for (const YamlValue& item : root.at("logical-dims").items()) {
    npus.push_back(static_cast<int>(item.as_integer(1, max_npus)));
  }
  if (npus.empty() || npus.size() > max_dimensions) root.at("logical-dims").fail("expected 1 to 16 numbers");
  return npus;
}

}  // namespace bandwright
