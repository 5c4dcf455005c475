#include "experiment/inputs.h"

#include <fmt/format.h>

#include "core/fields.h"
#include "core/io/paths.h"
#include "core/text.h"

namespace bandwright {
namespace {

// The cache's entry for `key`, made by `load` when it is not there.
template <class Key, class Value, class Load>
const Value& once(std::map<Key, Value>& cache, const Key& key, const YamlValue& word, Load load) {
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  return cache.emplace(key, word.parsed("a name or a file", load)).first->second;
}

Workload load_table(const std::string& word, const std::string& tables) {
  Workload workload = load_workload(word, Prefer::Tables);
  auto* table = std::get_if<Model>(&workload);
  if (table == nullptr) {
    throw InputError(
        fmt::format("{} is {}: it needs `machines` and `npus`, not a network", word, kind_of(workload)));
  }
  return tables == "fused" ? fuse_weight_gradients(std::move(*table)) : std::move(*table);
}

}  // namespace

template <class Input, class Content>
const Input& ExperimentInputs::identified(const Input& input, Content content) {
  std::string& identity = identities_[&input];
  if (identity.empty()) identity = content_hash(content(input));
  return input;
}

const Network& ExperimentInputs::identified(const Network& network) {
  return identified(network, [](const Network& each) { return network_fields().content(each); });
}

const Network& ExperimentInputs::network(const YamlValue& word) {
  return identified(
      once(networks_, word.as_string(), word, [](std::string_view text) { return load_network(text); }));
}

const Network& ExperimentInputs::in_switches(const Network& network) {
  Network switches = network;
  for (Dimension& dimension : switches.dimensions) dimension.kind = &dimension_kind("Switch");
  return identified(
      networks_.emplace("switches for " + identity(&network), std::move(switches)).first->second);
}

const Workload& ExperimentInputs::table(const YamlValue& word, const std::string& tables) {
  const Workload& loaded = once(tables_, std::pair(word.as_string(), tables), word,
                                [&](std::string_view text) { return load_table(std::string(text), tables); });
  return identified(
      loaded, [](const Workload& table) { return layer_table_fields().content(std::get<Model>(table)); });
}

const Workload& ExperimentInputs::model(const YamlValue& word) {
  const Workload& loaded = once(models_, word.as_string(), word,
                                [](std::string_view text) { return load_workload(std::string(text)); });
  return identified(loaded, [&](const Workload& model) {
    const auto* transformer = std::get_if<TransformerArchitecture>(&model);
    return transformer != nullptr ? architecture_fields().content(*transformer)
                                  : read_text_file(workload_file(word.as_string()));
  });
}

const Machine& ExperimentInputs::machine(const YamlValue& word) {
  const Machine& loaded =
      once(machines_, word.as_string(), word, [](std::string_view text) { return load_machine(text); });
  return identified(loaded, [](const Machine& machine) {
    return machine_fields().content(machine) + read_text_file(inputs_folder() / "calibration.yaml");
  });
}

const Network& ExperimentInputs::network_of(const Machine& machine, std::int64_t npus) {
  const std::string key = fmt::format("{} NPUs of {}", npus, identity(&machine));
  const auto found = networks_.find(key);
  if (found != networks_.end()) return found->second;
  return identified(networks_.emplace(key, machine.network(npus)).first->second);
}

const Library& ExperimentInputs::library(const YamlValue& word) {
  return identified(
      once(libraries_, word.as_string(), word, [](std::string_view text) { return load_library(text); }),
      [](const Library& library) { return library_fields().content(library); });
}

const PriceList& ExperimentInputs::prices(const YamlValue& word) {
  return identified(
      once(prices_, word.as_string(), word, [](std::string_view text) { return load_price_list(text); }),
      [](const PriceList& prices) { return price_list_fields().content(prices); });
}

const ShareTable& ExperimentInputs::shares(const YamlValue& word) {
  return once(shares_, word.as_string(), word, [](std::string_view text) {
    return read_share_table(YamlValue::load(input_file("allocations", text, "table of shares")));
  });
}

}  // namespace bandwright
