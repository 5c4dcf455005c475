#include "formats/trace_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <charconv>
#include <unordered_map>

#include "core/text.h"
#include "core/yaml.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

constexpr int most_npus = 1 << 20;

// "gpt.17.et" as its prefix and NPU; nothing for another name.
struct TraceName {
  std::string prefix;
  int npu = 0;
};
std::optional<TraceName> trace_name(const fs::path& file) {
  if (file.extension() != ".et") return std::nullopt;
  const std::string stem = file.stem().string();
  const std::size_t dot = stem.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  int npu = 0;
  const char* end = stem.data() + stem.size();
  const auto parsed = std::from_chars(stem.data() + dot + 1, end, npu);
  if (parsed.ec != std::errc() || parsed.ptr != end || npu < 0 || npu >= most_npus) return std::nullopt;
  return TraceName{stem.substr(0, dot), npu};
}

// The files of a set, by NPU.
std::vector<fs::path> files_of_prefix(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const auto name = trace_name(entry.path());
    if (!name || name->prefix != prefix) continue;
    if (files.size() <= static_cast<std::size_t>(name->npu))
      files.resize(static_cast<std::size_t>(name->npu) + 1);
    files[static_cast<std::size_t>(name->npu)] = entry.path();
  }
  for (std::size_t npu = 0; npu < files.size(); ++npu) {
    if (files[npu].empty()) {
      throw InputError(
          Place{(folder / fmt::format("{}.{}.et", prefix, npu)).string()},
          fmt::format("missing: the trace of NPU {}, while there is one of NPU {}", npu, files.size() - 1));
    }
  }
  return files;
}

std::string only_prefix_in(const fs::path& folder) {
  std::string prefix;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const auto name = trace_name(entry.path());
    if (!name) continue;
    if (!prefix.empty() && prefix != name->prefix) {
      throw InputError(Place{folder.string()},
                       fmt::format("holds traces called '{}' and '{}': give one of them as {}/NAME", prefix,
                                   name->prefix, folder.string()));
    }
    prefix = name->prefix;
  }
  if (prefix.empty()) throw InputError(Place{folder.string()}, "holds no traces (NAME.0.et, NAME.1.et, ...)");
  return prefix;
}

std::vector<fs::path> files_of(const fs::path& where, int npus) {
  std::error_code error;
  if (fs::is_directory(where, error)) return files_of_prefix(where, only_prefix_in(where));
  if (fs::is_regular_file(where, error)) {
    if (npus < 1)
      throw InputError(Place{where.string()}, "one trace for all NPUs: say how many with a network");
    return {where};
  }
  const fs::path folder = where.has_parent_path() ? where.parent_path() : fs::path(".");
  std::vector<fs::path> files = files_of_prefix(folder, where.filename().string());
  if (files.empty()) throw InputError(Place{where.string()}, "no such trace, folder or prefix of traces");
  return files;
}

using Groups = std::map<std::string, std::vector<int>>;

}  // namespace

Groups read_process_groups(const YamlValue& root, int npus) {
  Groups groups;
  for (const auto& [name, list] : root.entries()) {
    std::vector<int>& members = groups[name];
    for (const YamlValue& item : list.items()) {
      members.push_back(static_cast<int>(item.as_integer(0, npus - 1)));
    }
    std::sort(members.begin(), members.end());
    if (members.empty()) list.fail("a process group without members");
    if (std::adjacent_find(members.begin(), members.end()) != members.end()) list.fail("an NPU stands twice");
  }
  return groups;
}

namespace {

// The groups file beside the traces: the only .json there.
fs::path groups_file_beside(const fs::path& trace) {
  fs::path found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(trace.parent_path(), error)) {
    if (entry.path().extension() != ".json") continue;
    if (!found.empty()) return {};
    found = entry.path();
  }
  return found;
}

// Where an NPU stands in a group, and what the group looks like from its first member.
struct GroupShape {
  std::size_t position = 0;
  std::size_t hash = 0;
};

GroupShape shape_of(const std::vector<int>& members, int npu, const TraceNode& node, const fs::path& file) {
  const auto own = std::lower_bound(members.begin(), members.end(), npu);
  if (own == members.end() || *own != npu) {
    throw InputError(Place{file.string()},
                     fmt::format("node {}: NPU {} is not in process group '{}'", node.id, npu, node.group));
  }
  std::size_t hash = members.size();
  for (const int member : members) boost::hash_combine(hash, member - members.front());
  return {static_cast<std::size_t>(own - members.begin()), hash};
}

