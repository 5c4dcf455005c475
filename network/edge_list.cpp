#include "network/edge_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "core/io/csv.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr std::array<std::string_view, 8> columns = {"from",  "to",    "bandwidth", "latency",
                                                     "class", "price", "cables",    "one_way"};

template <class Parse>
auto read_field(const CsvRow& row, std::string_view column, Parse parse) {
  return placed(row.place(column), [&] { return parse(std::string_view(row.text(column))); });
}

// The number of a name such as npu12, in any case.
std::optional<std::int64_t> npu_number(std::string_view name) {
  constexpr std::size_t word = 3;
  if (name.size() <= word || !equal_ignoring_case(name.substr(0, word), "npu")) return std::nullopt;
  const std::string_view number = name.substr(word);
  if (number.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return parse_integer(number, 0, max_graph_npus - 1);
}

bool is_port(const std::string& name) {
  return equal_ignoring_case(name.substr(0, 3), "nic") || equal_ignoring_case(name.substr(0, 4), "port");
}

// NPUs by number, as they are named.
void add_npus(const std::map<std::int64_t, std::string>& names, NetworkGraph& graph) {
  const auto npus = static_cast<std::int64_t>(names.size());
  graph.add_npus(npus);
  for (const auto& [number, name] : names) {
    const auto expected = static_cast<std::int64_t>(graph.node_names.size());
    if (number != expected) {
      throw InputError(fmt::format("{} NPUs, and npu{} is not among them", npus, expected));
    }
    graph.node_names.push_back(name);
  }
}

// Places for all names: NPUs by number, then the others as they come.
std::map<std::string, NodeId> make_nodes(const CsvTable& table, NetworkGraph& graph) {
  std::map<std::string, NodeId> ids;
  std::map<std::int64_t, std::string> npus;
  std::vector<std::string> others;
  for (const CsvRow& row : table.rows) {
    for (const std::string_view column : {"from", "to"}) {
      const std::string& name = row.text(column);
      if (name.empty()) throw InputError(row.place(column), "a link without an end");
      if (ids.contains(name)) continue;
      const std::optional<std::int64_t> number = read_field(row, column, npu_number);
      ids[name] = static_cast<NodeId>(number.value_or(0));
      if (!number) {
        others.push_back(name);
      } else if (const auto [known, fresh] = npus.try_emplace(*number, name); !fresh) {
        throw InputError(row.place(column), fmt::format("{} is {} above; expected one name for an NPU",
                                                        printable(name), printable(known->second)));
      }
    }
  }
  add_npus(npus, graph);
  for (const std::string& name : others) {
    ids[name] = graph.add(is_port(name) ? NodeKind::Port : NodeKind::Switch, 1);
    graph.node_names.push_back(name);
  }
  return ids;
}

void add_link(const CsvRow& row, const std::map<std::string, NodeId>& ids, const GraphDefaults& defaults,
              NetworkGraph& graph) {
  NetworkGraph::Cable cable{.bandwidth = defaults.bandwidth.value_or(Bandwidth()),
                            .latency = defaults.latency};
  if (row.has("bandwidth")) {
    cable.bandwidth = Bandwidth(read_field(row, "bandwidth", parse_gb_per_s));
  }
  if (!(cable.bandwidth > Bandwidth())) throw InputError(row.place("bandwidth"), "a link without bandwidth");
  if (row.has("latency")) cable.latency = read_field(row, "latency", parse_time);
  if (row.has("cables")) {
    const auto cables = [](std::string_view text) { return parse_integer(text, 1, 65535); };
    cable.cables = static_cast<int>(read_field(row, "cables", cables));
  }
  cable.link_class = graph.class_named(row.has("class") ? row.text("class") : "link",
                                       row.has("price") ? row.text("price") : "Pod");
  const NodeId from = ids.at(row.text("from"));
  const NodeId to = ids.at(row.text("to"));
  if (from == to) throw InputError(row.place("to"), "a link that leads back to where it begins");
  if (row.yes("one_way")) {
    graph.link(from, to, cable);
  } else {
    graph.join(from, to, cable);
  }
}

}  // namespace

bool is_edge_list(const std::filesystem::path& file) {
  return equal_ignoring_case(file.extension().string(), ".csv");
}

NetworkGraph read_edge_list(const std::filesystem::path& file, const GraphDefaults& defaults) {
  const CsvTable table = read_csv(file);
  for (const std::string& name : table.header->names) {
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) continue;
    throw InputError(Place{file.string(), table.header->line},
                     fmt::format("unknown column '{}'{} (choices: {})", printable(name),
                                 did_you_mean(name, columns), fmt::join(columns, ", ")));
  }
  return placed(Place{file.string()}, [&] {
    NetworkGraph graph;
    graph.name = file.stem().string();
    const std::map<std::string, NodeId> ids = make_nodes(table, graph);
    for (const CsvRow& row : table.rows) add_link(row, ids, defaults, graph);
    set_levels_by_distance(graph);
    check_graph(graph);
    return graph;
  });
}

}  // namespace bandwright
