#include "formats/astra_sim/astra_sim_1.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/dimension_lists.h"

namespace bandwright {
namespace {

// A file with all counts 1 is a template.
bool is_template(const YamlValue& root) {
  const std::vector<YamlValue> counts = root.at("units-count").items();
  return std::all_of(counts.begin(), counts.end(),
                     [](const YamlValue& v) { return v.as_integer(1, max_npus) == 1; });
}

Network template_network(const YamlValue& root) {
  Network network;
  const std::vector<YamlValue> kinds = root.at("topologies-per-dim").items();
  std::vector<std::string> classes(kinds.size());
  if (kinds.empty()) root.at("topologies-per-dim").fail("expected a kind for each dimension");
  static_cast<void>(one_per_dimension(root, "units-count", kinds.size()));
  if (root.find("dimension-type")) {
    const std::vector<YamlValue> given = one_per_dimension(root, "dimension-type", kinds.size());
    for (std::size_t d = 0; d < kinds.size(); ++d) classes[d] = given[d].as_string();
  }
  for (std::size_t d = 0; d < kinds.size(); ++d) {
    network.dimensions.push_back(
        {&kinds[d].parsed("a dimension kind",
                          [](std::string_view w) -> const DimensionKind& { return dimension_kind(w); }),
         1, classes[d]});
  }
  return network;
}

bool all_zero(const YamlValue& list) {
  const std::vector<YamlValue> items = list.items();
  return std::all_of(items.begin(), items.end(),
                     [](const YamlValue& v) { return v.as_number(0, 1e12) == 0.0; });
}

}  // namespace

AstraSim1Network read_astra_sim_1_network(const YamlValue& root) {
  root.require_keys({"topology-name", "topologies-per-dim", "dimension-type", "dimensions-count",
                     "units-count", "links-count", "link-latency", "link-bandwidth", "nic-latency",
                     "router-latency", "hbm-latency", "hbm-bandwidth", "hbm-scale"});
  if (is_template(root)) return {.network = template_network(root), .is_template = true};
  // The type of a dimension prices it and does nothing else: without one it has its usual class.
  const bool typed = root.find("dimension-type").has_value();
  AstraSim1Network result{
      .network = network_of_lists(root, "topologies-per-dim", "units-count", typed ? "dimension-type" : "")};
  const auto count = static_cast<std::size_t>(result.network.size());
  if (root.at("dimensions-count").as_integer(1, 16) != static_cast<std::int64_t>(count)) {
    root.at("dimensions-count").fail(fmt::format("topologies-per-dim has {} dimensions", count));
  }
  const auto links = one_per_dimension(root, "links-count", count);
  const auto speeds = one_per_dimension(root, "link-bandwidth", count);
  const auto latencies = one_per_dimension(root, "link-latency", count);
  for (std::size_t d = 0; d < count; ++d) {
    const auto cables = static_cast<double>(links[d].as_integer(1, 1 << 20));
    result.bandwidth.push_back(gib_per_s(cables * speeds[d].as_number(1e-6, 1e9)));
    result.latency.push_back(nanoseconds(latencies[d].as_number(0.0, 1e12)));
    std::string& price_class = result.network.dimensions[d].price_class;
    if (price_class == "N") price_class = "Node";
  }
  for (const char* key : {"nic-latency", "router-latency", "hbm-scale"}) {
    if (root.find(key) && !all_zero(root.at(key))) {
      result.ignored.push_back(fmt::format("{}: not modelled", key));
    }
  }
  return result;
}

}  // namespace bandwright
