#include "training/collective_time.h"

#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

const FabricDimension& fabric_of(const Machine& machine, int dimension) {
  return machine.dimensions[static_cast<std::size_t>(dimension)];
}

// The bytes of the whole buffer, whoever holds them.
double buffer_bytes(const Group& group, const Collective& collective) {
  const auto shares = collective.kind == CollectiveKind::AllGather ? static_cast<double>(group.npus()) : 1.0;
  return shares * to_double(collective.bytes);
}

double steps(CollectiveKind kind, int npus) {
  const double ring = npus - 1.0;
  switch (kind) {
    case CollectiveKind::AllReduce:
      return 2.0 * std::min(ring, tree_hop * std::ceil(std::log2(npus)));
    case CollectiveKind::Broadcast:
    case CollectiveKind::Reduce:
      return std::min(ring, tree_hop * std::ceil(std::log2(npus)));
    default:
      return ring;
  }
}

// The share of the group's dimensions that so small a group can use, or one of which every machine holds
// several members but not all.
double usable_share(const Machine& machine, const Group& group, CollectiveKind kind) {
  double share = 1.0;
  for (std::size_t d = 0; d < group.dimensions.size(); ++d) {
    const FabricDimension& fabric = fabric_of(machine, group.dimensions[d].dimension);
    share = std::min(share, fabric.share(group.dimensions[d].npus));
    if (d == 0 || kind == CollectiveKind::PointToPoint) continue;
    const GroupDimension& inside = group.dimensions[d - 1];
    const bool apart = inside.stride > 1;  // neighbours would be at one adapter
    if (apart && inside.npus < fabric_of(machine, inside.dimension).npus) share *= fabric.part_share;
  }
  return share;
}

// Speed of a send from one NPU to another, in that of a ring on the same links.
double send_gain(const Machine& machine, const Group& group, CollectiveKind kind) {
  if (kind != CollectiveKind::PointToPoint || group.dimensions.empty()) return 1.0;
  const FabricDimension& fabric = fabric_of(machine, group.dimensions.back().dimension);
  return fabric.software.copies ? 1.0 : std::max(1.0, send_speed / fabric.constants.efficiency);
}

// Bytes of the plan over those of chains that pass everything on in small slices.
double chain_gain(std::span<const Traffic> traffic, const Collective& collective) {
  if (collective.kind != CollectiveKind::Broadcast && collective.kind != CollectiveKind::Reduce) return 1.0;
  double busiest = 0.0;
  for (const Traffic& load : traffic) busiest = std::max(busiest, load.busy);
  return std::max(1.0, busiest / to_double(collective.bytes));
}

// The slowest dimension's time at nominal bandwidth, and that dimension.
struct SlowestWire {
  double ns = 0.0;
  const FabricDimension* fabric = nullptr;
};
SlowestWire slowest(const Machine& machine, std::span<const Traffic> traffic, double speed) {
  SlowestWire wire;
  for (const Traffic& load : traffic) {
    const FabricDimension& fabric = fabric_of(machine, load.dimension);
    const double ns = load.busy / (fabric.gb_per_s * fabric.constants.efficiency * speed);
    if (ns >= wire.ns) wire = {ns, &fabric};
  }
  return wire;
}

double ring_latency_ns(const Machine& machine, const Group& group, const Collective& collective,
                       const SlowestWire& wire) {
  double fill_ns = 0.0;
  for (const GroupDimension& part : group.dimensions) {
    fill_ns += steps(collective.kind, part.npus) * fabric_of(machine, part.dimension).constants.step_us * 1e3;
  }
  const double bytes = buffer_bytes(group, collective);
  const auto npus = static_cast<double>(group.npus());
  const Software& software = wire.fabric->software;
  const double own_ns =
      software.copies ? bytes / npus / wire.fabric->gb_per_s / wire.fabric->constants.efficiency / own_speed
                      : 0.0;
  const double large_ns = std::pow(
      std::pow(fill_ns, overlap_power) + std::pow(wire.ns + own_ns, overlap_power), 1.0 / overlap_power);
  const bool small =
      group.dimensions.size() == 1 && software.low_latency > 0.0 && bytes <= low_latency_bytes * (npus - 1.0);
  if (!small) return large_ns - wire.ns;
  return std::min(large_ns, low_latency_steps * fill_ns + wire.ns / software.low_latency) - wire.ns;
}

double all_to_all_latency_ns(const Group& group, const Collective& collective, const SlowestWire& wire) {
  const double ramp = chunk_ramp * std::sqrt(wire.fabric->constants.step_us * 1e3 * wire.ns);
  if (!wire.fabric->software.copies) return ramp;
  const double copying_ns = buffer_bytes(group, collective) / copying_gb_per_s;
  return ramp + std::max(wire.ns / all_to_all_speed, copying_ns) - wire.ns;
}

}  // namespace

// Bytes of a ring over those of a switch that reduces, where the ring is not better.
double in_switch_gain(const Machine& machine, const Group& group, CollectiveKind kind) {
  if (kind != CollectiveKind::AllReduce || group.dimensions.size() != 1) return 1.0;
  const double in_switch = fabric_of(machine, group.dimensions[0].dimension).software.in_switch;
  const auto n = static_cast<double>(group.npus());
  return std::max(1.0, in_switch * 2.0 * (n - 1.0) / (n + 1.0));
}

CollectivePrice collective_price(const Machine& machine, const Network& network, const Group& group,
                                 const Collective& collective) {
  if (collective.bytes <= Bytes(0)) return {};
  const std::vector<Traffic> traffic = collective_traffic(collective, group, network);
  CollectivePrice price{.speed = usable_share(machine, group, collective.kind) *
                                 in_switch_gain(machine, group, collective.kind) *
                                 send_gain(machine, group, collective.kind) *
                                 chain_gain(traffic, collective)};
  const SlowestWire wire = slowest(machine, traffic, price.speed);
  if (wire.ns <= 0.0) return price;
  price.latency_ns = fabric_of(machine, group.dimensions.back().dimension).constants.latency_us * 1e3;
  switch (collective.kind) {
    case CollectiveKind::PointToPoint:
      price.latency_ns *= 0.5;
      price.latency_ns += chunk_ramp * std::sqrt(wire.fabric->constants.step_us * 1e3 * wire.ns);
      break;
    case CollectiveKind::AllToAll:
      price.latency_ns += all_to_all_latency_ns(group, collective, wire);
      break;
    default:
      price.latency_ns += ring_latency_ns(machine, group, collective, wire);
  }
  return price;
}

Collective at_full_speed(const Collective& collective, const CollectivePrice& price) {
  return {collective.kind, Bytes(std::llround(to_double(collective.bytes) / price.speed))};
}

double collective_ns(const Machine& machine, const Network& network, const Group& group,
                     const Collective& collective) {
  const CollectivePrice price = collective_price(machine, network, group, collective);
  return price.latency_ns + slowest(machine, collective_traffic(collective, group, network), price.speed).ns;
}

double copying_share(const Machine& machine) {
  constexpr double share = copying_processors;
  return machine.dimensions.front().software.copies ? share : 0.0;
}

}  // namespace bandwright
