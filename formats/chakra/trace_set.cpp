#include "formats/chakra/trace_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <map>
#include <unordered_map>

#include "core/error.h"
#include "core/stopping.h"
#include "formats/chakra/trace_classes.h"
#include "formats/chakra/trace_files.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

// What a group looks like from its first member.
std::size_t shape_of(const std::vector<int>& members) {
  std::size_t hash = members.size();
  for (const int member : members) boost::hash_combine(hash, member - members.front());
  return hash;
}

// What makes two NPUs' traces the same; of a group its shape and its place among the NPU's groups.
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
  boost::hash_range(hash, node.dimensions.begin(), node.dimensions.end());
  boost::hash_combine(hash, node.peer < 0 ? 0 : node.peer - npu);
  boost::hash_combine(hash, node.tag);
}

struct RankTrace {
  std::vector<TraceNode> nodes;
  std::vector<std::string> groups;  // by first use
  std::size_t signature = 0;
};

class TraceReader {
 public:
  explicit TraceReader(TraceSet& set) : set_(set), metadata_(set.groups, set.npus) {}

  RankTrace read(const fs::path& file, int npu) {
    RankTrace trace;
    metadata_.begin_trace();
    TraceFile reader(file);
    while (auto node = reader.next()) {
      stop_.look_now_and_then();
      std::size_t group_hash = 0;
      if (node->kind == TraceNodeKind::Metadata) metadata_.add(*node, file.string());
      if (node->kind == TraceNodeKind::Collective) group_hash = enter_group(*node, npu, file, trace.groups);
      if (node->kind == TraceNodeKind::Send || node->kind == TraceNodeKind::Receive) {
        check_peer(*node, npu, file);
      }
      node->text.clear();
      add_to_signature(trace.signature, *node, group_hash, npu);
      trace.nodes.push_back(std::move(*node));
    }
    if (trace.nodes.empty()) throw InputError(Place{file.string()}, "holds no nodes");
    return trace;
  }

 private:
  [[noreturn]] static void fail(const fs::path& file, const TraceNode& node, const std::string& problem) {
    throw InputError(Place{file.string()}, fmt::format("node {}: {}", node.id, problem));
  }

  // Gives the node's group the name it has among all NPUs; a hash of what the group is to this NPU.
  std::size_t enter_group(TraceNode& node, int npu, const fs::path& file, std::vector<std::string>& own) {
    node.group = metadata_.name_of(node.group);
    if (node.group.empty()) return 0;
    const auto group = set_.groups.find(node.group);
    if (group == set_.groups.end())
      fail(file, node,
           fmt::format(
               "there is no process group '{}' ({})", node.group,
               set_.groups_file.empty() ? "--groups FILE names their members" : set_.groups_file.string()));
    const std::vector<int>& members = group->second;
    if (!std::binary_search(members.begin(), members.end(), npu)) {
      fail(file, node, fmt::format("NPU {} is not in process group '{}'", npu, node.group));
    }
    const auto place = std::find(own.begin(), own.end(), node.group);
    std::size_t hash = shape_of(members);
    boost::hash_combine(hash, 1 + (place - own.begin()));
    if (place == own.end()) own.push_back(node.group);
    return hash;
  }

  void check_peer(const TraceNode& node, int npu, const fs::path& file) const {
    if (node.peer >= 0 && node.peer < set_.npus && node.peer != npu) return;
    fail(file, node,
         fmt::format("peer NPU {} of NPU {}, expected another of 0 to {}", node.peer, npu, set_.npus - 1));
  }

  TraceSet& set_;
  MetadataGroups metadata_;
  StopCheck stop_;
};

// One trace for all NPUs: each is in the groups of NPU 0's form that hold it.
void share_groups(TraceSet& set, const fs::path& file) {
  TraceClass& all = set.classes[0];
  const std::vector<std::string> first = all.groups[0];
  // The group of each form that holds an NPU, the first by name.
  std::map<std::pair<std::size_t, int>, const std::string*> of_form;
  for (const auto& [name, members] : set.groups) {
    const std::size_t form = shape_of(members);
    for (const int member : members) of_form.emplace(std::pair(form, member), &name);
  }
  StopCheck stop;
  std::vector<std::size_t> forms;
  for (const std::string& wanted : first) forms.push_back(shape_of(set.groups.at(wanted)));
  for (int npu = 1; npu < set.npus; ++npu) {
    stop.look_now_and_then();
    all.npus.push_back(npu);
    std::vector<std::string>& own = all.groups.emplace_back();
    for (std::size_t g = 0; g < first.size(); ++g) {
      const auto found = of_form.find({forms[g], npu});
      if (found == of_form.end()) {
        throw InputError(Place{file.string()},
                         fmt::format("one trace for all NPUs, but no process group of the form of '{}' holds "
                                     "NPU {}",
                                     first[g], npu));
      }
      own.push_back(*found->second);
    }
  }
}

void read_listed_groups(TraceSet& set, const fs::path& groups_file, const fs::path& trace) {
  const fs::path file = groups_file.empty() ? groups_beside(trace) : groups_file;
  if (file.empty()) return;
  const YamlValue root = YamlValue::load(file);
  if (groups_file.empty() && !is_process_groups(root)) return;
  set.groups = read_process_groups(root, set.npus);
  set.groups_file = file;
}

}  // namespace

// Kahn's algorithm leaves over what waits for itself.
void check_dependencies(const std::vector<TraceNode>& nodes, const fs::path& file) {
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

TraceSet read_traces(const fs::path& where, const fs::path& groups_file, int npus,
                     const std::function<void(const TraceProgress&)>& progress) {
  const std::vector<fs::path> files = trace_files(where, npus);
  TraceSet set{.name = where.filename().string(),
               .npus = files.size() > 1 ? static_cast<int>(files.size()) : std::max(npus, 1)};
  read_listed_groups(set, groups_file, files[0]);
  TraceReader reader(set);
  std::unordered_map<std::size_t, std::size_t> class_of;
  const StopCheck stop;
  for (int npu = 0; npu < static_cast<int>(files.size()); ++npu) {
    stop.look();
    RankTrace trace = reader.read(files[static_cast<std::size_t>(npu)], npu);
    set.nodes += trace.nodes.size();
    const auto [known, fresh] = class_of.emplace(trace.signature, set.classes.size());
    if (fresh) {
      check_dependencies(trace.nodes, files[static_cast<std::size_t>(npu)]);
      set.classes.push_back({std::move(trace.nodes), {}, {}});
    }
    set.classes[known->second].npus.push_back(npu);
    set.classes[known->second].groups.push_back(std::move(trace.groups));
    if (progress) progress({npu + 1, static_cast<int>(files.size())});
  }
  if (files.size() == 1) share_groups(set, files[0]);
  split_by_partners(set);
  return set;
}

}  // namespace bandwright
