#include "formats/chakra/trace_groups.h"

#include <algorithm>
#include <cstdlib>

namespace bandwright {
Group ring_of(const Network& network, std::string name, const std::vector<int>& members, Crossing crossing) {
  GroupDimension ring{.dimension = -1, .npus = static_cast<int>(members.size()), .stride = 1};
  int most_hops = 0;
  for (std::size_t i = 1; i < members.size(); ++i) {
    const Hop hop = deciding_hop(network, members[i - 1], members[i], crossing);
    if (hop.dimension < ring.dimension) continue;
    const Dimension& dimension = network.dimensions[static_cast<std::size_t>(hop.dimension)];
    const int hops = dimension.kind->hops(dimension.npus, hop.from, hop.to);
    most_hops = hop.dimension == ring.dimension ? std::max(most_hops, hops) : hops;
    ring.dimension = hop.dimension;
    // Through a switch every two positions are equally far: neighbours may be taken as side by side.
    ring.stride = dimension.kind->switched ? hop.stride : most_hops * hop.stride;
  }
  if (ring.dimension < 0) return {std::move(name), {}};
  return {std::move(name), {ring}};
}

Group pair_of(const Network& network, int from, int to, Crossing crossing) {
  Group group{.name = "point-to-point"};
  for (const Hop& hop : hops_between(network, from, to)) {
    group.dimensions.push_back({hop.dimension, 2, std::abs(hop.to - hop.from) * hop.stride});
    if (crossing == Crossing::Innermost) break;
  }
  return group;
}

}  // namespace bandwright
