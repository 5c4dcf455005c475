#pragma once
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// Switches in a grid with `npus` NPUs each; every two that differ in one position only are joined (a full
// mesh along each line).
//
//   s --- s --- s      HyperX(3x2): links along lines of three and of two
//   | \___|_____/|
//   s --- s --- s
//
// `between` is the bandwidth of a link between switches, an NPU's where it is not given. Source: Ahn et al.,
// "HyperX: topology, routing, and packaging of efficient large-scale networks" (SC 2009).
NetworkGraph build_hyperx(BuilderArguments& arguments);

}  // namespace bandwright
