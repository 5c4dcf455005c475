#include "memory/tiers.h"

#include "core/paths.h"

namespace bandwright {
namespace {

Bandwidth positive_bandwidth(const YamlValue& value) {
  const Bandwidth bandwidth = value.as_bandwidth();
  if (bandwidth.value() < 1e-6) value.fail("the bandwidth must be at least 1 kB/s");
  return bandwidth;
}

Tier read_tier(const YamlValue& map) {
  map.require_keys({"name", "capacity", "read", "write", "price_per_gb"});
  return {.name = map.at("name").as_string(),
          .capacity = map.at("capacity").as_bytes(),
          .read = positive_bandwidth(map.at("read")),
          .write = positive_bandwidth(map.at("write")),
          .dollars_per_gb = map.at("price_per_gb").as_number(0.0, 1e6)};
}

CopyBandwidth read_copies(const YamlValue& map) {
  map.require_keys({"to_fast", "to_slow"});
  return {.to_fast = positive_bandwidth(map.at("to_fast")), .to_slow = positive_bandwidth(map.at("to_slow"))};
}

}  // namespace

TierPair read_tiers(const YamlValue& root) {
  root.require_keys({"name", "help", "fast", "slow", "copies", "overlapped", "compute"});
  return {.name = root.at("name").as_string(),
          .help = root.at("help").as_string(),
          .fast = read_tier(root.at("fast")),
          .slow = read_tier(root.at("slow")),
          .copies = read_copies(root.at("copies")),
          .overlapped = read_copies(root.at("overlapped")),
          .compute = root.at("compute").as_flop_rate()};
}

TierPair load_tiers(std::string_view word) {
  return read_tiers(YamlValue::load(input_file("tiers", word, "tiers")));
}

}  // namespace bandwright
