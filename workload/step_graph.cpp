#include "workload/step_graph.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "core/error.h"

namespace bandwright {

std::string_view role_name(Role role) {
  constexpr std::array<std::string_view, 7> names = {
      "forward", "recompute", "input-gradient", "weight-gradient", "other", "optimizer", "bubble"};
  return names[static_cast<std::size_t>(role)];
}

StepGraphBuilder::StepGraphBuilder(std::string name, std::vector<Group> groups,
                                   std::vector<std::string> line_names) {
  graph_.name = std::move(name);
  graph_.groups = std::move(groups);
  graph_.line_names = std::move(line_names);
}

OperationId StepGraphBuilder::append(Operation operation, std::span<const OperationId> after) {
  operation.first_dependency = static_cast<std::uint32_t>(graph_.dependencies.size());
  operation.dependencies = static_cast<std::uint32_t>(after.size());
  graph_.dependencies.insert(graph_.dependencies.end(), after.begin(), after.end());
  graph_.operations.push_back(operation);
  return static_cast<OperationId>(graph_.operations.size() - 1);
}

OperationId StepGraphBuilder::compute(Label label, Time duration, std::span<const OperationId> after) {
  return append(
      {.kind = OperationKind::Compute, .role = label.role, .line = label.line, .duration = duration}, after);
}

OperationId StepGraphBuilder::overhead(Label label, Time duration, std::span<const OperationId> after) {
  return append(
      {.kind = OperationKind::Overhead, .role = label.role, .line = label.line, .duration = duration}, after);
}

OperationId StepGraphBuilder::collective(Label label, const GroupCollective& call,
                                         std::span<const OperationId> after) {
  assert(call.group < graph_.groups.size());
  const auto known = std::find(graph_.collectives.begin(), graph_.collectives.end(), call);
  const auto index = static_cast<std::uint32_t>(known - graph_.collectives.begin());
  if (known == graph_.collectives.end()) graph_.collectives.push_back(call);
  return append(
      {.kind = OperationKind::Collective, .role = label.role, .line = label.line, .collective = index},
      after);
}

StepGraph lone_collective(const Network& network, const Collective& collective) {
  if (collective.bytes <= Bytes(0)) throw InputError("a collective of 0 B, expected at least 1 B");
  const std::string name(collective_name(collective.kind));
  StepGraphBuilder builder(name, {whole_network(network)}, {name});
  builder.collective({}, {collective, 0}, {});
  return std::move(builder).finish();
}

}  // namespace bandwright
