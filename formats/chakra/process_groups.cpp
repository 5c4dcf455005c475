#include "formats/chakra/process_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace bandwright {
namespace {

std::vector<int> read_members(const YamlValue& list, int npus) {
  std::vector<int> members;
  for (const YamlValue& item : list.items())
    members.push_back(static_cast<int>(item.as_integer(0, npus - 1)));
  std::sort(members.begin(), members.end());
  if (std::adjacent_find(members.begin(), members.end()) != members.end()) list.fail("an NPU stands twice");
  return members;
}

// The list inside whatever quotes and brackets a converter put around it; "" for an empty one.
std::string list_in(const std::string& text) {
  const std::size_t begin = text.find("[{");
  const std::size_t end = text.rfind("}]");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return "";
  return text.substr(begin, end + 2 - begin);
}

}  // namespace

bool is_process_groups(const YamlValue& root) {
  if (!root.is_map()) return false;
  const auto entries = root.entries();
  return !entries.empty() && std::all_of(entries.begin(), entries.end(), [](const auto& entry) {
    const bool number = entry.first.find_first_not_of("0123456789") == std::string::npos;
    return number && entry.second.is_list();
  });
}

ProcessGroups read_process_groups(const YamlValue& root, int npus) {
  ProcessGroups groups;
  for (const auto& [name, list] : root.entries()) {
    groups[name] = read_members(list, npus);
    if (groups[name].empty()) list.fail("a process group without members");
  }
  return groups;
}

void MetadataGroups::add(const TraceNode& node, const std::string& file) {
  const std::string list = list_in(node.text);
  if (list.empty() || list.find("pg_name") == std::string::npos) return;
  if (list != text_) {
    name_in_text_.clear();
    const YamlValue root = YamlValue::parse(list, fmt::format("{}: node {}", file, node.id));
    for (const YamlValue& group : root.items()) {
      std::vector<int> members = read_members(group.at("ranks"), npus_);
      if (members.empty()) {
        members.resize(static_cast<std::size_t>(npus_));
        std::iota(members.begin(), members.end(), 0);
      }
      add(group.at("pg_name").as_string(), std::move(members));
    }
    text_ = list;
  }
  for (const auto& [name, full] : name_in_text_) name_here_[name] = full;
}

void MetadataGroups::add(const std::string& name, std::vector<int> members) {
  std::string full = name;
  for (int others = 1;; ++others) {
    const auto [known, fresh] = groups_.emplace(full, members);
    if (fresh || known->second == members) break;
    full = fmt::format("{}@{}", name, members.front());
    if (others > 1) full += fmt::format(".{}", others);
  }
  name_in_text_[name] = full;
}

std::string MetadataGroups::name_of(const std::string& name) const {
  const auto here = name_here_.find(name);
  const std::string& full = here == name_here_.end() ? name : here->second;
  const auto group = groups_.find(full);
  if (group == groups_.end()) return full == "0" ? "" : full;
  return static_cast<int>(group->second.size()) == npus_ ? "" : full;
}

}  // namespace bandwright
