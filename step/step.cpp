#include "step/step.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "core/error.h"
#include "core/stopping.h"
#include "step/cursor.h"

namespace bandwright {

std::string_view role_name(Role role) {
  constexpr std::array<std::string_view, 7> names = {
      "forward", "recompute", "input-gradient", "weight-gradient", "other", "optimizer", "bubble"};
  return names[static_cast<std::size_t>(role)];
}

std::vector<double> executions(const Step& step) {
  std::vector<double> counts(step.operations.size(), 1.0);
  count_rounds(step.blocks, counts);
  return counts;
}

void count_rounds(std::span<const StepBlock> blocks, std::span<double> counts) {
  for (const StepBlock& block : blocks) {
    for (OperationId id = block.first; id < block.end; ++id) counts[id] *= block.times;
  }
}

Step expand(const Step& step, std::size_t limit, std::vector<OperationId>* origin) {
  Step flat{.name = step.name,
            .collectives = step.collectives,
            .groups = step.groups,
            .line_names = step.line_names,
            .wire_efficiency = step.wire_efficiency,
            .npu_share = step.npu_share};
  std::vector<OperationId> last(step.operations.size(), no_operation);  // execution of each
  StopCheck stop;
  for (Cursor at(step); !at.done(); at.next()) {
    stop.look_now_and_then();
    if (flat.operations.size() >= limit) {
      throw InputError(fmt::format("{}: more than {} operations when written out", step.name, limit));
    }
    Operation operation = step.operations[at.operation()];
    const auto before = step.dependencies_of(operation);
    operation.first_dependency = static_cast<std::uint32_t>(flat.dependencies.size());
    for (const OperationId each : before) {
      if (last[each] != no_operation) flat.dependencies.push_back(last[each]);
    }
    operation.dependencies =
        static_cast<std::uint32_t>(flat.dependencies.size()) - operation.first_dependency;
    last[at.operation()] = static_cast<OperationId>(flat.operations.size());
    flat.operations.push_back(operation);
    if (origin != nullptr) origin->push_back(at.operation());
  }
  return flat;
}

StepBuilder::StepBuilder(std::string name, std::vector<Group> groups, std::vector<std::string> line_names) {
  step_.name = std::move(name);
  step_.groups = std::move(groups);
  step_.line_names = std::move(line_names);
}

OperationId StepBuilder::append(Operation operation, std::span<const OperationId> after) {
  operation.first_dependency = static_cast<std::uint32_t>(step_.dependencies.size());
  operation.dependencies = static_cast<std::uint32_t>(after.size());
  step_.dependencies.insert(step_.dependencies.end(), after.begin(), after.end());
  step_.operations.push_back(operation);
  return static_cast<OperationId>(step_.operations.size() - 1);
}

OperationId StepBuilder::compute(Label label, Time duration, std::span<const OperationId> after) {
  return append(
      {.kind = OperationKind::Compute, .role = label.role, .line = label.line, .duration = duration}, after);
}

OperationId StepBuilder::overhead(Label label, Time duration, std::span<const OperationId> after) {
  return append(
      {.kind = OperationKind::Overhead, .role = label.role, .line = label.line, .duration = duration}, after);
}

OperationId StepBuilder::collective(Label label, const GroupCollective& call,
                                    std::span<const OperationId> after) {
  assert(call.group < step_.groups.size());
  const auto known = std::find(step_.collectives.begin(), step_.collectives.end(), call);
  const auto index = static_cast<std::uint32_t>(known - step_.collectives.begin());
  if (known == step_.collectives.end()) step_.collectives.push_back(call);
  return append(
      {.kind = OperationKind::Collective, .role = label.role, .line = label.line, .collective = index},
      after);
}

Step lone_collective(const Network& network, const Collective& collective) {
  if (collective.bytes <= Bytes(0)) throw InputError("a collective of 0 B, expected at least 1 B");
  const std::string name(collective_name(collective.kind));
  StepBuilder builder(name, {whole_network(network)}, {name});
  builder.collective({}, {collective, 0}, {});
  return std::move(builder).finish();
}

}  // namespace bandwright
