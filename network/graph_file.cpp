#include "network/graph_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "core/choice.h"
#include "core/fields.h"
#include "core/text.h"
#include "network/builders.h"

namespace bandwright {
namespace {

constexpr std::array node_kinds = {
    Choice{NodeKind::Switch, "switch", "passes messages on"},
    Choice{NodeKind::Port, "port", "of several NPUs, such as a NIC they share"}};
constexpr std::array schemes = {Choice{JoinScheme::OneToOne, "one2one", "first with first, or one with each"},
                                Choice{JoinScheme::ManyToMany, "many2many", "each with each"},
                                Choice{JoinScheme::Ring, "ring", "each with the next"}};

const Fields<NodeGroup>& node_group_fields() {
  using N = NodeGroup;
  static const Fields<N> fields(
      "nodes", "switches or shared ports of one name",
      required("name", &N::name, kinds::text(), "name[0], name[1] ... in links"),
      optional("count", &N::count, kinds::integer<int>(1, 1 << 20), "how many"),
      optional("kind", &N::kind, kinds::choice(node_kinds, "kind of node"), "what they are"),
      optional("level", &N::level, kinds::integer<int>(1, 16), "of a drawing, NPUs being level 0"));
  return fields;
}

const Fields<LinkGroup>& link_group_fields() {
  using L = LinkGroup;
  static const Fields<L> fields(
      "links", "links between two lists of nodes",
      required("from", &L::from, kinds::text(), "npu[0:4], leaf[1], spine (all)"),
      required("to", &L::to, kinds::text(), "the same"),
      optional("scheme", &L::scheme, kinds::choice(schemes, "scheme"), "which of them are joined"),
      required("bandwidth", &L::bandwidth, kinds::bandwidth(), "of each direction, all cables together"),
      optional("latency", &L::latency, kinds::time(), "of a hop"),
      optional("class", &L::name, kinds::text(), "name of such links in answers"),
      optional("price", &L::price, kinds::text(), "row of the price list"),
      optional("cables", &L::cables, kinds::integer<int>(1, 65535), "in one trunk"),
      optional("cost", &L::cost, kinds::integer<int>(1, 255), "of a hop, for the shortest way"),
      optional("one_way", &L::one_way, kinds::flag(), "from the first to the second only"));
  return fields;
}

const Fields<FailedLinks>& failed_fields() {
  static const Fields<FailedLinks> fields("failed", "links that have failed",
                                          required("from", &FailedLinks::from, kinds::text(), "nodes"),
                                          required("to", &FailedLinks::to, kinds::text(), "nodes"));
  return fields;
}

const Fields<WrittenWay>& way_fields() {
  using W = WrittenWay;
  static const Fields<W> fields(
      "ways", "a way that messages take", required("from", &W::from, kinds::text(), "an NPU, such as npu[0]"),
      required("to", &W::to, kinds::text(), "another"),
      optional("over", &W::over, kinds::list(kinds::text()), "the nodes in between, such as leaf[0]"));
  return fields;
}

// A part of a slice; nothing where it is left out.
std::optional<std::int64_t> bound_of(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return parse_integer(text, -(std::int64_t{1} << 26), std::int64_t{1} << 26);
}

[[noreturn]] void refuse_slice(std::string_view slice, std::int64_t count) {
  throw InputError(fmt::format("'[{}]' takes none of {}", printable(slice), count));
}

// Nodes by the names of groups and of kinds, in order; it follows its graph as that grows.
class NodeIndex {
 public:
  explicit NodeIndex(const NetworkGraph& graph) : graph_(graph) {}

  const std::vector<NodeId>& of(std::string_view name) {
    catch_up();
    const std::vector<NodeId>& named = by_name_[std::string(name)];
    const auto kind = std::find_if(by_kind_.begin(), by_kind_.end(), [&](const auto& each) {
      return equal_ignoring_case(name, node_kind_name(each.first));
    });
    if (kind == by_kind_.end()) return named;
    if (named.empty()) return kind->second;
    auto& [size, nodes] = both_[std::string(name)];
    if (size != graph_.nodes.size()) {
      nodes.clear();
      std::set_union(kind->second.begin(), kind->second.end(), named.begin(), named.end(),
                     std::back_inserter(nodes));
      size = graph_.nodes.size();
    }
    return nodes;
  }

