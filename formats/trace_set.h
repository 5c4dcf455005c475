#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/yaml.h"
#include "formats/chakra_file.h"

namespace bandwright {

// NPUs whose traces are the same but for which group of each kind they are in: one stands for all.
struct TraceClass {
  std::vector<TraceNode> nodes;  // of the first NPU
  std::vector<int> npus;         // ascending
};

// A job's traces, one file per NPU or one for all. NPUs with the same nodes whose groups have the same shape,
// at the same place in it, are folded into a class.
struct TraceSet {
  std::string name;
  int npus = 0;
  std::vector<TraceClass> classes;                 // by first NPU
  std::map<std::string, std::vector<int>> groups;  // process groups by name: NPUs, ascending
  std::size_t nodes = 0;                           // read in all
};

struct TraceProgress {
  int files = 0;
  int total = 0;
};

// Process groups of a JSON {"<name>": [npu, ...]}. Throws InputError for an NPU outside 0 .. npus-1.
std::map<std::string, std::vector<int>> read_process_groups(const YamlValue& root, int npus);

// Finds <prefix>.<npu>.et for npu = 0, 1, ... by prefix ("traces/gpt"), by folder, or a single .et file that
// stands for `npus` NPUs. Process groups come from `groups_file` (JSON {"<name>": [npu, ...]}) or, when that
// is empty, from a .json file of such a form beside the traces. Memory: the classes and one node. Throws
// InputError, naming a missing NPU's file, a group without the NPU that uses it, a dependency on a node that
// does not exist, and nodes that wait for each other.
TraceSet read_traces(const std::filesystem::path& where, const std::filesystem::path& groups_file, int npus,
                     const std::function<void(const TraceProgress&)>& progress);

}  // namespace bandwright
