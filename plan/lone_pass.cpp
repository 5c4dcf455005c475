#include "plan/lone_pass.h"

#include <algorithm>
#include <vector>

#include "simulator/wire_loads.h"

namespace bandwright {

bool ends_together(const Step& step) {
  if (step.operations.empty()) return true;
  const Operation& last = step.operations.back();
  const bool holds =
      last.kind == OperationKind::Compute || last.kind == OperationKind::Overhead || last.blocks;
  std::vector<bool> before(step.operations.size(), false);
  before.back() = holds;
  for (std::size_t id = step.operations.size(); id-- > 0;) {
    if (!before[id]) return false;
    for (const OperationId each : step.dependencies_of(step.operations[id])) before[each] = true;
  }
  return true;
}

LonePass timed_alone(const Step& step, const Network& network, std::span<const double> gb_per_s,
                     std::span<const double> efficiency) {
  if (!step.blocks.empty()) return {.apart = false};
  const WireLoads loads(step.collectives, step.groups, network, Library{}, efficiency);
  const std::vector<WireLoads::Slowest> wires = loads.price(gb_per_s);
  std::vector<double> ends(step.operations.size(), 0.0);
  LonePass lone{.apart = ends_together(step)};
  for (std::size_t id = 0; id < ends.size(); ++id) {
    const Operation& operation = step.operations[id];
    for (const OperationId each : step.dependencies_of(operation)) ends[id] = std::max(ends[id], ends[each]);
    ends[id] += to_ns(operation.duration);
    if (operation.kind == OperationKind::Collective) ends[id] += wires[operation.collective].ns;
    lone.ns = std::max(lone.ns, ends[id]);
  }
  return lone;
}

}  // namespace bandwright
