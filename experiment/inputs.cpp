#include "experiment/inputs.h"

#include "core/fields.h"
#include "core/paths.h"

namespace bandwright {
namespace {

// The cache's entry for `key`, made by `load` when it is not there.
template <class Key, class Value, class Load>
const Value& once(std::map<Key, Value>& cache, const Key& key, const YamlValue& word, Load load) {
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  return cache.emplace(key, word.parsed("a name or a file", load)).first->second;
}

}  // namespace

const Network& ExperimentInputs::network(const YamlValue& word) {
  return once(networks_, word.as_string(), word, [](std::string_view text) { return load_network(text); });
}

const Network& ExperimentInputs::in_switches(const Network& network) {
  Network switches = network;
  for (Dimension& dimension : switches.dimensions) dimension.kind = &dimension_kind("Switch");
  return networks_.emplace("switches for " + content(network), std::move(switches)).first->second;
}

const Model& ExperimentInputs::model(const YamlValue& word, const std::string& tables) {
  return once(models_, std::pair(word.as_string(), tables), word, [&](std::string_view text) {
    return tables == "fused" ? fuse_weight_gradients(load_model(text)) : load_model(text);
  });
}

const System& ExperimentInputs::system(const YamlValue& word) {
  return once(systems_, word.as_string(), word, [](std::string_view text) { return load_system(text); });
}

const PriceList& ExperimentInputs::prices(const YamlValue& word) {
  return once(prices_, word.as_string(), word, [](std::string_view text) { return load_price_list(text); });
}

const ShareTable& ExperimentInputs::shares(const YamlValue& word) {
  return once(shares_, word.as_string(), word, [](std::string_view text) {
    return read_share_table(YamlValue::load(input_file("allocations", text, "table of shares")));
  });
}

std::string content(const Network& network) { return network_fields().content(network); }
std::string content(const Model& model) { return layer_table_fields().content(model); }
std::string content(const System& system) { return system_fields().content(system); }
std::string content(const PriceList& prices) { return price_list_fields().content(prices); }

}  // namespace bandwright
