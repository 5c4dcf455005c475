#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "core/yaml.h"
#include "topology/network.h"

namespace bandwright {

// A machine that is asked for by the number of its workers (nodes, or NPUs where a dimension lies inside a
// node).
struct Cluster {
  struct Dimension {
    std::string kind;     // of topology/dimension_kind.h
    int npus = 0;         // along it; 0 for the outermost, which takes what is left
    Bandwidth bandwidth;  // of one worker into it
  };
  struct Measured {
    std::string model;
    std::string source;
    std::map<int, double> items_per_second;  // by worker count
  };
  std::string name;
  std::string help;
  Bytes memory;                       // of one worker
  std::vector<Dimension> dimensions;  // the innermost first
  std::vector<Measured> measured;

  // What was measured of a model (case ignored), or null.
  [[nodiscard]] const Measured* find_measured(std::string_view model) const;
};

// {name, help, memory, dimensions: [{kind, npus, bandwidth}], measured: [{model, source, items_per_second:
// {1: 0.8}}]}; npus everywhere but in the last dimension. Throws InputError.
Cluster read_cluster(const YamlValue& root);

// A cluster by what a user types: the path of a YAML file or a name of inputs/clusters.
Cluster load_cluster(std::string_view word);

// The part of the cluster that `workers` of it get, filled from the inside: 8 per node and 32 workers are 8 x
// 4, and 4 workers stay in one node. One worker has no network. Throws InputError when a dimension is not
// filled.
struct ClusterPart {
  Network network;
  std::vector<double> gb_per_s;  // one per dimension
};
ClusterPart part_of(const Cluster& cluster, int workers);

}  // namespace bandwright
