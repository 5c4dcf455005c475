#include "plan/hardware/path_bound.h"

#include <algorithm>

#include "plan/hardware/shape_bound.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

constexpr std::array axes_of_path = {Axes::Tensor, Axes::Context, Axes::Data, Axes::Pipeline};

// How much slower than the fastest class that bounds of all dimensions together are made of: by efficiency,
// which switches that reduce make up for at most.
double slowness(const FreeHardware& hardware, std::size_t hardware_class, double n) {
  double fastest = 0.0;
  double fastest_reducing = 0.0;
  const auto reducing = [&](const FabricDimension& links) {
    return links.constants.efficiency * std::max(1.0, links.software.in_switch * 2.0 * (n - 1.0) / (n + 1.0));
  };
  for (const HardwareClass& each : hardware.classes) {
    fastest = std::max(fastest, each.links.constants.efficiency);
    fastest_reducing = std::max(fastest_reducing, reducing(each.links));
  }
  const FabricDimension& own = hardware.classes[hardware_class].links;
  return std::min(fastest / own.constants.efficiency, fastest_reducing / reducing(own));
}

}  // namespace

AxisShares axis_shares(const FreeHardware& hardware, const ShapeFamily& family,
                       const std::vector<Group>& groups) {
  AxisShares shares{};
  for (std::size_t a = 0; a < path_axes; ++a) {
    const Group& group = groups[static_cast<std::size_t>(axes_of_path[a])];
    const auto n = static_cast<double>(group.npus());
    double inside = 1.0;  // NPUs of the parts before
    for (const GroupDimension& part : group.dimensions) {
      const auto d = static_cast<std::size_t>(part.dimension);
      if (axes_of_path[a] == Axes::Pipeline) {
        shares[a][d] = 1.0;  // a send crosses each
        continue;
      }
      const double share = (part.npus - 1.0) / part.npus / inside / ((n - 1.0) / n);
      shares[a][d] += share * slowness(hardware, family.classes[d], n);
      inside *= part.npus;
    }
  }
  return shares;
}

PathTime time_of(const AxisPath& path, const AxisShares& shares, const FreeBandwidths& at, int dimensions) {
  PathTime time{.ns = path.constant_ns};
  for (std::size_t a = 0; a < path_axes; ++a) {
    if (path.bytes[a] <= 0.0) continue;
    double slowest = 0.0;
    std::size_t binding = 0;
    for (std::size_t d = 0; d < static_cast<std::size_t>(dimensions); ++d) {
      const double ns = path.bytes[a] * shares[a][d] / at[d];
      if (ns > slowest) {
        slowest = ns;
        binding = d;
      }
    }
    time.ns += slowest;
    time.bytes[binding] += path.bytes[a] * shares[a][binding];
  }
  return time;
}

bool path_above(const AxisPath& path, const AxisShares& shares, const FreeRegion& region, double limit,
                FreeBandwidths& at) {
  constexpr int most = 5;
  CutBound cuts(region);
  for (int k = 0; k < most; ++k) {
    const PathTime time = time_of(path, shares, at, region.dimensions);
    if (region.value(time.ns, at) <= limit) return false;  // the least is no higher than there
    cuts.add(time, at);
    at = cuts.gb_per_s();
    if (above(cuts.value(), limit)) return true;
  }
  return false;
}

}  // namespace bandwright
