#pragma once
#include "network/graph_file.h"

namespace bandwright {

// A network written out as a file of nodes and links: NPUs, the others by kind and level under names of their
// own (switches level1[0], level1[1] ... of level 1, ports port1[0] ...), and links in the graph's order,
// those that follow each other evenly as slices. Reading it gives the same network, its links in the same
// order, so that the same messages take the same ways.
GraphFile written_graph(const NetworkGraph& graph);

}  // namespace bandwright
