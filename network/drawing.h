#pragma once
#include <string>

#include "network/graph.h"

namespace bandwright {

// A picture of a network as SVG: NPUs at the bottom and each level of switches above the one before, every
// node at its place along its level; without switches, NPUs on the grid of their ids. Links are
// lines, those within a level arcs, those around the ends of a grid short stubs, and failed ones dashed.
std::string drawing_of(const NetworkGraph& graph);

}  // namespace bandwright
