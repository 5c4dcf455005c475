#pragma once
#include <string>
#include <vector>

#include "simulator/scenario.h"

namespace bandwright {

// A dimension of a grid on which messages of these groups pass through other NPUs, so that their links carry
// messages of several groups, or several of one, at the same time: interleaved groups on a ring, say, or
// halving-doubling there. Ports, one for each NPU, do not know of it.
struct SharedLinks {
  int dimension = 0;
  std::vector<std::string> groups;
};

// By dimension; without those where nothing is shared. From groups and patterns alone: time
// O(collectives x NPUs of a line).
std::vector<SharedLinks> shared_links(const Scenario& scenario);

// A dimension with one link into an NPU, on which more messages of a round come to an NPU than it sends in
// it, in collectives of these groups: those of two children to their parent in a tree. They share that link;
// ports count only what is sent.
std::vector<SharedLinks> shared_links_in(const Scenario& scenario);

}  // namespace bandwright
