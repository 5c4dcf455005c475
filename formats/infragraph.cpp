#include "formats/infragraph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/choice.h"
#include "core/text.h"
#include "network/graph_file.h"

namespace bandwright {
namespace {

enum class Part : std::uint8_t { Cpu, Xpu, Nic, Memory, Port, Switch, Custom, Device };
constexpr std::array parts = {Choice{Part::Cpu, "cpu", ""},       Choice{Part::Xpu, "xpu", ""},
                              Choice{Part::Nic, "nic", ""},       Choice{Part::Memory, "memory", ""},
                              Choice{Part::Port, "port", ""},     Choice{Part::Switch, "switch", ""},
                              Choice{Part::Custom, "custom", ""}, Choice{Part::Device, "device", ""}};
constexpr std::array edge_schemes = {Choice{JoinScheme::OneToOne, "one2one", ""},
                                     Choice{JoinScheme::ManyToMany, "many2many", ""},
                                     Choice{JoinScheme::Ring, "ring", ""}};
constexpr int last_resort = 16;  // cost of a hop to a CPU or memory

struct LinkKind {
  Bandwidth bandwidth;  // 0: not said
  Time latency;
};

struct Node {
  std::string name;
  Part part;
  bool beside_xpus;  // its device has xpus
};

// A number in one of several units: that of `choice` where it stands there, else the only one there is.
struct PhysicalUnit {
  std::string_view name;
  double factor;
};
double read_physical(const YamlValue& value, std::span<const PhysicalUnit> units, double least) {
  std::vector<std::string_view> names;
  for (const PhysicalUnit& unit : units) names.push_back(unit.name);
  std::vector<std::string_view> known = names;
  known.emplace_back("choice");
  value.require_keys(known);
  const auto choice = value.find("choice");
  const std::string chosen = choice ? choice->as_string() : "";
  for (const PhysicalUnit& unit : units) {
    if (choice && chosen != unit.name) continue;
    if (const auto number = value.find(unit.name)) return number->as_number(least, 1e9) * unit.factor;
  }
  value.fail(fmt::format("expected {}", fmt::join(names, " or ")));
}

Bandwidth read_physical_bandwidth(const YamlValue& value) {
  constexpr std::array units = {PhysicalUnit{"gigabits_per_second", 0.125},
                                PhysicalUnit{"gigabytes_per_second", 1.0},
                                PhysicalUnit{"gigatransfers_per_second", 0.125}};
  return Bandwidth(read_physical(value, units, 1e-6));
}

Time read_physical_latency(const YamlValue& value) {
  constexpr std::array units = {PhysicalUnit{"ms", 1e6}, PhysicalUnit{"us", 1e3}, PhysicalUnit{"ns", 1.0}};
  return nanoseconds(read_physical(value, units, 0.0));
}

std::vector<YamlValue> items_of(const YamlValue& map, std::string_view key) {
  const auto list = map.find(key);
  return list ? list->items() : std::vector<YamlValue>{};
}

std::map<std::string, LinkKind> read_links(const YamlValue& owner) {
  std::map<std::string, LinkKind> links;
  for (const YamlValue& item : items_of(owner, "links")) {
    item.require_keys({"name", "description", "physical"});
    const auto [link, fresh] = links.try_emplace(item.at("name").as_string());
    if (!fresh) item.at("name").fail("another link has this name");
    LinkKind& kind = link->second;
    const auto physical = item.find("physical");
    if (!physical) continue;
    physical->require_keys({"bandwidth", "latency"});
    if (const auto bandwidth = physical->find("bandwidth"))
      kind.bandwidth = read_physical_bandwidth(*bandwidth);
    if (const auto latency = physical->find("latency")) kind.latency = read_physical_latency(*latency);
  }
  return links;
}

class Infrastructure {
 public:
  Infrastructure(const YamlValue& root, const GraphDefaults& defaults) : root_(root), defaults_(defaults) {}

