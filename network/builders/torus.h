#pragma once
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// NPUs in a grid, each joined to its neighbours in every direction by a link of `bandwidth` each way; around
// the ends on a torus. Ids are positions in mixed radix, the first extent fastest. Along an extent of 2 a
// torus has one link, as a mesh.
//
//   .-> 0 <--> 1 <--> 2 <-.
//   |   |      |      |   |       Torus(3x2)
//   '-- | ---- | ---- | --'
//   .-> 3 <--> 4 <--> 5 <-.
//   '---------------------'
NetworkGraph build_torus(BuilderArguments& arguments);
NetworkGraph build_mesh(BuilderArguments& arguments);

}  // namespace bandwright
