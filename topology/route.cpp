#include "topology/route.h"

#include <cassert>

namespace bandwright {

std::vector<Hop> hops_between(const Network& network, std::int64_t from, std::int64_t to) {
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

Hop deciding_hop(const Network& network, std::int64_t from, std::int64_t to, Crossing crossing) {
  assert(from != to);
  Hop deciding;
  std::int64_t stride = 1;
  for (int d = 0; d < network.size(); ++d) {
    const int npus = network.dimensions[static_cast<std::size_t>(d)].npus;
    const Hop hop{d, stride, static_cast<int>(from / stride % npus), static_cast<int>(to / stride % npus)};
    stride *= npus;
    if (hop.from == hop.to) continue;
    deciding = hop;
    if (crossing == Crossing::Innermost) break;
  }
  return deciding;
}

}  // namespace bandwright
