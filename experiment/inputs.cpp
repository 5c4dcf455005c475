#include "experiment/inputs.h"

#include <fmt/format.h>

#include <iterator>

#include "core/paths.h"
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

void append(std::string& text, std::string_view pass_name, const Pass& pass) {
  fmt::format_to(std::back_inserter(text), " {} {}", pass_name, pass.compute.value());
  if (!pass.communication) return;
  const Communication& c = *pass.communication;
  fmt::format_to(std::back_inserter(text), " {} {} {}", collective_name(c.collective.kind), axis_name(c.axis),
                 c.collective.bytes.value());
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

const Workload& ExperimentInputs::table(const YamlValue& word, const std::string& tables) {
  const Workload& loaded =
      once(tables_, std::pair(word.as_string(), tables), word, [&](std::string_view text) -> Workload {
        Workload workload = load_workload(std::string(text), Prefer::Tables);
        auto* table = std::get_if<Model>(&workload);
        if (table == nullptr) {
          throw InputError(fmt::format("{} is {}: it needs `machines` and `npus`, not a network", text,
                                       kind_of(workload)));
        }
        return tables == "fused" ? fuse_weight_gradients(std::move(*table)) : std::move(*table);
      });
  std::string& identity = identities_[&loaded];
  if (identity.empty()) identity = content(std::get<Model>(loaded));
  return loaded;
}

const Workload& ExperimentInputs::model(const YamlValue& word) {
  const Workload& loaded = once(models_, word.as_string(), word,
                                [](std::string_view text) { return load_workload(std::string(text)); });
  std::string& identity = identities_[&loaded];
  if (identity.empty()) identity = content_hash(read_text_file(workload_file(word.as_string())));
  return loaded;
}

const Machine& ExperimentInputs::machine(const YamlValue& word) {
  const Machine& loaded =
      once(machines_, word.as_string(), word, [](std::string_view text) { return load_machine(text); });
  std::string& identity = identities_[&loaded];
  if (identity.empty()) {
    identity = content_hash(read_text_file(input_file("machines", word.as_string(), "machine")) +
                            read_text_file(inputs_folder() / "calibration.yaml"));
  }
  return loaded;
}

const Network& ExperimentInputs::network_of(const Machine& machine, std::int64_t npus) {
  const std::string key = fmt::format("{} NPUs of {}", npus, identity(machine));
  const auto found = networks_.find(key);
  if (found != networks_.end()) return found->second;
  return networks_.emplace(key, machine.network(npus)).first->second;
}

const System& ExperimentInputs::system(const YamlValue& word) {
  return once(systems_, word.as_string(), word, [](std::string_view text) { return load_system(text); });
}

const PriceList& ExperimentInputs::prices(const YamlValue& word) {
  return once(prices_, word.as_string(), word, [](std::string_view text) { return load_price_list(text); });
}

const ShareTable& ExperimentInputs::shares(const YamlValue& word) {
  return once(shares_, word.as_string(), word, [](std::string_view text) {
    return ShareTable::load(input_file("allocations", text, "table of shares"));
  });
}

std::string content_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

std::string content(const Network& network) {
  std::string text = network.shorthand();
  for (const Dimension& dimension : network.dimensions) text += " " + dimension.price_class;
  return text;
}

std::string content(const Model& model) {
  std::string text = fmt::format("TP {}", model.tensor_parallel);
  for (const Line& line : model.lines) {
    text += "\n" + line.name;
    append(text, "f", line.forward);
    append(text, "g", line.input_gradient);
    append(text, "w", line.weight_gradient);
    if (line.checkpoint) text += " checkpoint";
  }
  return text;
}

std::string content(const System& system) {
  std::string text =
      fmt::format("{} {} {} {} {} {}", system.chunks, system.scheduler, static_cast<int>(system.composition),
                  static_cast<int>(system.collectives), static_cast<int>(system.chunk_order), system.gib);
  for (const auto& [kind, algorithm] : system.algorithm) text += fmt::format(" {} {}", kind, algorithm);
  for (const Time latency : system.latency) text += fmt::format(" {}", latency.value());
  for (const Time time :
       {system.endpoint_delay, system.message_overhead, system.after_collective, system.bookkeeping}) {
    text += fmt::format(" {}", time.value());
  }
  const double reduction = system.reduction_bandwidth ? system.reduction_bandwidth->value() : 0.0;
  for (const NpuSpec& npus : system.npus) {
    text += fmt::format(" {} {} {} {}", npus.first, npus.last, npus.compute_time, npus.port_speed);
  }
  for (const LinkSpec& link : system.links) text += fmt::format(" {} {} {}", link.from, link.to, link.speed);
  return text + fmt::format(" {} {} {}", reduction, system.truncate, static_cast<int>(system.network));
}

std::string content(const PriceList& prices) {
  std::string text = prices.cables == Cables::Shared ? "shared" : "per-npu";
  for (const ClassPrices& row : prices.classes) {
    text += "\n" + row.name;
    for (const std::optional<Money>& price : row.per_gb_per_s) {
      text += price ? fmt::format(" {}", price->value()) : std::string(" -");
    }
  }
  return text;
}

}  // namespace bandwright
