#pragma once
#include <vector>

#include "collective/collective.h"
#include "collective/library.h"
#include "topology/group.h"

namespace bandwright {

// What one NPU does on one dimension of the network in a collective.
struct Traffic {
  int dimension = 0;   // of the network
  double bytes = 0.0;  // sent, on average over the NPUs
  double busy = 0.0;   // bytes that take as long as it does at the NPU's whole bandwidth
  double share = 1.0;  // of the dimension's bandwidth, that the group can use
  [[nodiscard]] double load() const { return busy / share; }
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

// The price of a collective: what its plan (collective/schedule.h), its phases in ascending order by the
// algorithms in use, takes on each dimension of the group where only bandwidth takes time. It is what the
// closed form, the optimizer and the estimates see; the event-driven engine plays the same plan in chunks.
//
//   natural algorithms               dimension i of n_i NPUs, m_i = n_0 .. n_{i-1}
//   all-reduce of S                  2 S/m_i (n_i - 1)/n_i; reduce-scatter: half of that
//   all-gather of shards of s        s (n_i - 1) n_{i+1} n_{i+2} ...
//   all-to-all of S                  S (n_i - 1)/n_i;  on a ring, which passes all on, S (n_i - 1)/2
//   broadcast, reduce of S           2 S (n_i - 1)/n_i: a scatter and an all-gather;  on a ring, a chain of
//                                    4 n_i segments, S (5 n_i - 2)/(4 n_i)
//   point-to-point of S              S;  fully connected, on one of n_i - 1 links: S (n_i - 1)
//
// Sources: Rashidi et al., "Themis" (ISCA 2022), section 2; the LIBRA paper (ISPASS 2024), section IV.
std::vector<Traffic> collective_traffic(const Collective& collective, const Group& group,
                                        const Network& network, const Library& library = {});

}  // namespace bandwright
