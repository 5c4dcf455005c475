#pragma once
#include <cstdint>
#include <vector>

#include "network/distances.h"

namespace bandwright {

// Links of equal capacity that carry equal parts of every message when each is spread evenly over all exits
// that lead nearer: they fill up together, so flows share them as one link with the capacity of all.
//
//   leaf --.-- spine      A message from leaf to leaf takes half of either way: the two links up are one
//   bundle,
//           '- spine      and so are the two down to the other leaf.
struct Bundles {
  std::uint32_t count = 0;
  std::vector<std::uint32_t> of_link;  // empty: no spraying
  [[nodiscard]] bool empty() const { return of_link.empty(); }
};

// Found by sending a random number from every NPU to every place NPUs are attached to, divided at each node
// among the exits (in a prime field, so that equal parts are exactly equal): links with equal sums are alike.
Bundles find_bundles(const NetworkGraph& graph, Distances& distances);

// The part of a message that each link carries, from a node to a target.
struct SprayedPart {
  LinkId link;
  double share;
};
std::vector<SprayedPart> sprayed_parts(Distances& distances, NodeId from, NodeId target);

}  // namespace bandwright
