#include "training/collective_curve.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "collective/algorithm.h"
#include "collective/phases.h"
#include "training/collective_constants.h"

namespace bandwright {
namespace {

constexpr std::size_t kind_count = 8;  // at most

// (a^1.5 + b^1.5)^(2/3)
double norm(double a, double b) {
  const double root = std::cbrt(a * std::sqrt(a) + b * std::sqrt(b));
  return root * root;
}

// Bytes of the whole buffer, whoever holds them.
double whole_buffer(std::int64_t npus, const Collective& collective) {
  const bool shards = collective.kind == CollectiveKind::AllGather;
  return (shards ? static_cast<double>(npus) : 1.0) * to_double(collective.bytes);
}

// The share of a dimension's bandwidth on links of the part's own. Members of a ring `apart` positions from
// each other share the links between them with the groups there; those of a line send back the way they came.
double own_share(const DimensionKind& kind, int npus, const GroupDimension& part, std::int64_t apart) {
  if (kind.switched || part.npus == npus) return 1.0;
  if (kind.message_share(npus) < 1.0) return kind.group_share(npus, part.npus);
  const bool around = apart * part.npus == npus;
  return (around ? 1.0 : 0.5) / static_cast<double>(apart);
}

// What one dimension carries, if it is of a kind.
struct Way {
  double busy = 0.0;  // bytes
  double steps = 0.0;
};

class CurveBuilder {
 public:
  CurveBuilder(std::span<const FreeDimension> network, const Group& group, const Collective& collective)
      : network_(network), group_(group), collective_(collective), npus_(group.npus()) {
    walk();
  }

  CollectiveCurve build() {
    curve_.latency_ns = fabric(group_.dimensions.back().dimension).constants.latency_us * 1e3;
    switch (collective_.kind) {
      case CollectiveKind::PointToPoint:
        send();
        break;
      case CollectiveKind::AllToAll:
        all_to_all();
        break;
      default:
        in_rings();
    }
    return curve_;
  }

 private:
  [[nodiscard]] const FabricDimension& fabric(int dimension) const {
    return *network_[static_cast<std::size_t>(dimension)].fabric;
  }
  template <class Visit>
  void for_each_kind(int dimension, Visit visit) const {
    const unsigned kinds = network_[static_cast<std::size_t>(dimension)].kinds;
    for (std::size_t k = 0; k < dimension_kinds().size(); ++k) {
      if ((kinds >> k & 1U) != 0) visit(k);
    }
  }
  [[nodiscard]] std::int64_t apart(const GroupDimension& part) const {
    std::int64_t below = 1;
    for (int d = 0; d < part.dimension; ++d) below *= network_[static_cast<std::size_t>(d)].npus;
    return part.stride / below;
  }

  void walk();
  void in_rings();
  void send();
  void all_to_all();
  void large();
  void one_dimension();

