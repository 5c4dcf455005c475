#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "formats/chakra/chakra_file.h"
#include "formats/chakra/process_groups.h"

namespace bandwright {

// NPUs whose traces are the same but for which group of each kind they are in: one stands for all.
struct TraceClass {
  std::vector<TraceNode> nodes;  // of the first NPU
  std::vector<int> npus;         // ascending
  // Of each of these NPUs: its process groups, in the order in which `nodes` first names those of the first.
  std::vector<std::vector<std::string>> groups;
};

// A job's traces, one file per NPU or one for all. NPUs are folded into a class when they have the same
// nodes, groups of the same shape, and NPUs of the same classes to communicate with.
struct TraceSet {
  std::string name;
  int npus = 0;
  std::vector<TraceClass> classes;    // by first NPU
  ProcessGroups groups;               // that are not all NPUs; nodes have "" for all
  std::size_t nodes = 0;              // read in all
  std::filesystem::path groups_file;  // that groups were read from; "" without one
};

struct TraceProgress {
  int files = 0;
  int total = 0;
};

// Reads traces (see trace_files). Process groups come from the traces' own metadata and from `groups_file`
// (JSON {"<name>": [npu, ...]}) or, when that is empty, from such a file that is named like the traces.
// Memory: the nodes of one NPU of each class, and of the one that is read. Throws InputError, naming a
// missing NPU's file, a group without the NPU that uses it, a dependency on a node that does not exist, and
// nodes that wait for each other. What NPUs have to do with each other is checked by check_ties
// (formats/chakra/trace_ties.h).
TraceSet read_traces(const std::filesystem::path& where, const std::filesystem::path& groups_file, int npus,
                     const std::function<void(const TraceProgress&)>& progress);

// Throws InputError when a node depends on one that does not exist, an id stands twice, or nodes wait for
// each other.
void check_dependencies(const std::vector<TraceNode>& nodes, const std::filesystem::path& file);

}  // namespace bandwright
