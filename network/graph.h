#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "topology/network.h"

namespace bandwright {

using NodeId = std::uint32_t;
using LinkId = std::uint32_t;

enum class NodeKind : std::uint8_t {
  Npu,
  Switch,
  Port,  // that several NPUs share on their way out, such as a NIC
};
std::string_view node_kind_name(NodeKind kind);  // "NPU", "switch", "port"

struct GraphNode {
  NodeKind kind = NodeKind::Npu;
  int level = 0;  // of a drawing: NPUs 0, leaves 1, what joins them 2 ...
};

// Links of one kind, such as those from leaves to spines.
struct LinkClass {
  std::string name;
  std::string price_class;  // the price list's row
  friend bool operator==(const LinkClass&, const LinkClass&) = default;
};

// One direction of one cable, or of several that carry a message together (a trunk).
struct GraphLink {
  NodeId from = 0;
  NodeId to = 0;
  Bandwidth bandwidth;           // of all its cables
  Time latency;                  // of a hop over it
  std::uint16_t link_class = 0;  // index into the graph's classes
  std::uint16_t cables = 1;
  std::uint8_t cost = 1;  // of a hop, for the shortest way
  bool failed = false;
};

// A network as it is built: NPUs, switches and shared ports, joined by directed links.
//
//   nodes 0 .. npus-1 are the NPUs in the order of their ids, then come all others
struct NetworkGraph {
  std::string name;
  std::string help = {};
  std::vector<GraphNode> nodes;
  std::vector<GraphLink> links;
  std::vector<LinkClass> classes;
  std::vector<std::string> node_names;  // of a file; empty: made up from kind and number
  bool npus_forward = false;            // messages may pass through NPUs, as on a torus
  // How collectives see it, as a network's shorthand and an NPU's bandwidth in each dimension; empty: one
  // switch.
  std::string grid = {};
  std::vector<Bandwidth> grid_bandwidth = {};
  std::vector<std::vector<NodeId>> ways = {};  // for --routing table: nodes from one NPU to another

  [[nodiscard]] std::int64_t npus() const;
  [[nodiscard]] std::string node_name(NodeId node) const;
  // The index of a class by its name and its price, which is added where it is new.
  std::uint16_t class_named(std::string_view class_name, std::string_view price_class);

  NodeId add(NodeKind kind, int level);
  // `count` NPUs; the first nodes of the graph.
  void add_npus(std::int64_t count);
  struct Cable {
    Bandwidth bandwidth;  // of each direction, all cables together
    Time latency;
    std::uint16_t link_class = 0;
    int cables = 1;
    int cost = 1;
  };
  // From one to the other.
  void link(NodeId from, NodeId to, const Cable& cable);
  // Both directions: a to b, then b to a.
  void join(NodeId a, NodeId b, const Cable& cable);
};

// Gives each node the level of a drawing: how far it is from the next NPU.
void set_levels_by_distance(NetworkGraph& graph);

// The grid that collectives of all NPUs are planned on: the graph's own, or one switch at the bandwidth of
// the fastest NPU.
struct LogicalGrid {
  Network network;
  std::vector<Bandwidth> bandwidth;
};
LogicalGrid logical_grid(const NetworkGraph& graph);

// Whether each line of NPUs along a dimension of a grid hangs on one switch, as a machine's inside does.
// REQUIRES no more NPUs than the graph has.
bool switches_join(const NetworkGraph& graph, const Network& grid, std::size_t dimension);

// Throws InputError for a graph on which nothing can be simulated: no NPUs, NPUs that are not its first
// nodes, links that lead nowhere or carry nothing without having failed.
void check_graph(const NetworkGraph& graph);

constexpr std::int64_t max_graph_npus = std::int64_t{1} << 20;
constexpr std::int64_t max_graph_links = std::int64_t{1} << 26;

}  // namespace bandwright
