#include "training/collective_time.h"

#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

const FabricDimension& fabric_of(const Machine& machine, int dimension) {
  return machine.dimensions[static_cast<std::size_t>(dimension)];
}

// The traffic that is slowest at nominal bandwidth, 0 B when there is none.
Traffic slowest_traffic(const Machine& machine, const Group& group, const Collective& collective) {
  Traffic slowest;
  double longest = 0.0;
  for (const Traffic& load : hierarchical_traffic(collective, group)) {
    const double ns = load.bytes / fabric_of(machine, load.dimension).gb_per_s;
    if (ns > longest) slowest = load;
    longest = std::max(longest, ns);
  }
  return slowest;
}

}  // namespace

double collective_latency_ns(const Machine& machine, const Group& group, const Collective& collective) {
  const Traffic slowest = slowest_traffic(machine, group, collective);
  if (slowest.bytes <= 0.0) return 0.0;
  const FabricDimension& fabric = fabric_of(machine, slowest.dimension);
  const FabricDimension& outermost = fabric_of(machine, group.dimensions.back().dimension);
  const double calls = collective.kind == CollectiveKind::PointToPoint ? 0.5 : 1.0;
  const double wire_ns = slowest.bytes / fabric.gb_per_s / usable_share(machine, group);
  return calls * outermost.constants.latency_us * 1e3 + fabric.constants.ramp * std::sqrt(wire_ns);
}

double usable_share(const Machine& machine, const Group& group) {
  double share = 1.0;
  for (const GroupDimension& part : group.dimensions) {
    share = std::min(share, fabric_of(machine, part.dimension).share(part.npus));
  }
  return share;
}

double collective_ns(const Machine& machine, const Group& group, const Collective& collective) {
  double wire_ns = 0.0;
  for (const Traffic& load : hierarchical_traffic(collective, group)) {
    const FabricDimension& fabric = fabric_of(machine, load.dimension);
    wire_ns = std::max(wire_ns, load.bytes / (fabric.gb_per_s * fabric.constants.efficiency));
  }
  return collective_latency_ns(machine, group, collective) + wire_ns / usable_share(machine, group);
}

}  // namespace bandwright
