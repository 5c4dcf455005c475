#include "network/graph_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace bandwright {
namespace {

struct Placed {
  std::string group;
  std::int64_t index = 0;
};

// Names of nodes, and the groups that are not NPUs.
std::vector<Placed> place_nodes(const NetworkGraph& graph, GraphFile& file) {
  std::vector<Placed> places;
  std::map<std::string, std::size_t> groups;
  for (const GraphNode& node : graph.nodes) {
    if (node.kind == NodeKind::Npu) {
      places.push_back({"npu", static_cast<std::int64_t>(places.size())});
      continue;
    }
    const std::string name = fmt::format("{}{}", node.kind == NodeKind::Port ? "port" : "level", node.level);
    const auto [known, fresh] = groups.try_emplace(name, file.nodes.size());
    if (fresh)
      file.nodes.push_back(
          {.name = name, .count = 0, .kind = node.kind, .level = std::clamp(node.level, 1, 16)});
    NodeGroup& group = file.nodes[known->second];
    places.push_back({name, group.count++});
  }
  return places;
}

// Nodes of one group at even distances.
struct Run {
  Placed first;
  std::int64_t step = 0;
  std::int64_t count = 1;

  [[nodiscard]] std::string text() const {
    if (step == 0) return fmt::format("{}[{}]", first.group, first.index);
    const std::int64_t end = first.index + step * (count - 1) + 1;
    return step == 1 ? fmt::format("{}[{}:{}]", first.group, first.index, end)
                     : fmt::format("{}[{}:{}:{}]", first.group, first.index, end, step);
  }
  // Whether the node is the next of the run; the second says how far they are apart.
  [[nodiscard]] bool takes(const Placed& next, std::int64_t place) const {
    if (next.group != first.group) return false;
    if (place == 1) return next.index >= first.index;
    return next.index == first.index + step * place;
  }
};

bool alike(const GraphLink& a, const GraphLink& b) {
  return a.bandwidth == b.bandwidth && a.latency == b.latency && a.link_class == b.link_class &&
         a.cables == b.cables && a.cost == b.cost;
}

// Cables that follow each other evenly, one to one, or from one to each of several.
struct Bundle {
  const GraphLink* link = nullptr;
  bool one_way = false;
  Run from;
  Run to;

  // Whether the cable is the next; it is taken then.
  bool take(const GraphLink& next, bool next_one_way, const Placed& a, const Placed& b) {
    const std::int64_t place = std::max(from.count, to.count);
    if (!alike(*link, next) || one_way != next_one_way || !from.takes(a, place) || !to.takes(b, place)) {
      return false;
    }
    if (place == 1) {
      from.step = a.index - from.first.index;
      to.step = b.index - to.first.index;
      if (from.step == 0 && to.step == 0) return false;
    }
    if (from.step > 0) from.count = place + 1;
    if (to.step > 0) to.count = place + 1;
    return true;
  }
};

LinkGroup group_of(const NetworkGraph& graph, const Bundle& bundle) {
  const GraphLink& link = *bundle.link;
  const LinkClass& kind = graph.classes[link.link_class];
  return {.from = bundle.from.text(),
          .to = bundle.to.text(),
          .bandwidth = link.bandwidth,
          .latency = link.latency,
          .name = kind.name,
          .price = kind.price_class,
          .cables = link.cables,
          .cost = link.cost,
          .one_way = bundle.one_way};
}

WrittenWay written_way(const std::vector<NodeId>& way, const std::vector<Placed>& places) {
  WrittenWay written{.from = Run{places[way.front()]}.text(), .to = Run{places[way.back()]}.text()};
  for (std::size_t i = 1; i + 1 < way.size(); ++i) written.over.push_back(Run{places[way[i]]}.text());
  return written;
}

}  // namespace

GraphFile written_graph(const NetworkGraph& graph) {
  GraphFile file{.name = graph.name,
                 .help = graph.help,
                 .build = {},
                 .npus = static_cast<int>(graph.npus()),
                 .forward = graph.npus_forward,
                 .grid = graph.grid,
                 .grid_bandwidth = graph.grid_bandwidth,
                 .nodes = {},
                 .links = {},
                 .failed = {},
                 .ways = {}};
  const std::vector<Placed> places = place_nodes(graph, file);
  std::optional<Bundle> bundle;
  for (std::size_t i = 0; i < graph.links.size(); ++i) {
    const GraphLink& link = graph.links[i];
    const bool both = i + 1 < graph.links.size() && graph.links[i + 1].from == link.to &&
                      graph.links[i + 1].to == link.from && alike(link, graph.links[i + 1]);
    const Placed& a = places[link.from];
    const Placed& b = places[link.to];
    if (!bundle || !bundle->take(link, !both, a, b)) {
      if (bundle) file.links.push_back(group_of(graph, *bundle));
      bundle = Bundle{&link, !both, {a}, {b}};
    }
    if (link.failed) file.failed.push_back({Run{a}.text(), Run{b}.text()});
    if (both) ++i;
  }
  if (bundle) file.links.push_back(group_of(graph, *bundle));
  for (const std::vector<NodeId>& way : graph.ways) file.ways.push_back(written_way(way, places));
  return file;
}

}  // namespace bandwright
