#include "formats/trace_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <tuple>
#include <unordered_map>

#include "core/error.h"
#include "formats/trace_groups.h"

namespace bandwright {
namespace {

constexpr std::size_t most_names = 65'535;

// What a class's send or receive is matched by: sender's class, receiver's class, distance in ids, tag.
using MessageKey = std::tuple<std::size_t, std::size_t, std::int64_t, std::int64_t>;

class Writer {
 public:
  Writer(const TraceSet& traces, const Network& network, const TraceCompute& compute, GroupRoute route)
      : traces_(traces), network_(network), compute_(compute), route_(route) {
    graph_.name = traces.name;
    class_of_.resize(static_cast<std::size_t>(traces.npus));
    for (std::size_t c = 0; c < traces.classes.size(); ++c) {
      for (const int npu : traces.classes[c].npus) class_of_[static_cast<std::size_t>(npu)] = c;
    }
  }

  TraceStep write() &&;

 private:
  void add_class(std::size_t c);
  Operation operation_of(std::size_t c, const TraceNode& node);
  Operation collective_of(std::size_t c, const TraceNode& node);
  Operation memory_access(const TraceNode& node);
  std::uint32_t group_of(std::size_t c, const TraceNode& node);
  std::uint32_t group_to_peer(std::size_t c, const TraceNode& node);
  std::uint32_t add_group(std::size_t c, const std::string& key, Group group);
  std::uint32_t add_call(const GroupCollective& call);
  double checked_ns(const TraceNode& node, double ns) const;
  Time compute_time(const TraceNode& node) const;
  std::uint16_t name_index(const std::string& name);
  [[nodiscard]] Crossing crossing() const {
    return route_ == GroupRoute::Ring ? Crossing::Innermost : Crossing::All;
  }
  void join_messages();
  void join_collectives();
  void link();