// What makes two NPUs' traces the same; group names and an NPU's position in a group are left out.
void add_to_signature(std::size_t& hash, const TraceNode& node, std::size_t group_hash, int npu) {
  boost::hash_combine(hash, node.id);
  boost::hash_combine(hash, static_cast<int>(node.kind) * 2 + (node.on_cpu ? 1 : 0));
  boost::hash_range(hash, node.dependencies.begin(), node.dependencies.end());
  boost::hash_combine(hash, node.duration.value());
  boost::hash_combine(hash, node.operations);
  boost::hash_combine(hash, node.tensor.value());
  boost::hash_combine(hash, static_cast<int>(node.collective.kind));
  boost::hash_combine(hash, node.collective.bytes.value());
  boost::hash_combine(hash, group_hash);
  boost::hash_combine(hash, node.peer < 0 ? 0 : node.peer - npu);
  boost::hash_combine(hash, node.tag);
}

// Throws when a dependency does not exist, or nodes wait for each other (Kahn's algorithm leaves some over).
void check_graph(const std::vector<TraceNode>& nodes, const fs::path& file) {
  std::unordered_map<std::uint64_t, std::size_t> index;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!index.emplace(nodes[i].id, i).second) {
      throw InputError(Place{file.string()}, fmt::format("node {} stands twice", nodes[i].id));
    }
  }
  std::vector<std::vector<std::size_t>> followers(nodes.size());
  std::vector<std::size_t> missing(nodes.size(), 0);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::uint64_t before : nodes[i].dependencies) {
      const auto found = index.find(before);
      if (found == index.end()) {
        throw InputError(Place{file.string()}, fmt::format("node {} depends on node {}, which does not exist",
                                                           nodes[i].id, before));
      }
      followers[found->second].push_back(i);
      ++missing[i];
    }
  }
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (missing[i] == 0) ready.push_back(i);
  }
  std::size_t done = 0;
  while (!ready.empty()) {
    const std::size_t i = ready.back();
    ready.pop_back();
    ++done;
    for (const std::size_t next : followers[i]) {
      if (--missing[next] == 0) ready.push_back(next);
    }
  }
  if (done == nodes.size()) return;
  const auto stuck = std::find_if(missing.begin(), missing.end(), [](std::size_t m) { return m > 0; });
  throw InputError(Place{file.string()},
                   fmt::format("node {} is part of a cycle of dependencies",
                               nodes[static_cast<std::size_t>(stuck - missing.begin())].id));
}

// Reads one file; `groups` may be empty when no node names a group.
struct RankTrace {
  std::vector<TraceNode> nodes;
  std::size_t signature = 0;
};

RankTrace read_rank(const fs::path& file, int npu, int npus, const Groups& groups) {
  RankTrace trace;
  TraceFile reader(file);
  while (auto node = reader.next()) {
    if (node->kind == TraceNodeKind::Metadata && node->dependencies.empty()) continue;
    std::size_t group_hash = 0;
    if (node->kind == TraceNodeKind::Collective && !node->group.empty() && node->group != "0") {
      const auto group = groups.find(node->group);
      if (group == groups.end()) {
        throw InputError(Place{file.string()},
                         fmt::format("node {}: there is no process group '{}'", node->id, node->group));
      }
      group_hash = shape_of(group->second, npu, *node, file).hash;
    }
    if ((node->kind == TraceNodeKind::Send || node->kind == TraceNodeKind::Receive) &&
        (node->peer < 0 || node->peer >= npus || node->peer == npu)) {
      throw InputError(Place{file.string()},
                       fmt::format("node {}: peer NPU {} of NPU {}, expected another of 0 to {}", node->id,
                                   node->peer, npu, npus - 1));
    }
    add_to_signature(trace.signature, *node, group_hash, npu);
    trace.nodes.push_back(std::move(*node));
  }
  return trace;
}

}  // namespace

TraceSet read_traces(const fs::path& where, const fs::path& groups_file, int npus,
                     const std::function<void(const TraceProgress&)>& progress) {
  const std::vector<fs::path> files = files_of(where, npus);
  TraceSet set{.name = where.filename().string(),
               .npus = files.size() > 1 ? static_cast<int>(files.size()) : std::max(npus, 1)};
  const fs::path groups = groups_file.empty() ? groups_file_beside(files[0]) : groups_file;
  if (!groups.empty()) set.groups = read_process_groups(YamlValue::load(groups), set.npus);
  std::unordered_map<std::size_t, std::size_t> class_of;
  for (int npu = 0; npu < static_cast<int>(files.size()); ++npu) {
    RankTrace trace = read_rank(files[static_cast<std::size_t>(npu)], npu, set.npus, set.groups);
    set.nodes += trace.nodes.size();
    const auto [known, fresh] = class_of.emplace(trace.signature, set.classes.size());
    if (fresh) {
      check_graph(trace.nodes, files[static_cast<std::size_t>(npu)]);
      set.classes.push_back({std::move(trace.nodes), {}});
    }
    set.classes[known->second].npus.push_back(npu);
    if (progress) progress({npu + 1, static_cast<int>(files.size())});
  }
  if (files.size() == 1) {
    for (int npu = 1; npu < set.npus; ++npu) set.classes[0].npus.push_back(npu);
  }
  return set;
}

}  // namespace bandwright
