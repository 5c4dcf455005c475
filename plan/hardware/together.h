#pragma once
#include <functional>
#include <span>
#include <vector>

#include "plan/hardware/hardware_space.h"
#include "plan/hardware/path_bound.h"
#include "training/collective_constants.h"

namespace bandwright {

// All that can be bought of any network of a space, as if it were one dimension: what bounds of a division
// whatever the network are made of.
struct Together {
  std::vector<FabricDimension> classes;
  double copying = copying_processors;  // at least, of any network
  double most_gb_per_s = 0.0;           // of all dimensions of a network together
  // What so many GB/s cost at least, the cheapest class first, each up to its most.
  struct Tier {
    double usd = 0.0;  // of a GB/s
    double gb_per_s = 0.0;
  };
  std::vector<Tier> tiers;

  [[nodiscard]] double least_usd(double gb_per_s) const;
};
Together all_together(const HardwareSpace& space);

// A lower bound of the goal where T >= constant + bytes / all bandwidth together, and the bandwidth that
// meets it.
struct LeastTogether {
  double value = 0.0;
  double gb_per_s = 0.0;
};
LeastTogether least_together(const FreeGoal& goal, const Together& together, double constant_ns,
                             double bytes);

// The same of a division, from a few of its paths (FreeStep::take_together), and the last of these.
struct BoundWhatever {
  double value = 0.0;
  AxisPath path;
};
BoundWhatever bound_whatever(const FreeGoal& goal, const Together& together,
                             const std::function<PathTime(std::span<const double>)>& time);

// One NPU after the other, in which any groups fit.
Network flat_network(std::int64_t npus);

}  // namespace bandwright
