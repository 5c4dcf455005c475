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

}  // namespace bandwright