  NetworkGraph graph() {
    root_.require_keys({"name", "description", "devices", "links", "instances", "edges"});
    for (const YamlValue& device : root_.at("devices").items()) {
      device.require_keys({"name", "description", "components", "links", "edges"});
      if (!devices_.emplace(device.at("name").as_string(), device).second) {
        device.at("name").fail("another device has this name");
      }
    }
    for (const YamlValue& instance : root_.at("instances").items()) {
      instance.require_keys({"name", "description", "device", "count"});
      const std::string name = instance.at("name").as_string();
      const auto count = instance.at("count").as_integer(1, max_graph_npus);
      count_parts(instance, name, count);
      for (std::int64_t i = 0; i < count; ++i) {
        expand(instance.at("device"), fmt::format("{}[{}].", name, i), 0);
      }
    }
    place_nodes();
    for (const auto& [device, prefix] : expanded_) join_all(*device, prefix, "Node");
    join_all(root_, "", "Pod");
    graph_.name = root_.find("name") ? root_.at("name").as_string() : "infrastructure";
    set_levels_by_distance(graph_);
    check_graph(graph_);
    return std::move(graph_);
  }

 private:
  const YamlValue& device_named(const YamlValue& name) const {
    const auto device = devices_.find(name.as_string());
    if (device == devices_.end()) name.fail("no device of this name");
    return device->second;
  }

  void expand(const YamlValue& device_name, const std::string& prefix, int depth) {
    if (depth > 8) device_name.fail("devices within devices more than 8 deep");
    const YamlValue& device = device_named(device_name);
    const std::vector<YamlValue> components = device.at("components").items();
    const bool xpus = std::any_of(components.begin(), components.end(), [](const YamlValue& component) {
      return component.at("choice").as_string() == "xpu";
    });
    for (const YamlValue& component : components) {
      component.require_keys({"name", "description", "choice", "count", "custom"});
      const std::string name = component.at("name").as_string();
      const Part part = component.at("choice").parsed(
          "a choice", [](std::string_view word) { return choice_named(parts, word, "choice"); });
      const auto count = component.find("count") ? component.at("count").as_integer(1, max_graph_npus) : 1;
      count_parts(component, prefix + name, count);
      for (std::int64_t i = 0; i < count; ++i) {
        std::string each = fmt::format("{}{}[{}]", prefix, name, i);
        if (part == Part::Device) {
          expand(component.at("name"), each + ".", depth + 1);
        } else {
          nodes_.push_back({std::move(each), part, xpus});
        }
        check_size(component);
      }
    }
    expanded_.emplace_back(&device, prefix);
    check_size(device);
  }

  // Of an instance or component, by its path up to the name.
  void count_parts(const YamlValue& part, const std::string& path, std::int64_t count) {
    if (!counts_.try_emplace(path, count).second) part.at("name").fail("another one here has this name");
  }

  // Devices that hold nothing are many, too.
  void check_size(const YamlValue& part) const {
    constexpr std::size_t most = std::size_t{max_graph_npus} * 4;
    if (nodes_.size() + expanded_.size() > most) part.fail("more than 4 million components and devices");
  }

  void place_nodes() {
    const auto npus = std::stable_partition(nodes_.begin(), nodes_.end(),
                                            [](const Node& node) { return node.part == Part::Xpu; });
    graph_.add_npus(npus - nodes_.begin());
    for (NodeId id = 0; id < nodes_.size(); ++id) {
      const Node& node = nodes_[id];
      if (node.part != Part::Xpu)
        graph_.add(node.part == Part::Switch ? NodeKind::Switch : NodeKind::Port, 1);
      graph_.node_names.push_back(node.name);
      id_of_[node.name] = id;
    }
  }

  // Nodes behind a path of names and slices, such as host[0:2] and nic[0].port, below a prefix.
  std::vector<NodeId> resolve(const YamlValue& endpoint, const std::string& prefix) const {
    std::string path;
    for (const std::string_view key : {"instance", "device", "component"}) {
      const auto word = endpoint.find(key);
      if (word) path += (path.empty() ? "" : ".") + word->as_string();
    }
    std::vector<std::string> names = {prefix};
    for (const std::string_view step : split(path, '.')) {
      std::vector<std::string> next;
      for (const std::string& name : names) add_steps(endpoint, name, step, next);
      names = std::move(next);
    }
    std::vector<NodeId> result;
    for (const std::string& name : names) {
      const auto node = id_of_.find(name.substr(0, name.size() - 1));
      if (node == id_of_.end())
        endpoint.fail(fmt::format("'{}' is a device, expected one of its components", printable(path)));
      result.push_back(node->second);
    }
    return result;
  }

