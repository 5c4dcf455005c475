#include "formats/trace_groups.h"

#include <algorithm>
#include <cstdlib>

namespace bandwright {
namespace {

struct Hop {  // of a message on one dimension
  int dimension = 0;
  std::int64_t stride = 1;  // of the dimension, in ids
  int from = 0;
  int to = 0;
};

// The dimensions in which two NPUs differ, innermost first.
std::vector<Hop> hops_between(const Network& network, int from, int to) {
  std::vector<Hop> hops;
  std::int64_t stride = 1;
  for (int d = 0; d < network.size(); ++d) {
    const int npus = network.dimensions[static_cast<std::size_t>(d)].npus;
    const Hop hop{d, stride, static_cast<int>(from / stride % npus), static_cast<int>(to / stride % npus)};
    if (hop.from != hop.to) hops.push_back(hop);
    stride *= npus;
  }
  return hops;
}

}  // namespace

Group ring_of(const Network& network, std::string name, const std::vector<int>& members, Crossing crossing) {
  GroupDimension ring{.dimension = -1, .npus = static_cast<int>(members.size()), .stride = 1};
  int most_hops = 0;
  for (std::size_t i = 1; i < members.size(); ++i) {
    const std::vector<Hop> all = hops_between(network, members[i - 1], members[i]);
    const Hop& hop = crossing == Crossing::Innermost ? all.front() : all.back();
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