 private:
  void catch_up() {
    for (; seen_ < graph_.nodes.size(); ++seen_) {
      by_kind_[graph_.nodes[seen_].kind].push_back(static_cast<NodeId>(seen_));
      if (seen_ >= graph_.node_names.size()) continue;
      const std::string& name = graph_.node_names[seen_];
      by_name_[name.substr(0, name.find('['))].push_back(static_cast<NodeId>(seen_));
    }
  }

  const NetworkGraph& graph_;
  std::size_t seen_ = 0;
  std::map<std::string, std::vector<NodeId>> by_name_;
  std::map<NodeKind, std::vector<NodeId>> by_kind_;
  std::map<std::string, std::pair<std::size_t, std::vector<NodeId>>> both_;  // at so many nodes
};

std::vector<NodeId> nodes_in(NodeIndex& index, std::string_view words) {
  const std::size_t open = words.find('[');
  const bool whole = open == std::string_view::npos;
  if (!whole && words.back() != ']') {
    throw InputError(fmt::format("'{}' is no nodes such as leaf[0:4]", printable(words)));
  }
  const std::vector<NodeId>& all = index.of(trimmed(words.substr(0, open)));
  if (all.empty()) throw InputError(fmt::format("no nodes called '{}'", printable(words.substr(0, open))));
  if (whole) return all;
  std::vector<NodeId> result;
  for (const std::int64_t i :
       sliced(words.substr(open + 1, words.size() - open - 2), static_cast<std::int64_t>(all.size()))) {
    result.push_back(all[static_cast<std::size_t>(i)]);
  }
  return result;
}

// What `write` throws for an entry of a list of the file, at the entry's place.
template <class Write>
void at_entry(const YamlValue* root, std::string_view list, std::size_t index, Write write) {
  try {
    write();
  } catch (const InputError& error) {
    if (root != nullptr) root->at(list).items()[index].fail(error.what());
    throw InputError(fmt::format("{}[{}]: {}", list, index, error.what()));
  }
}

NetworkGraph written_out(const GraphFile& file, const YamlValue* root) {
  NetworkGraph graph;
  NodeIndex index(graph);
  graph.add_npus(file.npus);
  graph.npus_forward = file.forward;
  for (int npu = 0; npu < file.npus; ++npu) graph.node_names.push_back(fmt::format("npu[{}]", npu));
  for (std::size_t n = 0; n < file.nodes.size(); ++n) {
    const NodeGroup& group = file.nodes[n];
    at_entry(root, "nodes", n, [&] {
      if (index.of(group.name).empty()) return;
      throw InputError(fmt::format("'{}' is the name of other nodes", printable(group.name)));
    });
    for (int i = 0; i < group.count; ++i) {
      graph.add(group.kind, group.level);
      graph.node_names.push_back(fmt::format("{}[{}]", group.name, i));
    }
  }
  for (std::size_t l = 0; l < file.links.size(); ++l) {
    const LinkGroup& group = file.links[l];
    const NetworkGraph::Cable cable{.bandwidth = group.bandwidth,
                                    .latency = group.latency,
                                    .link_class = graph.class_named(group.name, group.price),
                                    .cables = group.cables,
                                    .cost = group.cost};
    at_entry(root, "links", l, [&] {
      join_nodes(graph, nodes_in(index, group.from), nodes_in(index, group.to), group.scheme, cable,
                 group.one_way);
    });
  }
  return graph;
}

NodeId one_node(NodeIndex& index, std::string_view words) {
  const std::vector<NodeId> nodes = nodes_in(index, words);
  if (nodes.size() == 1) return nodes.front();
  throw InputError(fmt::format("'{}' is {} nodes, expected one", printable(words), nodes.size()));
}

// Links by the nodes at their ends.
using LinksBetween = std::multimap<std::pair<NodeId, NodeId>, LinkId>;
LinksBetween links_between(const NetworkGraph& graph) {
  LinksBetween between;
  for (LinkId id = 0; id < graph.links.size(); ++id) {
    between.emplace(std::pair(graph.links[id].from, graph.links[id].to), id);
  }
  return between;
}

void add_way(NetworkGraph& graph, NodeIndex& index, const LinksBetween& between, const WrittenWay& way) {
  std::vector<NodeId> nodes = {one_node(index, way.from)};
  for (const std::string& node : way.over) nodes.push_back(one_node(index, node));
  nodes.push_back(one_node(index, way.to));
  for (const NodeId end : {nodes.front(), nodes.back()}) {
    if (graph.nodes[end].kind != NodeKind::Npu) throw InputError("a way that does not lead from NPU to NPU");
  }
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
    const auto [first, last] = between.equal_range({nodes[i], nodes[i + 1]});
    const bool joined =
        std::any_of(first, last, [&](const auto& link) { return !graph.links[link.second].failed; });
    if (joined) continue;
    throw InputError(fmt::format("no link from {} to {}, which a way takes", graph.node_name(nodes[i]),
                                 graph.node_name(nodes[i + 1])));
  }
  graph.ways.push_back(std::move(nodes));
}

// Those from one of `from` to one of `to`; whether there is any.
bool fail_from(NetworkGraph& graph, const LinksBetween& between, const std::vector<NodeId>& from,
               const std::vector<NodeId>& to) {
  bool found = false;
  for (const NodeId node : from) {
    auto link = between.lower_bound({node, 0});
    const auto end = between.upper_bound({node, static_cast<NodeId>(graph.nodes.size())});
    for (; link != end; ++link) {
      if (!std::binary_search(to.begin(), to.end(), link->first.second)) continue;
      graph.links[link->second].failed = true;
      found = true;
    }
  }
  return found;
}

void fail_links(NetworkGraph& graph, NodeIndex& index, const LinksBetween& between,
                const FailedLinks& failed) {
  const std::vector<NodeId> from = nodes_in(index, failed.from);
  const std::vector<NodeId> to = nodes_in(index, failed.to);
  const bool there = fail_from(graph, between, from, to);
  const bool back = fail_from(graph, between, to, from);
  if (!there && !back) {
    throw InputError(fmt::format("no link between {} and {}", printable(failed.from), printable(failed.to)));
  }
}

}  // namespace

