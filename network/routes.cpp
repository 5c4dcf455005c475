#include "network/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/catalogue.h"
#include "network/hash.h"

namespace bandwright {
namespace {

constexpr std::array all_routings = {
    RoutingInfo{Routing::Shortest, "shortest", "one shortest way, over the links that come first"},
    RoutingInfo{Routing::Ecmp, "ecmp",
                "a shortest way chosen by a hash of the two NPUs, the queue pair and a seed"},
    RoutingInfo{Routing::Spray, "spray", "all shortest ways at once, packet by packet"},
    RoutingInfo{Routing::Adaptive, "adaptive",
                "a shortest way over links that carry least when the message starts"},
    RoutingInfo{Routing::DirectionOrder, "dimension-order",
                "a shortest way, one class of links after the other"},
    RoutingInfo{Routing::Valiant, "valiant", "over a switch chosen by chance"},
    RoutingInfo{Routing::Ugal, "ugal",
                "the shortest way or one over a switch chosen by chance, whichever looks quicker"},
    RoutingInfo{Routing::Table, "table", "the ways that a network file lists, else shortest"}};

}  // namespace

std::span<const RoutingInfo> routings() { return all_routings; }

Routing routing_named(std::string_view name) {
  return find_in_catalogue(routings(), name, "routing").routing;
}

std::string_view routing_name(Routing routing) {
  return std::find_if(all_routings.begin(), all_routings.end(),
                      [&](const RoutingInfo& info) { return info.routing == routing; })
      ->name;
}

Routes::Routes(const NetworkGraph& graph, RoutingOptions options)
    : graph_(graph),
      npus_(static_cast<NodeId>(graph.npus())),
      options_(std::move(options)),
      distances_(graph) {
  if (options_.routing == Routing::Spray) bundles_ = find_bundles(graph, distances_);
  for (NodeId node = npus_; node < graph.nodes.size(); ++node) {
    if (graph.nodes[node].kind == NodeKind::Switch) middles_.push_back(node);
  }
  if (middles_.empty()) {
    for (NodeId npu = 0; npu < npus_; ++npu) {
      if (distances_.passes(npu)) middles_.push_back(npu);
    }
  }
  for (const std::vector<NodeId>& way : graph.ways) {
    options_.table.try_emplace({way.front(), way.back()}, way);
  }
  for (const auto& [pair, nodes] : options_.table) {
    Way way;
    follow(nodes, way);
  }
}

std::vector<double> Routes::capacities() const {
  std::vector<double> result(shared_count());
  for (LinkId link = 0; link < graph_.links.size(); ++link) {
    if (graph_.links[link].failed) continue;
    result[bundles_.empty() ? link : bundles_.of_link[link]] += graph_.links[link].bandwidth.value() * 1e9;
  }
  return result;
}

void Routes::find(NodeId from, NodeId to, std::uint64_t part, const Load& load, Way& way) {
  way.steps.clear();
  way.latency = Time(0);
  if (from == to) return;
  const std::uint64_t key = hashed(hashed(options_.seed, part), hashed(from, to));
  switch (options_.routing) {
    case Routing::Spray:
      return spray(from, to, way);
    case Routing::Valiant:
      return detour(from, to, key, load, way);
    case Routing::Ugal: {
      walk(from, to, key, load, way);
      Way other;
      detour(from, to, key, load, other);
      if (crowding(other, load) < crowding(way, load)) way = std::move(other);
      return;
    }
    case Routing::Table:
      if (const auto known = options_.table.find({from, to}); known != options_.table.end()) {
        return follow(known->second, way);
      }
      return walk(from, to, key, load, way);
    default:
      return walk(from, to, key, load, way);
  }
}

void Routes::add(LinkId link, Way& way) const {
  way.steps.push_back({link});
  way.latency += graph_.links[link].latency;
}

// From node to node, always nearer.
void Routes::walk(NodeId from, NodeId to, std::uint64_t key, const Load& load, Way& way) {
  const NodeId anchor = to < npus_ ? distances_.anchor(to) : to;
  const NodeId target = from == anchor ? to : anchor;
  const std::vector<std::uint16_t>& distance = distances_.to(target);
  if (distance[from] == Distances::unreachable) {
    throw InputError(fmt::format("{}: no way from {} to {} over links that work", graph_.name,
                                 graph_.node_name(from), graph_.node_name(to)));
  }
  NodeId node = from;
  while (node != target) {
    const Distances::Exit* chosen = nullptr;
    std::uint64_t rank = 0;
    double least = 0.0;
    for (const Distances::Exit& exit : distances_.exits(node)) {
      if (!distances_.nearer(node, exit, distance)) continue;
      if (options_.routing == Routing::Adaptive) {
        const double carried = load(exit.link) / graph_.links[exit.link].bandwidth.value();
        if (chosen != nullptr && carried >= least) continue;
        least = carried;
      } else if (options_.routing == Routing::DirectionOrder) {
        const bool first =
            chosen == nullptr || graph_.links[exit.link].link_class < graph_.links[chosen->link].link_class;
        if (!first) continue;
      } else if (options_.routing == Routing::Shortest || options_.routing == Routing::Table) {
        if (chosen != nullptr) continue;
      } else {  // the exit whose hash is highest: an exit that fails moves only its own messages
        const std::uint64_t own = hashed(key, exit.link);
        if (chosen != nullptr && own <= rank) continue;
        rank = own;
      }
      chosen = &exit;
    }
    add(chosen->link, way);
    node = chosen->to;
  }
  if (node != to) walk(node, to, key, load, way);
}

void Routes::detour(NodeId from, NodeId to, std::uint64_t key, const Load& load, Way& way) {
  way.steps.clear();
  way.latency = Time(0);
  if (middles_.empty()) return walk(from, to, key, load, way);
  const NodeId middle = middles_[hashed(key, 1) % middles_.size()];
  const NodeId gate = distances_.anchor(to);
  const bool reached = distances_.to(middle)[from] != Distances::unreachable &&
                       distances_.to(gate)[middle] != Distances::unreachable;
  if (middle == from || middle == to || !reached) return walk(from, to, key, load, way);
  walk(from, middle, key, load, way);
  walk(middle, to, key, load, way);
}

// What a message over it would meet: its links, times the flows on the fullest.
double Routes::crowding(const Way& way, const Load& load) const {
  double most = 0.0;
  for (const FlowStep& step : way.steps) {
    most = std::max(most, (load(step.link) + 1.0) / graph_.links[step.link].bandwidth.value());
  }
  return most * static_cast<double>(way.steps.size());
}

void Routes::follow(const std::vector<NodeId>& nodes, Way& way) const {
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
    const auto exits = distances_.exits(nodes[i]);
    const auto exit = std::find_if(exits.begin(), exits.end(),
                                   [&](const Distances::Exit& each) { return each.to == nodes[i + 1]; });
    if (exit == exits.end()) {
      throw InputError(fmt::format("no link from {} to {}, which a way takes", graph_.node_name(nodes[i]),
                                   graph_.node_name(nodes[i + 1])));
    }
    add(exit->link, way);
  }
}

