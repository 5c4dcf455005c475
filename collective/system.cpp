#include "collective/system.h"

#include <array>
#include <span>

#include "collective/algorithm.h"
#include "collective/chunk_scheduler.h"
#include "core/catalogue.h"
#include "core/paths.h"

namespace bandwright {
namespace {

template <class Value>
struct Choice {
  std::string_view name;
  std::string_view help;
  Value value;
};

constexpr std::array compositions = {
    Choice<Composition>{"hierarchical", "reduce-scatter up, all-gather down", Composition::Hierarchical},
    Choice<Composition>{"plain", "everything on each dimension in turn", Composition::Plain}};
constexpr std::array collective_orders = {
    Choice<CollectiveOrder>{"fifo", "first issued first", CollectiveOrder::Fifo},
    Choice<CollectiveOrder>{"lifo", "last issued first", CollectiveOrder::Lifo},
    Choice<CollectiveOrder>{"priority", "weight gradients last", CollectiveOrder::Priority}};
constexpr std::array chunk_orders = {
    Choice<ChunkOrder>{"fifo", "by arrival", ChunkOrder::Fifo},
    Choice<ChunkOrder>{"smallest-first", "shortest phase first", ChunkOrder::SmallestFirst}};
constexpr std::array network_models = {
    Choice<NetworkModel>{"ports", "senders' ports are shared", NetworkModel::Ports},
    Choice<NetworkModel>{"links", "links are shared as well", NetworkModel::Links}};
constexpr std::array units = {Choice<bool>{"GB/s", "1e9 B/s", false},
                              Choice<bool>{"GiB/s", "2^30 B/s", true}};
constexpr std::array tables = {Choice<bool>{"split", "weight gradients where they arise", false},
                               Choice<bool>{"fused", "weight gradients in the first line", true}};

template <class Value, std::size_t N>
void read_choice(const YamlValue& root, std::string_view key, const std::array<Choice<Value>, N>& choices,
                 Value& value) {
  const auto found = root.find(key);
  if (!found) return;
  value = found->parsed("one word", [&](std::string_view word) {
    return find_in_catalogue(std::span<const Choice<Value>>(choices), word, key).value;
  });
}

void read_time(const YamlValue& root, std::string_view key, Time& time) {
  if (const auto found = root.find(key)) time = found->as_time();
}

void read_latency(const YamlValue& root, System& system) {
  const auto found = root.find("latency");
  if (!found) return;
  if (!found->is_list()) {
    system.latency = {found->as_time()};
    return;
  }
  for (const YamlValue& item : found->items()) system.latency.push_back(item.as_time());
  if (system.latency.empty()) found->fail("expected at least one time");
}

std::string read_algorithm(const YamlValue& value) {
  return value.parsed("an algorithm",
                      [](std::string_view word) { return std::string(collective_algorithm(word).name); });
}

std::map<CollectiveKind, std::string> read_dimension_algorithms(const YamlValue& item) {
  std::map<CollectiveKind, std::string> algorithms;
  if (item.is_map()) {
    for (const CollectiveKindInfo& phase : collective_kinds()) {
      if (const auto value = item.find(phase.name)) algorithms[phase.kind] = read_algorithm(*value);
    }
    if (algorithms.size() != item.entries().size()) item.fail("expected {collective: algorithm, ...}");
    return algorithms;
  }
  for (const CollectiveKindInfo& phase : collective_kinds()) algorithms[phase.kind] = read_algorithm(item);
  return algorithms;
}

void read_algorithms(const YamlValue& root, System& system) {
  const auto found = root.find("algorithms");
  if (!found) return;
  if (found->is_list()) {
    for (const YamlValue& item : found->items()) {
      system.dimension_algorithms.push_back(read_dimension_algorithms(item));
    }
    return;
  }
  for (const auto& entry : found->entries()) {
    const YamlValue& value = entry.second;
    const auto name = [&] {
      try {
        return dimension_kind(entry.first).name;
      } catch (const InputError& error) {
        value.fail(error.what());
      }
    }();
    system.algorithm[std::string(name)] = read_algorithm(value);
  }
}

void read_parts(const YamlValue& root, System& system) {
  if (const auto list = root.find("npus")) {
    for (const YamlValue& item : list->items()) {
      item.require_keys({"first", "last", "compute_time", "port_speed"});
      NpuSpec spec{.first = item.at("first").as_integer(0, max_npus - 1)};
      spec.last = spec.first;
      if (const auto last = item.find("last")) spec.last = last->as_integer(spec.first, max_npus - 1);
      if (const auto factor = item.find("compute_time")) spec.compute_time = factor->as_number(1e-6, 1e6);
      if (const auto factor = item.find("port_speed")) spec.port_speed = factor->as_number(1e-6, 1e6);
      system.npus.push_back(spec);
    }
  }
  const auto list = root.find("links");
  if (!list) return;
  if (root.find("network_model") && system.network != NetworkModel::Links) {
    list->fail("slow or failed links need network_model: links");
  }
  system.network = NetworkModel::Links;
  for (const YamlValue& item : list->items()) {
    item.require_keys({"from", "to", "speed"});
    system.links.push_back({.from = item.at("from").as_integer(0, max_npus - 1),
                            .to = item.at("to").as_integer(0, max_npus - 1),
                            .speed = item.at("speed").as_number(0.0, 1e6)});
  }
}

void read_times(const YamlValue& root, System& system) {
  read_latency(root, system);
  read_time(root, "endpoint_delay", system.endpoint_delay);
  read_time(root, "message_overhead", system.message_overhead);
  read_time(root, "after_collective", system.after_collective);
  read_time(root, "after_lone_collective", system.after_lone_collective);
  read_time(root, "bookkeeping", system.bookkeeping);
  if (const auto bandwidth = root.find("reduction_bandwidth")) {
    system.reduction_bandwidth = bandwidth->as_bandwidth();
    if (*system.reduction_bandwidth <= Bandwidth(0.0)) bandwidth->fail("expected more than 0 GB/s");
  }
}

}  // namespace

Time System::latency_of(int dimension) const {
  if (latency.empty()) return {};
  if (latency.size() == 1) return latency.front();
  const auto index = static_cast<std::size_t>(dimension);
  if (index >= latency.size()) {
    throw InputError(
        fmt::format("system {}: latency of {} dimensions, the network has more", name, latency.size()));
  }
  return latency[index];
}

System read_system(const YamlValue& root) {
  root.require_keys({"name",
                     "help",
                     "chunks",
                     "algorithms",
                     "scheduler",
                     "composition",
                     "collective_order",
                     "chunk_order",
                     "network_model",
                     "latency",
                     "endpoint_delay",
                     "message_overhead",
                     "reduction_bandwidth",
                     "after_collective",
                     "after_lone_collective",
                     "bookkeeping",
                     "truncate",
                     "bandwidth_unit",
                     "tables",
                     "compute_scale",
                     "npus",
                     "links"});
  System system;
  if (const auto name = root.find("name")) system.name = name->as_string();
  if (const auto help = root.find("help")) system.help = help->as_string();
  if (const auto chunks = root.find("chunks")) {
    system.chunks = static_cast<int>(chunks->as_integer(1, max_chunks));
  }
  if (const auto scheduler = root.find("scheduler")) {
    system.scheduler = scheduler->parsed(
        "a chunk scheduler", [](std::string_view word) { return std::string(chunk_scheduler(word).name); });
  }
  read_choice(root, "composition", compositions, system.composition);
  read_choice(root, "collective_order", collective_orders, system.collectives);
  read_choice(root, "chunk_order", chunk_orders, system.chunk_order);
  read_choice(root, "network_model", network_models, system.network);
  read_choice(root, "bandwidth_unit", units, system.gib);
  read_choice(root, "tables", tables, system.fused_tables);
  if (const auto truncate = root.find("truncate")) system.truncate = truncate->as_bool();
  if (const auto scale = root.find("compute_scale")) system.compute_scale = scale->as_number(1e-9, 1e9);
  read_algorithms(root, system);
  read_times(root, system);
  read_parts(root, system);
  return system;
}

System load_system(std::string_view word) {
  return read_system(YamlValue::load(input_file("systems", word, "system")));
}

}  // namespace bandwright
