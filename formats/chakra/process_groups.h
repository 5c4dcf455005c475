#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/yaml.h"
#include "formats/chakra/chakra_file.h"

namespace bandwright {

using ProcessGroups = std::map<std::string, std::vector<int>>;  // NPUs by name, ascending

// Whether this is a JSON {"<number>": [npu, ...], ...}.
bool is_process_groups(const YamlValue& root);

// The process groups of such a JSON. Throws InputError for an NPU outside 0 .. npus-1.
ProcessGroups read_process_groups(const YamlValue& root, int npus);

// The process groups that traces list themselves: a metadata node that PyTorch calls "process_group:init" has
// them as JSON text in its inputs,
//
//   [{"pg_name": "1", "ranks": [0, 1, 2, 3], ...}, ...]      no ranks: all NPUs
//
// NPUs may use a name for different groups: one that differs from the group known by its name is called
// NAME@FIRST-MEMBER, and the next with the same first member NAME@FIRST-MEMBER.2. Source: PyTorch,
// torch/profiler (pg_config_info), as ASTRA-sim 2 reads it.
class MetadataGroups {
 public:
  MetadataGroups(ProcessGroups& groups, int npus) : groups_(groups), npus_(npus) {}

  void begin_trace() { name_here_.clear(); }
  // Throws InputError naming the node.
  void add(const TraceNode& node, const std::string& file);
  // What the group that the trace calls `name` is called among all; "" for all NPUs, which "" and "0" mean
  // where nothing lists them.
  [[nodiscard]] std::string name_of(const std::string& name) const;
  [[nodiscard]] bool known(const std::string& name) const { return name.empty() || groups_.count(name) > 0; }

 private:
  void add(const std::string& name, std::vector<int> members);

  ProcessGroups& groups_;
  int npus_;
  std::map<std::string, std::string> name_here_;
  std::string text_;  // that was read last, and what its groups are called: most NPUs list the same
  std::map<std::string, std::string> name_in_text_;
};

}  // namespace bandwright