std::vector<std::int64_t> sliced(std::string_view slice, std::int64_t count) {
  const std::vector<std::string_view> parts = split(slice, ':');
  if (parts.size() > 3) throw InputError(fmt::format("'[{}]' is no slice such as [0:4]", printable(slice)));
  const auto placed = [&](std::int64_t index) { return index < 0 ? index + count : index; };
  if (parts.size() == 1 && !parts[0].empty()) {
    const std::int64_t index = placed(*bound_of(parts[0]));
    if (index < 0 || index >= count) refuse_slice(slice, count);
    return {index};
  }
  const std::int64_t step = parts.size() == 3 ? bound_of(parts[2]).value_or(1) : 1;
  if (step < 1) throw InputError(fmt::format("'[{}]': a step below 1", printable(slice)));
  const std::int64_t first = std::max<std::int64_t>(0, placed(bound_of(parts[0]).value_or(0)));
  const std::int64_t end =
      std::min(count, placed(parts.size() > 1 ? bound_of(parts[1]).value_or(count) : count));
  std::vector<std::int64_t> result;
  for (std::int64_t i = first; i < end; i += step) result.push_back(i);
  if (result.empty()) refuse_slice(slice, count);
  return result;
}

std::vector<NodeId> nodes_named(const NetworkGraph& graph, std::string_view words) {
  NodeIndex index(graph);
  return nodes_in(index, words);
}