  void add_steps(const YamlValue& endpoint, const std::string& prefix, std::string_view step,
                 std::vector<std::string>& names) const {
    const std::size_t open = step.find('[');
    const std::string name(step.substr(0, open));
    const auto count = counts_.find(prefix + name);
    if (count == counts_.end()) endpoint.fail(fmt::format("no component or instance '{}'", printable(name)));
    const bool slice = open != std::string_view::npos && step.back() == ']';
    if (!slice && open != std::string_view::npos)
      endpoint.fail(fmt::format("'{}' is no slice", printable(step)));
    try {
      const std::string_view inside = slice ? step.substr(open + 1, step.size() - open - 2) : ":";
      for (const std::int64_t i : sliced(inside, count->second)) {
        names.push_back(fmt::format("{}{}[{}].", prefix, name, i));
      }
    } catch (const InputError& error) {
      endpoint.fail(error.what());
    }
  }

  // The edges of a device or of the infrastructure itself.
  void join_all(const YamlValue& owner, const std::string& prefix, std::string_view price) {
    const std::map<std::string, LinkKind> links = read_links(owner);
    for (const YamlValue& edge : items_of(owner, "edges")) {
      edge.require_keys({"ep1", "ep2", "scheme", "link"});
      for (const std::string_view end : {"ep1", "ep2"})
        edge.at(end).require_keys({"instance", "device", "component"});
      const std::string name = edge.at("link").as_string();
      const auto link = links.find(name);
      if (link == links.end()) edge.at("link").fail("no link of this name");
      const JoinScheme scheme = edge.at("scheme").parsed(
          "a scheme", [](std::string_view word) { return choice_named(edge_schemes, word, "scheme"); });
      const Bandwidth bandwidth = link->second.bandwidth > Bandwidth()
                                      ? link->second.bandwidth
                                      : defaults_.bandwidth.value_or(Bandwidth());
      if (!(bandwidth > Bandwidth()))
        edge.at("link").fail("has no physical bandwidth, and --bandwidth gives none");
      NetworkGraph::Cable cable{.bandwidth = bandwidth,
                                .latency = link->second.latency,
                                .link_class = graph_.class_named(name, price)};
      const std::vector<NodeId> from = resolve(edge.at("ep1"), prefix);
      const std::vector<NodeId> to = resolve(edge.at("ep2"), prefix);
      const auto aside = [&](NodeId id) {
        const Node& node = nodes_[id];
        return node.beside_xpus && (node.part == Part::Cpu || node.part == Part::Memory);
      };
      if (std::any_of(from.begin(), from.end(), aside) || std::any_of(to.begin(), to.end(), aside)) {
        cable.cost = last_resort;
      }
      try {
        join_nodes(graph_, from, to, scheme, cable, false);
      } catch (const InputError& error) {
        edge.fail(error.what());
      }
    }
  }

  const YamlValue& root_;
  GraphDefaults defaults_;
  std::map<std::string, YamlValue> devices_;
  std::map<std::string, std::int64_t> counts_;  // by path up to the name
  std::vector<std::pair<const YamlValue*, std::string>> expanded_;
  std::vector<Node> nodes_;
  std::map<std::string, NodeId> id_of_;
  NetworkGraph graph_;
};

}  // namespace

bool is_infragraph(const YamlValue& root) {
  return root.is_map() && root.find("devices").has_value() && root.find("instances").has_value();
}

NetworkGraph read_infragraph(const YamlValue& root, const GraphDefaults& defaults) {
  return placed({root.place().file, 0, "instances"}, [&] { return Infrastructure(root, defaults).graph(); });
}

}  // namespace bandwright
