#include "scaling/cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/cut.h"
#include "core/paths.h"
#include "core/text.h"
#include "topology/dimension_kind.h"

namespace bandwright {
namespace {

constexpr double highest_rate = 1e15;

Cluster::Dimension read_dimension(const YamlValue& map, bool last) {
  map.require_keys({"kind", "npus", "bandwidth"});
  Cluster::Dimension dimension{.kind = map.at("kind").as_string(),
                               .bandwidth = map.at("bandwidth").as_bandwidth()};
  static_cast<void>(map.at("kind").parsed("a kind of dimension", dimension_kind));
  if (!(dimension.bandwidth.value() > 0.0)) map.at("bandwidth").fail("must be above 0");
  if (!last) dimension.npus = static_cast<int>(map.at("npus").as_integer(2, max_npus));
  if (last && map.find("npus")) map.at("npus").fail("the last dimension takes all workers that are left");
  return dimension;
}

Cluster::Measured read_measured(const YamlValue& map) {
  map.require_keys({"model", "source", "items_per_second"});
  Cluster::Measured measured{.model = map.at("model").as_string(), .source = map.at("source").as_string()};
  const YamlValue rates = map.at("items_per_second");
  for (const auto& [workers, rate] : rates.entries()) {
    const double value = rate.as_number(0.0, highest_rate);
    if (!(value > 0.0)) rate.fail("must be above 0");
    try {
      measured.items_per_second[static_cast<int>(parse_integer(workers, 1, max_npus))] = value;
    } catch (const InputError& error) {
      rate.fail(error.what());
    }
  }
  return measured;
}

}  // namespace

const Cluster::Measured* Cluster::find_measured(std::string_view model) const {
  const auto found = std::find_if(measured.begin(), measured.end(),
                                  [&](const Measured& one) { return equal_ignoring_case(one.model, model); });
  return found == measured.end() ? nullptr : &*found;
}

Cluster read_cluster(const YamlValue& root) {
  root.require_keys({"name", "help", "memory", "dimensions", "measured"});
  Cluster cluster{.name = root.at("name").as_string(), .memory = root.at("memory").as_bytes()};
  if (const auto help = root.find("help")) cluster.help = help->as_string();
  const std::vector<YamlValue> dimensions = root.at("dimensions").items();
  if (dimensions.empty() || static_cast<int>(dimensions.size()) > max_dimensions) {
    root.at("dimensions").fail(fmt::format("expected 1 to {} dimensions", max_dimensions));
  }
  for (const YamlValue& dimension : dimensions) {
    cluster.dimensions.push_back(read_dimension(dimension, &dimension == &dimensions.back()));
  }
  if (const auto measured = root.find("measured")) {
    for (const YamlValue& one : measured->items()) cluster.measured.push_back(read_measured(one));
  }
  return cluster;
}

Cluster load_cluster(std::string_view word) {
  return read_cluster(YamlValue::load(input_file("clusters", word, "system")));
}

ClusterPart part_of(const Cluster& cluster, int workers) {
  ClusterPart part{.network = {.name = cluster.name}};
  int left = workers;
  for (const Cluster::Dimension& dimension : cluster.dimensions) {
    if (left == 1) break;
    const int here = dimension.npus == 0 ? left : std::min(dimension.npus, left);
    if (left % here != 0) {
      throw InputError(
          fmt::format("{} workers do not fill {}: its inner dimension has {}", workers, cluster.name, here));
    }
    part.network.dimensions.push_back({.kind = &dimension_kind(dimension.kind), .npus = here});
    part.gb_per_s.push_back(dimension.bandwidth.value());
    left /= here;
  }
  return part;
}

}  // namespace bandwright
