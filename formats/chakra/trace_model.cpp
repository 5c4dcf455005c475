#include "formats/chakra/trace_model.h"

#include <fmt/format.h>

#include <queue>
#include <unordered_map>

#include "core/error.h"

namespace bandwright {
namespace {

// Distance of neighbours in a group that is a line of them from its first member; 0 when it is none.
int stride_of(const std::vector<int>& members) {
  const int stride = members.size() < 2 ? 0 : members[1] - members[0];
  for (std::size_t i = 1; i < members.size(); ++i) {
    if (members[i] - members[i - 1] != stride) return 0;
  }
  return stride;
}

// The size of the groups of neighbours, 1 without any; the others have to lie across them.
int tensor_parallel(const TraceSet& traces) {
  int inner = 1;
  for (const auto& [name, members] : traces.groups) {
    const auto size = static_cast<int>(members.size());
    if (stride_of(members) == 1 && size < traces.npus) inner = size;
  }
  return inner;
}

Axis axis_of(const TraceSet& traces, const TraceNode& node, int inner) {
  const auto group = traces.groups.find(node.group);
  if (group == traces.groups.end() || static_cast<int>(group->second.size()) == traces.npus) {
    return inner == 1 ? Axis::Data : Axis::World;
  }
  const auto size = static_cast<int>(group->second.size());
  const int stride = stride_of(group->second);
  if (stride == 1 && size == inner) return Axis::Tensor;
  if (stride == inner && size * inner == traces.npus) return Axis::Data;
  throw InputError(
      fmt::format("{}: group '{}' is neither of {} neighbours nor across all of those: no table "
                  "can hold it (simulate and optimize read the traces themselves)",
                  traces.name, node.group, inner));
}

// Places of the nodes, dependencies first, the smallest id of those that can stand next.
std::vector<std::size_t> order_of(const std::vector<TraceNode>& nodes) {
  std::unordered_map<std::uint64_t, std::size_t> index;
  for (std::size_t i = 0; i < nodes.size(); ++i) index.emplace(nodes[i].id, i);
  std::vector<std::vector<std::size_t>> followers(nodes.size());
  std::vector<std::size_t> missing(nodes.size());
  using Next = std::pair<std::uint64_t, std::size_t>;
  std::priority_queue<Next, std::vector<Next>, std::greater<>> ready;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    missing[i] = nodes[i].dependencies.size();
    for (const std::uint64_t before : nodes[i].dependencies) followers[index.at(before)].push_back(i);
    if (missing[i] == 0) ready.emplace(nodes[i].id, i);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top().second);
    ready.pop();
    for (const std::size_t next : followers[order.back()]) {
      if (--missing[next] == 0) ready.emplace(nodes[next].id, next);
    }
  }
  return order;
}

}  // namespace

Model trace_model(const TraceSet& traces, std::vector<std::string>& notes) {
  if (traces.classes.size() != 1) {
    throw InputError(
        fmt::format("{}: {} kinds of NPU, and a table is of one (simulate and optimize read the "
                    "traces themselves)",
                    traces.name, traces.classes.size()));
  }
  const std::vector<TraceNode>& nodes = traces.classes[0].nodes;
  const int inner = tensor_parallel(traces);
  Model model{.name = traces.name, .tensor_parallel = inner};
  bool memory = false;
  for (const std::size_t i : order_of(nodes)) {
    const TraceNode& node = nodes[i];
    if (node.kind == TraceNodeKind::Send || node.kind == TraceNodeKind::Receive) {
      throw InputError(fmt::format("{}: node {} is a message from NPU to NPU, which no table holds",
                                   traces.name, node.id));
    }
    memory = memory || node.kind == TraceNodeKind::Memory;
    if (node.kind == TraceNodeKind::Compute) {
      if (node.duration == Time() && node.operations > 0) {
        throw InputError(fmt::format("{}: node {} has FLOP but no measured time", traces.name, node.id));
      }
      model.lines.push_back({.name = node.name, .forward = {.compute = node.duration}});
    } else if (node.kind == TraceNodeKind::Collective && node.collective.bytes > Bytes(0)) {
      if (model.lines.empty() || model.lines.back().forward.communication) {
        model.lines.push_back({.name = node.name});
      }
      model.lines.back().forward.communication = {axis_of(traces, node, inner), node.collective};
    }
  }
  if (model.lines.empty()) throw InputError(traces.name + ": nothing to compute or communicate");
  notes.emplace_back("compute and communication that may overlap in the trace stand one after the other");
  notes.emplace_back("all of it stands under `forward`: a trace does not say which pass a node belongs to");
  if (memory) notes.emplace_back("memory nodes take no time");
  return model;
}

}  // namespace bandwright