// The first and the last link alone, and between them what all messages between two places share out alike.
void Routes::spray(NodeId from, NodeId to, Way& way) {
  NodeId begin = from;
  NodeId end = to;
  const auto exits = distances_.exits(from);
  if (exits.size() == 1 && exits[0].to != to && distances_.passes(exits[0].to)) {
    begin = exits[0].to;
    way.steps.push_back({bundles_.of_link[exits[0].link]});
    way.latency += graph_.links[exits[0].link].latency;
  }
  const Distances::Exit* last = distances_.only_entry(to);
  if (last != nullptr && last->to != begin && distances_.passes(last->to)) end = last->to;
  const std::uint64_t pair = (std::uint64_t{begin} << 32) | end;
  auto known = sprayed_.find(pair);
  if (known == sprayed_.end()) known = sprayed_.emplace(pair, spread(begin, end)).first;
  way.steps.insert(way.steps.end(), known->second.steps.begin(), known->second.steps.end());
  way.latency += known->second.latency;
  if (end == to) return;
  way.steps.push_back({bundles_.of_link[last->link]});
  way.latency += graph_.links[last->link].latency;
}

// Evenly over all shortest ways. The latency is their mean.
Routes::Way Routes::spread(NodeId from, NodeId to) {
  const std::vector<SprayedPart> parts = sprayed_parts(distances_, from, to);
  if (parts.empty()) {
    throw InputError(fmt::format("{}: no way from {} to {} over links that work", graph_.name,
                                 graph_.node_name(from), graph_.node_name(to)));
  }
  std::map<std::uint32_t, double> shares;
  double latency_ps = 0.0;
  for (const SprayedPart& part : parts) {
    shares[bundles_.of_link[part.link]] += part.share;
    latency_ps += part.share * static_cast<double>(graph_.links[part.link].latency.value());
  }
  Way way{.steps = {}, .latency = Time(std::llround(latency_ps))};
  for (const auto& [bundle, share] : shares) {
    const auto scaled = static_cast<std::uint32_t>(std::llround(share * FlowStep::whole));
    way.steps.push_back({bundle, std::max(1U, scaled)});
  }
  return way;
}

}  // namespace bandwright
