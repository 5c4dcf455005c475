#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "network/distances.h"
#include "network/flows/flow_engine.h"
#include "network/graph.h"
#include "network/spray.h"

namespace bandwright {

// How a message finds its way.
enum class Routing : std::uint8_t {
  Shortest,
  Ecmp,
  Spray,
  Adaptive,
  DirectionOrder,
  Valiant,
  Ugal,
  Table,
};

struct RoutingInfo {
  Routing routing;
  std::string_view name;
  std::string_view help;
};

// shortest, ecmp, spray, adaptive, dimension-order, valiant, ugal, table: the catalogue.
std::span<const RoutingInfo> routings();
Routing routing_named(std::string_view name);  // throws InputError naming the choices
std::string_view routing_name(Routing routing);

struct RoutingOptions {
  Routing routing = Routing::Shortest;
  std::uint64_t seed = 1;  // of what is chosen by chance
  int queue_pairs = 1;     // parts of a message that are hashed each by itself
  // The user's ways, as nodes from one NPU to another, beside those of the network's file; others take the
  // shortest.
  std::map<std::pair<NodeId, NodeId>, std::vector<NodeId>> table = {};
};

// Finds ways over a graph. Where a link has failed, ways lead round it.
//
// What flows share are the graph's links; where they are sprayed, bundles of links that are always loaded
// alike (network/spray.h). Memory: a distance for each node and each place where NPUs are attached.
class Routes {
 public:
  // The graph must outlive it. Throws InputError for a table that follows no links.
  Routes(const NetworkGraph& graph, RoutingOptions options);

  // Capacity in byte/s of each of what flows share.
  [[nodiscard]] std::vector<double> capacities() const;
  // Links that a way stands for.
  [[nodiscard]] std::size_t shared_count() const {
    return bundles_.empty() ? graph_.links.size() : bundles_.count;
  }

  // Which of them a link is, or a part of.
  [[nodiscard]] std::uint32_t shared(LinkId link) const {
    return bundles_.empty() ? link : bundles_.of_link[link];
  }

  struct Way {
    std::vector<FlowStep> steps;
    Time latency;
  };
  // From one NPU to another; `part` tells apart what is hashed by itself. `load` is what a link carries, for
  // those that look. Throws InputError when there is none.
  using Load = std::function<double(LinkId)>;
  void find(NodeId from, NodeId to, std::uint64_t part, const Load& load, Way& way);

 private:
  void walk(NodeId from, NodeId to, std::uint64_t key, const Load& load, Way& way);
  void add(LinkId link, Way& way) const;
  void detour(NodeId from, NodeId to, std::uint64_t key, const Load& load, Way& way);
  void follow(const std::vector<NodeId>& nodes, Way& way) const;
  void spray(NodeId from, NodeId to, Way& way);
  [[nodiscard]] Way spread(NodeId from, NodeId to);
  [[nodiscard]] double crowding(const Way& way, const Load& load) const;

  const NetworkGraph& graph_;
  NodeId npus_;
  RoutingOptions options_;
  Distances distances_;
  Bundles bundles_;
  std::vector<NodeId> middles_;                     // that a detour may lead over
  std::unordered_map<std::uint64_t, Way> sprayed_;  // by both ends, without what only they use
};

}  // namespace bandwright