  // The least of a dimension's kinds, each for itself.
  [[nodiscard]] Way least(int dimension) const {
    Way least{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
    for_each_kind(dimension, [&](std::size_t k) {
      const Way& way = ways_[static_cast<std::size_t>(dimension)][k];
      least = {std::min(least.busy, way.busy), std::min(least.steps, way.steps)};
    });
    return least;
  }
  [[nodiscard]] double own_bytes(const FabricDimension& dimension) const {
    if (!dimension.software.copies) return 0.0;
    return whole_buffer(npus_, collective_) / static_cast<double>(npus_) / own_speed;
  }

  std::span<const FreeDimension> network_;
  const Group& group_;
  const Collective& collective_;
  std::int64_t npus_;
  unsigned dimensions_ = 0;  // that the group spans, as bits
  std::array<std::array<Way, kind_count>, max_free_dimensions> ways_{};
  CollectiveCurve curve_;
};

// Phase by phase, as collective/traffic.h.
void CurveBuilder::walk() {
  static constexpr std::array<std::uint8_t, 16> ascending = {0, 1, 2,  3,  4,  5,  6,  7,
                                                             8, 9, 10, 11, 12, 13, 14, 15};
  double bytes = to_double(collective_.bytes);
  const std::span order = std::span(ascending).first(group_.dimensions.size());
  for_each_phase(collective_.kind, Composition::Hierarchical, order,
                 [&](CollectiveKind phase, std::uint8_t index) {
                   const GroupDimension& part = group_.dimensions[index];
                   const auto d = static_cast<std::size_t>(part.dimension);
                   dimensions_ |= 1U << d;
                   for_each_kind(part.dimension, [&](std::size_t k) {
                     const DimensionKind& kind = dimension_kinds()[k];
                     const PhasePrice price = phase_price(nullptr, kind, phase, part.npus);
                     const double share = own_share(kind, network_[d].npus, part, apart(part));
                     ways_[d][k].busy += bytes * price.busy / price.of / share;
                     ways_[d][k].steps += price.steps;
                   });
                   if (phase == CollectiveKind::ReduceScatter) bytes /= part.npus;
                   if (phase == CollectiveKind::AllGather) bytes *= part.npus;
                 });
}

void CurveBuilder::in_rings() {
  if (std::popcount(dimensions_) == 1) {
    one_dimension();
  } else {
    large();
  }
}

void CurveBuilder::large() {
  for (int d = 0; d < static_cast<int>(network_.size()); ++d) {
    if ((dimensions_ >> static_cast<unsigned>(d) & 1U) == 0) continue;
    const Way way = least(d);
    const FabricConstants& constants = fabric(d).constants;
    curve_.steps_ns += way.steps * constants.step_us * 1e3;
    curve_.add(d, (way.busy + own_bytes(fabric(d))) / constants.efficiency);
  }
}

// In one dimension a switch may reduce, and there is a protocol for small messages.
void CurveBuilder::one_dimension() {
  const int d = group_.dimensions.front().dimension;
  const FabricDimension& dimension = fabric(d);
  const double efficiency = dimension.constants.efficiency;
  const double bytes = whole_buffer(npus_, collective_);
  const auto n = static_cast<double>(npus_);
  const double low_latency = dimension.software.low_latency;
  const bool may_be_small = low_latency > 0.0 && bytes <= low_latency_bytes * (n - 1.0);
  const double own = own_bytes(dimension);
  bool any_small = false;
  bool any_large = false;
  double least_steps_ns = std::numeric_limits<double>::infinity();
  double least_small = std::numeric_limits<double>::infinity();
  double least_large = std::numeric_limits<double>::infinity();
  for_each_kind(d, [&](std::size_t k) {
    const Way& way = ways_[static_cast<std::size_t>(d)][k];
    const bool reduces = collective_.kind == CollectiveKind::AllReduce && dimension_kinds()[k].switched;
    const double gain =
        reduces ? std::max(1.0, dimension.software.in_switch * 2.0 * (n - 1.0) / (n + 1.0)) : 1.0;
    const double wire = way.busy / gain / efficiency;
    const double steps_ns = way.steps * dimension.constants.step_us * 1e3;
    const double large = wire + own / efficiency;
    const bool small =
        may_be_small && low_latency_steps * steps_ns + wire / low_latency / dimension.gb_per_s <
                            norm(steps_ns, large / dimension.gb_per_s);
    any_small = any_small || small;
    any_large = any_large || !small;
    least_steps_ns = std::min(least_steps_ns, steps_ns);
    if (small) least_small = std::min(least_small, wire / low_latency);
    if (!small) least_large = std::min(least_large, large);
  });
  if (!any_small) {
    curve_.steps_ns = least_steps_ns;
    curve_.add(d, least_large);
  } else if (!any_large) {
    curve_.latency_ns += low_latency_steps * least_steps_ns;
    curve_.add(d, least_small);
  } else {  // of one kind that, of another this: the norm is below a sum, and grows with both
    curve_.steps_ns = low_latency_steps * least_steps_ns;
    curve_.add(d, std::min(least_small, least_large));
  }
}

// Chunks of the size that is best at the bandwidth w_r that the library is tuned for: a ramp of
// 0.2 sqrt(step w_r) (1 + w / w_r), which is 0.4 sqrt(step w_r) there.
struct ChunkRamp {
  double extra_ns = 0.0;
  double of_wire = 0.0;
};
ChunkRamp chunk_ramp_of(const FabricDimension& dimension, double wire_bytes) {
  const double step_ns = dimension.constants.step_us * 1e3;
  const double tuned_ns = wire_bytes / dimension.gb_per_s;
  if (tuned_ns <= 0.0) return {};
  return {0.5 * chunk_ramp * std::sqrt(step_ns * tuned_ns), 0.5 * chunk_ramp * std::sqrt(step_ns / tuned_ns)};
}

void CurveBuilder::send() {
  curve_.latency_ns *= 0.5;
  const FabricDimension& last = fabric(group_.dimensions.back().dimension);
  const double gain = last.software.copies ? 1.0 : std::max(1.0, send_speed / last.constants.efficiency);
  for (int d = 0; d < static_cast<int>(network_.size()); ++d) {
    if ((dimensions_ >> static_cast<unsigned>(d) & 1U) == 0) continue;
    const double wire = least(d).busy / gain / fabric(d).constants.efficiency;
    const ChunkRamp ramp = chunk_ramp_of(fabric(d), wire);
    curve_.add(d, wire * (1.0 + ramp.of_wire), ramp.extra_ns);
  }
}

void CurveBuilder::all_to_all() {
  for (int d = 0; d < static_cast<int>(network_.size()); ++d) {
    if ((dimensions_ >> static_cast<unsigned>(d) & 1U) == 0) continue;
    const FabricDimension& dimension = fabric(d);
    const double wire = least(d).busy / dimension.constants.efficiency;
    const ChunkRamp ramp = chunk_ramp_of(dimension, wire);
    if (!dimension.software.copies) {
      curve_.add(d, wire * (1.0 + ramp.of_wire), ramp.extra_ns);
      continue;
    }
    curve_.add(d, wire * (1.0 / all_to_all_speed + ramp.of_wire), ramp.extra_ns);
    curve_.add(d, wire * ramp.of_wire, ramp.extra_ns + whole_buffer(npus_, collective_) / copying_gb_per_s);
  }
}

}  // namespace

PathTime& PathTime::operator+=(const PathTime& other) {
  ns += other.ns;
  for (std::size_t d = 0; d < bytes.size(); ++d) bytes[d] += other.bytes[d];
  return *this;
}

void PathTime::add(double times, const PathTime& other) {
  ns += times * other.ns;
  for (std::size_t d = 0; d < bytes.size(); ++d) bytes[d] += times * other.bytes[d];
}

PathTime PathTime::times(double share) const {
  PathTime part;
  part.add(share, *this);
  return part;
}

double PathTime::constant_ns(std::span<const double> gb_per_s) const {
  double constant = ns;
  for (std::size_t d = 0; d < gb_per_s.size(); ++d) {
    if (bytes[d] > 0.0) constant -= bytes[d] / gb_per_s[d];
  }
  return std::max(0.0, constant);
}

void CollectiveCurve::add(int dimension, double bytes, double extra_ns) {
  parts[count++] = {dimension, bytes, extra_ns};
}

// Of the slowest part, with its tangent: N' = sqrt(x / N) in x.
PathTime CollectiveCurve::at(std::span<const double> gb_per_s) const {
  PathTime time{.ns = latency_ns};
  double slowest = -1.0;
  double wire_ns = 0.0;
  const Part* binding = nullptr;
  for (const Part& part : std::span(parts).first(count)) {
    const double ns = part.bytes / gb_per_s[static_cast<std::size_t>(part.dimension)];
    const double all = part.extra_ns + ns;  // f is the same in each, and parts with extras have none
    if (all > slowest) {
      slowest = all;
      wire_ns = ns;
      binding = &part;
    }
  }
  if (binding == nullptr) return time;
  if (steps_ns <= 0.0) {
    time.ns += slowest;
    time.bytes[static_cast<std::size_t>(binding->dimension)] = binding->bytes;
    return time;
  }
  const double both = norm(steps_ns, wire_ns);
  time.ns += binding->extra_ns + both;
  time.bytes[static_cast<std::size_t>(binding->dimension)] =
      both > 0.0 ? std::sqrt(wire_ns / both) * binding->bytes : 0.0;
  return time;
}

CollectiveCurve collective_curve(std::span<const FreeDimension> network, const Group& group,
                                 const Collective& collective) {
  if (collective.bytes <= Bytes(0) || group.dimensions.empty()) return {};
  return CurveBuilder(network, group, collective).build();
}

CollectiveCurve aggregate_curve(std::span<const FabricDimension> classes, std::int64_t npus,
                                const Collective& collective) {
  CollectiveCurve curve;
  if (collective.bytes <= Bytes(0) || npus <= 1) return curve;
  const auto n = static_cast<double>(npus);
  double latency_us = std::numeric_limits<double>::infinity();
  double speed = 0.0;  // at most, of the total bandwidth
  for (const FabricDimension& each : classes) {
    const double efficiency = each.constants.efficiency;
    double gain = 1.0;
    if (collective.kind == CollectiveKind::AllReduce) {
      gain = std::max(1.0, each.software.in_switch * 2.0 * (n - 1.0) / (n + 1.0));
    } else if (collective.kind == CollectiveKind::PointToPoint) {
      // By the outermost class of its group, over any of them.
      for (const FabricDimension& outer : classes) {
        gain = std::max(gain, send_speed / outer.constants.efficiency);
      }
    }
    latency_us = std::min(latency_us, each.constants.latency_us);
    speed = std::max(speed, efficiency * gain);
  }
  const double whole = to_double(collective.bytes);
  double bytes = whole * (n - 1.0) / n;
  if (collective.kind == CollectiveKind::AllReduce) bytes *= 2.0;
  if (collective.kind == CollectiveKind::AllGather) bytes = whole * (n - 1.0);
  if (collective.kind == CollectiveKind::PointToPoint) bytes = whole;
  curve.latency_ns = latency_us * 1e3 * (collective.kind == CollectiveKind::PointToPoint ? 0.5 : 1.0);
  curve.add(0, bytes / speed);
  return curve;
}

}  // namespace bandwright