  const TraceSet& traces_;
  const Network& network_;
  const TraceCompute& compute_;
  GroupRoute route_;
  StepGraph graph_;
  std::vector<Issue> issues_;
  std::vector<std::string> ignored_;
  std::vector<std::size_t> class_of_;  // by NPU
  std::vector<std::vector<OperationId>> after_;
  std::unordered_map<std::string, std::uint32_t> group_index_;
  std::unordered_map<std::string, std::uint16_t> names_;
  std::map<MessageKey, std::deque<OperationId>> sends_;
  std::map<MessageKey, std::deque<std::pair<OperationId, std::uint64_t>>> receives_;
  // Collectives of groups with members in several classes: by group, the operations of each class in order.
  std::map<std::string, std::map<std::size_t, std::vector<OperationId>>> shared_;
};

double Writer::checked_ns(const TraceNode& node, double ns) const {
  if (ns < 8.64e15) return ns;
  throw InputError(fmt::format("{}: node {} would take more than 100 days", traces_.name, node.id));
}

Time Writer::compute_time(const TraceNode& node) const {
  if (!compute_.peak) return std::max(node.duration, nanoseconds(1));
  const auto flop = static_cast<double>(node.operations);
  const double seconds =
      std::max(flop / compute_.peak->value(), to_double(node.tensor) / (compute_.memory.value() * 1e9));
  return Time(static_cast<std::int64_t>(checked_ns(node, seconds * 1e9)) * 1000);
}

std::uint16_t Writer::name_index(const std::string& name) {
  const auto known = names_.find(name);
  if (known != names_.end()) return known->second;
  if (graph_.line_names.size() == most_names) return static_cast<std::uint16_t>(most_names - 1);
  const auto index = static_cast<std::uint16_t>(graph_.line_names.size());
  graph_.line_names.push_back(name);
  names_.emplace(name, index);
  return index;
}

std::uint32_t Writer::add_group(std::size_t c, const std::string& key, Group group) {
  group.set = static_cast<int>(c);
  const auto [known, fresh] = group_index_.emplace(key, static_cast<std::uint32_t>(graph_.groups.size()));
  if (fresh) graph_.groups.push_back(std::move(group));
  return known->second;
}

std::uint32_t Writer::add_call(const GroupCollective& call) {
  const auto known = std::find(graph_.collectives.begin(), graph_.collectives.end(), call);
  const auto index = static_cast<std::uint32_t>(known - graph_.collectives.begin());
  if (known == graph_.collectives.end()) graph_.collectives.push_back(call);
  return index;
}

std::uint32_t Writer::group_of(std::size_t c, const TraceNode& node) {
  const std::string key = fmt::format("{}/{}", c, node.group);
  if (const auto known = group_index_.find(key); known != group_index_.end()) return known->second;
  const auto listed = traces_.groups.find(node.group);
  if (listed == traces_.groups.end() || static_cast<int>(listed->second.size()) == traces_.npus) {
    return add_group(c, key, whole_network(network_));
  }
  const std::string name = fmt::format("group {}", node.group);
  if (route_ == GroupRoute::Grid) {
    if (auto grid = aligned_group(network_, name, listed->second)) return add_group(c, key, std::move(*grid));
  }
  return add_group(c, key, ring_of(network_, name, listed->second, crossing()));
}

std::uint32_t Writer::group_to_peer(std::size_t c, const TraceNode& node) {
  const int from = traces_.classes[c].npus[0];
  const auto to = static_cast<int>(node.peer);
  return add_group(c, fmt::format("to {} {}", from, to), pair_of(network_, from, to, crossing()));
}

Operation Writer::collective_of(std::size_t c, const TraceNode& node) {
  Operation operation{.kind = OperationKind::Collective};
  const bool sends = node.kind == TraceNodeKind::Send;
  const std::uint32_t group = sends ? group_to_peer(c, node) : group_of(c, node);
  if (graph_.groups[group].dimensions.empty() || node.collective.bytes == Bytes(0)) {
    operation.kind = OperationKind::Overhead;  // nothing to communicate
    return operation;
  }
  operation.collective = add_call({node.collective, group});
  return operation;
}

Operation Writer::memory_access(const TraceNode& node) {
  Operation operation{.kind = OperationKind::Overhead};
  if (compute_.remote > Bandwidth()) {
    const double ns = to_ns(compute_.remote_latency) + to_double(node.tensor) / compute_.remote.value();
    operation.duration = nanoseconds(checked_ns(node, ns));
  } else if (ignored_.empty()) {
    ignored_.emplace_back("memory nodes take no time: no memory beyond the NPU is given");
  }
  return operation;
}

Operation Writer::operation_of(std::size_t c, const TraceNode& node) {
  switch (node.kind) {
    case TraceNodeKind::Compute:
      return {.kind = OperationKind::Compute, .duration = compute_time(node)};
    case TraceNodeKind::Send:
    case TraceNodeKind::Collective:
      return collective_of(c, node);
    case TraceNodeKind::Memory:
      return memory_access(node);
    default:
      break;
  }
  return {.kind = OperationKind::Overhead};
}

Issue issue_of(std::size_t c, const TraceNode& node) {
  const auto base = static_cast<std::uint32_t>(3 * c);
  if (node.kind == TraceNodeKind::Receive || node.kind == TraceNodeKind::Metadata) return {};
  if (node.kind == TraceNodeKind::Compute) return {base + (node.on_cpu ? 0U : 1U), node.id};
  if (node.kind == TraceNodeKind::Memory) return {base + 1, node.id};
  return {base + 2, node.id};
}

void Writer::add_class(std::size_t c) {
  const TraceClass& one = traces_.classes[c];
  const int npu = one.npus[0];
  std::unordered_map<std::uint64_t, OperationId> ids;
  const auto first = static_cast<OperationId>(graph_.operations.size());
  for (const TraceNode& node : one.nodes) {
    const auto id = static_cast<OperationId>(graph_.operations.size());
    ids.emplace(node.id, id);
    Operation operation = operation_of(c, node);
    operation.line = name_index(node.name);
    graph_.operations.push_back(operation);
    issues_.push_back(issue_of(c, node));
    if (node.kind == TraceNodeKind::Send) {
      sends_[{c, class_of_[static_cast<std::size_t>(node.peer)], node.peer - npu, node.tag}].push_back(id);
    } else if (node.kind == TraceNodeKind::Receive) {
      receives_[{class_of_[static_cast<std::size_t>(node.peer)], c, npu - node.peer, node.tag}].emplace_back(
          id, node.id);
    } else if (node.kind == TraceNodeKind::Collective) {
      const auto group = traces_.groups.find(node.group);
      const auto elsewhere = [&](int member) { return class_of_[static_cast<std::size_t>(member)] != c; };
      const bool everyone = group == traces_.groups.end();
      if (everyone ? traces_.classes.size() > 1
                   : std::any_of(group->second.begin(), group->second.end(), elsewhere)) {
        shared_[everyone ? std::string() : node.group][c].push_back(id);
      }
    }
  }
  after_.resize(graph_.operations.size());
  for (std::size_t i = 0; i < one.nodes.size(); ++i) {
    for (const std::uint64_t before : one.nodes[i].dependencies) after_[first + i].push_back(ids.at(before));
  }
}

void Writer::join_messages() {
  for (auto& [key, receives] : receives_) {
    std::deque<OperationId>& sends = sends_[key];
    for (const auto& [receive, node] : receives) {
      if (sends.empty()) {
        const int npu = traces_.classes[std::get<1>(key)].npus[0];
        throw InputError(
            fmt::format("{}: node {} of NPU {} receives from NPU {} (tag {}), which does not send",
                        traces_.name, node, npu, npu - std::get<2>(key), std::get<3>(key)));
      }
      after_[receive].push_back(sends.front());
      sends.pop_front();
    }
  }
  for (const auto& [key, sends] : sends_) {
    if (sends.empty()) continue;
    const int npu = traces_.classes[std::get<0>(key)].npus[0];
    throw InputError(fmt::format("{}: NPU {} sends to NPU {} (tag {}), which does not receive", traces_.name,
                                 npu, npu + std::get<2>(key), std::get<3>(key)));
  }
}

// The k-th collective of a group waits for what each class's k-th waits for.
void Writer::join_collectives() {
  for (const auto& [group, by_class] : shared_) {
    const std::size_t calls = by_class.begin()->second.size();
    for (const auto& [c, operations] : by_class) {
      if (operations.size() != calls) {
        throw InputError(fmt::format("{}: NPU {} calls {} collectives of group '{}', NPU {} calls {}",
                                     traces_.name, traces_.classes[c].npus[0], operations.size(), group,
                                     traces_.classes[by_class.begin()->first].npus[0], calls));
      }
    }
    for (std::size_t k = 0; k < calls; ++k) {
      std::vector<OperationId> all;
      for (const auto& [c, operations] : by_class) {
        all.insert(all.end(), after_[operations[k]].begin(), after_[operations[k]].end());
      }
      for (const auto& [c, operations] : by_class) after_[operations[k]] = all;
    }
  }
}

void Writer::link() {
  for (std::size_t i = 0; i < graph_.operations.size(); ++i) {
    graph_.operations[i].first_dependency = static_cast<std::uint32_t>(graph_.dependencies.size());
    graph_.operations[i].dependencies = static_cast<std::uint32_t>(after_[i].size());
    graph_.dependencies.insert(graph_.dependencies.end(), after_[i].begin(), after_[i].end());
  }
}

TraceStep Writer::write() && {
  for (std::size_t c = 0; c < traces_.classes.size(); ++c) add_class(c);
  join_messages();
  join_collectives();
  link();
  return {std::move(graph_), std::move(issues_), std::move(ignored_)};
}

}  // namespace

TraceStep trace_step(const TraceSet& traces, const Network& network, const TraceCompute& compute,
                     GroupRoute route) {
  if (network.npus() != traces.npus) {
    throw InputError(
        fmt::format("{} NPUs have traces, but {} has {}", traces.npus, network.shorthand(), network.npus()));
  }
  return Writer(traces, network, compute, route).write();
}

}  // namespace bandwright
