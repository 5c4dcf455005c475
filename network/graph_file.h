#pragma once
#include <string>
#include <vector>

#include "core/yaml.h"
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// Switches or shared ports with one name and an index each, `leaf[0]`, `leaf[1]` ...
struct NodeGroup {
  std::string name;
  int count = 1;
  NodeKind kind = NodeKind::Switch;
  int level = 1;
};

// How the nodes of two lists are joined.
enum class JoinScheme : std::uint8_t {
  OneToOne,    // the first with the first ...; a list of one with each of the other
  ManyToMany,  // each with each
  Ring,        // each of the first list with the next, and the last with the first
};

// Links between nodes: `npu[0:4]`, `leaf[1]`, `spine` (all), with the slices of Python.
struct LinkGroup {
  std::string from;
  std::string to;
  JoinScheme scheme = JoinScheme::OneToOne;
  Bandwidth bandwidth;  // of each direction, all cables together
  Time latency;
  std::string name = "link";  // of their class
  std::string price = "Pod";  // row of a price list
  int cables = 1;
  int cost = 1;
  bool one_way = false;
};

// Links that have failed, by the nodes they join, in both directions.
struct FailedLinks {
  std::string from;
  std::string to;
};

// The way that messages from one NPU to another take under `--routing table`.
struct WrittenWay {
  std::string from;
  std::string to;
  std::vector<std::string> over;  // nodes in between
};

// A network file of one's own: nodes and links written out, or a builder's words; and what of it has failed.
//
//   bandwright: network
//   name: two leaves
//   npus: 8
//   nodes: [{name: leaf, count: 2}, {name: spine, level: 2}]
//   links:
//     - {from: "npu[0:4]", to: "leaf[0]", bandwidth: 50 GB/s}
//     - {from: "npu[4:8]", to: "leaf[1]", bandwidth: 50 GB/s}
//     - {from: leaf, to: spine, bandwidth: 100 GB/s, cables: 2}
struct GraphFile {
  std::string name;
  std::string help;
  std::string build;  // "FatTree(1024, radix 64, bandwidth 50)"; empty: nodes and links
  int npus = 0;
  bool forward = false;  // NPUs pass messages on
  std::string grid;      // that collectives are planned on; empty: one switch
  std::vector<Bandwidth> grid_bandwidth;
  std::vector<NodeGroup> nodes;
  std::vector<LinkGroup> links;
  std::vector<FailedLinks> failed;
  std::vector<WrittenWay> ways = {};
};

const Fields<GraphFile>& graph_file_fields();
// Whether a network's file is such a one, and not of a grid's dimensions.
bool is_graph_file(const YamlValue& root);
// Throws InputError.
NetworkGraph read_graph(const YamlValue& root, const GraphDefaults& defaults = {});
NetworkGraph graph_of(const GraphFile& file, const GraphDefaults& defaults = {});

// Nodes by name and slice: "leaf[0:2]", "npu", "switch[3]" (the 4th switch in order). Throws InputError.
std::vector<NodeId> nodes_named(const NetworkGraph& graph, std::string_view words);

// Joins two lists of nodes. Throws InputError for lists of unlike length, one to one.
void join_nodes(NetworkGraph& graph, const std::vector<NodeId>& from, const std::vector<NodeId>& to,
                JoinScheme scheme, const NetworkGraph::Cable& cable, bool one_way);

// The indices a Python slice or index takes of `count`, such as "0:4", "::2" or "-1"; empty: all. Throws
// InputError for one that takes none.
std::vector<std::int64_t> sliced(std::string_view slice, std::int64_t count);

}  // namespace bandwright