void join_nodes(NetworkGraph& graph, const std::vector<NodeId>& from, const std::vector<NodeId>& to,
                JoinScheme scheme, const NetworkGraph::Cable& cable, bool one_way) {
  const auto join = [&](NodeId a, NodeId b) {
    if (one_way) return graph.link(a, b, cable);
    graph.join(a, b, cable);
  };
  switch (scheme) {
    case JoinScheme::ManyToMany:
      if (static_cast<double>(from.size()) * static_cast<double>(to.size()) >
          static_cast<double>(2 * max_graph_links)) {
        throw InputError(
            fmt::format("{} nodes with {}: more than {} links", from.size(), to.size(), max_graph_links));
      }
      for (const NodeId a : from) {
        for (const NodeId b : to) {
          if (from == to ? a < b : a != b) join(a, b);  // among themselves each pair once
        }
      }
      return;
    case JoinScheme::Ring:
      for (std::size_t i = 0; i < from.size(); ++i) {
        if (from.size() > 2 || i + 1 < from.size()) join(from[i], from[(i + 1) % from.size()]);
      }
      return;
    default:
      if (from.size() != to.size() && from.size() != 1 && to.size() != 1) {
        throw InputError(fmt::format("{} nodes cannot be joined one to one with {}", from.size(), to.size()));
      }
      for (std::size_t i = 0; i < std::max(from.size(), to.size()); ++i) {
        join(from[from.size() == 1 ? 0 : i], to[to.size() == 1 ? 0 : i]);
      }
  }
}

const Fields<GraphFile>& graph_file_fields() {
  using G = GraphFile;
  static const Fields<G> fields =
      Fields<G>(
          "network", "a network as it is built",
          required("name", &G::name, kinds::text(), "what answers call it"),
          optional("help", &G::help, kinds::text(), "one line for lists"),
          optional("build", &G::build, kinds::text(), "a builder's words, in place of npus, nodes and links"),
          optional("npus", &G::npus, kinds::integer<int>(1, max_graph_npus), "npu[0], npu[1] ... in links"),
          optional("forward", &G::forward, kinds::flag(), "whether NPUs pass messages on"),
          optional("grid", &G::grid, kinds::text(), "that collectives are planned on; one switch"),
          optional("grid_bandwidth", &G::grid_bandwidth, kinds::list(kinds::bandwidth()),
                   "an NPU's in each dimension of the grid"),
          optional("nodes", &G::nodes, kinds::list(kinds::object(node_group_fields())), "all but NPUs"),
          optional("links", &G::links, kinds::list(kinds::object(link_group_fields())), "what joins them"),
          optional("failed", &G::failed, kinds::list(kinds::object(failed_fields())),
                   "what of it has failed"),
          optional("ways", &G::ways, kinds::list(kinds::object(way_fields())),
                   "that messages take under `--routing table`, others the shortest"))
          .rule("build",
                [](G& file) {
                  const bool out = file.npus > 0 || !file.nodes.empty() || !file.links.empty();
                  if (file.build.empty() == !out)
                    throw InputError("either `build`, or `npus` with `nodes` and `links`");
                })
          .rule("npus", [](G& file) {
            if (file.build.empty() && file.npus == 0) throw InputError("missing key 'npus'");
          });
  return fields;
}

namespace {

NetworkGraph read_graph_of(const GraphFile& file, const GraphDefaults& defaults, const YamlValue* root) {
  NetworkGraph graph = file.build.empty() ? written_out(file, root) : build_graph(file.build, defaults);
  graph.name = file.name;
  graph.help = file.help;
  if (!file.grid.empty()) {
    graph.grid = file.grid;
    graph.grid_bandwidth = file.grid_bandwidth;
  }
  if (!file.failed.empty() || !file.ways.empty()) {
    NodeIndex index(graph);
    const LinksBetween between = links_between(graph);
    for (std::size_t f = 0; f < file.failed.size(); ++f) {
      at_entry(root, "failed", f, [&] { fail_links(graph, index, between, file.failed[f]); });
    }
    for (std::size_t w = 0; w < file.ways.size(); ++w) {
      at_entry(root, "ways", w, [&] { add_way(graph, index, between, file.ways[w]); });
    }
  }
  check_graph(graph);
  return graph;
}

}  // namespace

NetworkGraph graph_of(const GraphFile& file, const GraphDefaults& defaults) {
  return read_graph_of(file, defaults, nullptr);
}

bool is_graph_file(const YamlValue& root) {
  return root.is_map() && !root.find("dimensions") && (root.find("links") || root.find("build"));
}

NetworkGraph read_graph(const YamlValue& root, const GraphDefaults& defaults) {
  const GraphFile file = graph_file_fields().read(root);
  return placed({root.place().file, 0, file.build.empty() ? "links" : "build"},
                [&] { return read_graph_of(file, defaults, &root); });
}

}  // namespace bandwright
