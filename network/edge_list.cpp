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

// The number of a name such as npu12.
std::optional<std::int64_t> npu_number(const std::string& name) {
  if (name.size() < 4 || !equal_ignoring_case(name.substr(0, 3), "npu")) return std::nullopt;
  if (!std::all_of(name.begin() + 3, name.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  return parse_integer(name.substr(3), 0, max_graph_npus - 1);
}

bool is_port(const std::string& name) {
  return equal_ignoring_case(name.substr(0, 3), "nic") || equal_ignoring_case(name.substr(0, 4), "port");
}

// Places for all names: NPUs by number, then the others as they come.
std::map<std::string, NodeId> make_nodes(const CsvTable& table, NetworkGraph& graph) {
  std::map<std::string, NodeId> ids;
  std::vector<std::string> others;
  std::int64_t npus = 0;
  for (const CsvRow& row : table.rows) {
    for (const std::string_view column : {"from", "to"}) {
      const std::string& name = row.text(column);
      if (name.empty()) throw InputError(row.place(column), "a link without an end");
      if (!ids.try_emplace(name, 0).second) continue;
      if (const auto number = npu_number(name)) {
        ids[name] = static_cast<NodeId>(*number);
        ++npus;
      } else {
        others.push_back(name);
      }
    }
  }
  graph.add_npus(npus);
  for (std::int64_t i = 0; i < npus; ++i) {
    graph.node_names.push_back(fmt::format("npu{}", i));
    if (!ids.contains(graph.node_names.back())) {
      throw InputError(Place{table.header->file},
                       fmt::format("{} NPUs, and npu{} is not among them", npus, i));
    }
  }
  for (const std::string& name : others) {
    ids[name] = graph.add(is_port(name) ? NodeKind::Port : NodeKind::Switch, 1);
    graph.node_names.push_back(name);
  }
  return ids;
}

template <class Parse>
auto read_field(const CsvRow& row, std::string_view column, Parse parse) {
  try {
    return parse(std::string_view(row.text(column)));
  } catch (const InputError& error) {
    throw InputError(row.place(column), error.what());
  }
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
  NetworkGraph graph;
  graph.name = file.stem().string();
  const std::map<std::string, NodeId> ids = make_nodes(table, graph);
  for (const CsvRow& row : table.rows) add_link(row, ids, defaults, graph);
  set_levels_by_distance(graph);
  check_graph(graph);
  return graph;
}

}  // namespace bandwright
