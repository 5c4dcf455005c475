#include "formats/chakra/trace_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "formats/chakra/trace_ties.h"

namespace bandwright {
namespace {

constexpr std::size_t most_names = 65'535;

double checked_ns(const TraceNode& node, double ns) {
  if (ns < 8.64e15) return ns;
  throw InputError(fmt::format("node {} would take more than 100 days", node.id));
}

class Writer {
 public:
  Writer(const TraceSet& traces, const Network& network, const TraceCompute& compute, GroupRoute route)
      : traces_(traces),
        compute_(compute),
        teams_(traces, network, route, step_.ranks),
        ties_(traces),
        graph_(step_.ranks.graph) {
    graph_.name = traces.name;
    step_.ranks.kind_of.resize(static_cast<std::size_t>(traces.npus));
  }

  TraceStep write() &&;

 private:
  void add_class(std::size_t c);
  Operation operation_of(std::size_t c, const TraceNode& node);
  Operation communication_of(std::size_t c, const TraceNode& node);
  Operation memory_access(const TraceNode& node);
  Operation storage_access(const TraceNode& node);
  std::uint32_t add_call(const GroupCollective& call);
  std::uint16_t name_index(const std::string& name);

  const TraceSet& traces_;
  const TraceCompute& compute_;
  TraceStep step_;
  TraceTeams teams_;
  TraceTies ties_;
  Step& graph_;
  bool has_memory_ = false;
  bool has_storage_ = false;
  std::vector<std::vector<OperationId>> after_;
  std::unordered_map<std::string, std::uint16_t> names_;
  std::map<std::tuple<CollectiveKind, Bytes, std::uint32_t>, std::uint32_t> calls_;  // those of the graph
};

std::uint16_t Writer::name_index(const std::string& name) {
  const auto known = names_.find(name);
  if (known != names_.end()) return known->second;
  if (graph_.line_names.size() == most_names) return static_cast<std::uint16_t>(most_names - 1);
  const auto index = static_cast<std::uint16_t>(graph_.line_names.size());
  graph_.line_names.push_back(name);
  names_.emplace(name, index);
  return index;
}

std::uint32_t Writer::add_call(const GroupCollective& call) {
  const auto next = static_cast<std::uint32_t>(graph_.collectives.size());
  const auto [known, fresh] =
      calls_.emplace(std::tuple(call.collective.kind, call.collective.bytes, call.group), next);
  if (fresh) graph_.collectives.push_back(call);
  return known->second;
}

Operation Writer::communication_of(std::size_t c, const TraceNode& node) {
  const bool sends = node.kind == TraceNodeKind::Send;
  const std::uint32_t group = sends ? teams_.of_message(c, node) : teams_.of_collective(c, node);
  if (graph_.groups[group].dimensions.empty() || node.collective.bytes == Bytes(0)) {
    return {.kind = OperationKind::Overhead};  // nothing to communicate
  }
  return {.kind = OperationKind::Collective, .collective = add_call({node.collective, group})};
}

Operation Writer::memory_access(const TraceNode& node) {
  Operation operation{.kind = OperationKind::Overhead};
  if (compute_.remote > Bandwidth()) {
    const double ns = to_ns(compute_.remote_latency) + to_double(node.tensor) / compute_.remote.value();
    operation.duration = nanoseconds(checked_ns(node, ns));
  } else if (!std::exchange(has_memory_, true)) {
    step_.ignored.emplace_back(
        "memory nodes take no time: no memory beyond the NPU is given (--memory FILE)");
  }
  return operation;
}

Operation Writer::storage_access(const TraceNode& node) {
  if (!std::exchange(has_storage_, true)) {
    step_.ignored.emplace_back(
        "storage, batch and checkpoint nodes take their measured time beside everything else, whoever shares "
        "the "
        "storage");
  }
  return {.kind = OperationKind::Overhead, .duration = node.duration};
}

Operation Writer::operation_of(std::size_t c, const TraceNode& node) {
  switch (node.kind) {
    case TraceNodeKind::Compute:
      return {.kind = OperationKind::Compute, .duration = compute_time(node, compute_)};
    case TraceNodeKind::Send:
    case TraceNodeKind::Collective:
      return communication_of(c, node);
    case TraceNodeKind::Memory:
      return memory_access(node);
    case TraceNodeKind::Storage:
      return storage_access(node);
    default:
      break;
  }
  return {.kind = OperationKind::Overhead};
}

// A class's three resources: CPU, compute and memory, communication.
Issue issue_of(std::size_t c, const TraceNode& node) {
  const auto base = static_cast<std::uint32_t>(3 * c);
  if (node.kind == TraceNodeKind::Receive || node.kind == TraceNodeKind::Metadata ||
      node.kind == TraceNodeKind::Storage) {
    return {};
  }
  if (node.kind == TraceNodeKind::Compute) return {base + (node.on_cpu ? 0U : 1U), node.id};
  if (node.kind == TraceNodeKind::Memory) return {base + 1, node.id};
  return {base + 2, node.id};
}

void Writer::add_class(std::size_t c) {
  const TraceClass& one = traces_.classes[c];
  RankedStep::Kind& kind = step_.ranks.kinds.emplace_back();
  kind.npus = one.npus;
  for (const int npu : one.npus)
    step_.ranks.kind_of[static_cast<std::size_t>(npu)] = static_cast<std::uint32_t>(c);
  graph_.npu_share.push_back(static_cast<double>(one.npus.size()) / traces_.npus);
  std::unordered_map<std::uint64_t, OperationId> ids;
  for (const TraceNode& node : one.nodes) {
    const auto id = static_cast<OperationId>(graph_.operations.size());
    ids.emplace(node.id, id);
    Operation operation = operation_of(c, node);
    operation.line = name_index(node.name);
    graph_.operations.push_back(operation);
    step_.issues.push_back(issue_of(c, node));
    kind.operations.push_back(id);
    if (operation.kind == OperationKind::Collective || node.kind != TraceNodeKind::Collective) {
      ties_.add(c, node, id);
    }
  }
  after_.resize(graph_.operations.size());
  for (std::size_t i = 0; i < one.nodes.size(); ++i) {
    for (const std::uint64_t before : one.nodes[i].dependencies) {
      after_[kind.operations[i]].push_back(ids.at(before));
    }
  }
}

void link(Step& graph, const std::vector<std::vector<OperationId>>& after) {
  graph.dependencies.clear();
  for (std::size_t i = 0; i < graph.operations.size(); ++i) {
    graph.operations[i].first_dependency = static_cast<std::uint32_t>(graph.dependencies.size());
    graph.operations[i].dependencies = static_cast<std::uint32_t>(after[i].size());
    graph.dependencies.insert(graph.dependencies.end(), after[i].begin(), after[i].end());
  }
}

TraceStep Writer::write() && {
  for (std::size_t c = 0; c < traces_.classes.size(); ++c) add_class(c);
  link(graph_, after_);
  step_.graph = graph_;
  step_.ranks.ties.resize(graph_.operations.size());
  ties_.enter(step_.ranks, after_);
  link(step_.graph, after_);
  return std::move(step_);
}

}  // namespace

Time compute_time(const TraceNode& node, const TraceCompute& compute) {
  if (!compute.peak) return std::max(node.duration, nanoseconds(1));
  const auto flop = static_cast<double>(node.operations);
  const double seconds =
      std::max(flop / compute.peak->value(), to_double(node.tensor) / (compute.memory.value() * 1e9));
  return Time(static_cast<std::int64_t>(checked_ns(node, seconds * 1e9)) * 1000);
}

TraceStep trace_step(const TraceSet& traces, const Network& network, const TraceCompute& compute,
                     GroupRoute route) {
  if (network.npus() != traces.npus) {
    throw InputError(
        fmt::format("{} NPUs have traces, but {} has {}", traces.npus, network.shorthand(), network.npus()));
  }
  return Writer(traces, network, compute, route).write();
}

}  // namespace bandwright
