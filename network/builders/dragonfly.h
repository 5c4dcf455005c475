#pragma once
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// Groups of a routers with p NPUs and h global links each. In a group every two routers are joined; the a h
// global links of a group lead to the other groups in turn, the j-th of group i to group i + 1 + j (around
// the end), as often as all pairs of groups can have.
//
//   group 0   r -- r        router r: p NPUs, a - 1 links in its group, h links to other groups
//              \  / \ .
//               r    '--- global ---  group 1
//
// `local` and `global` are bandwidths of those links, an NPU's where they are not given. Source: Kim, Dally,
// Scott and Abts, "Technology-driven, highly-scalable dragonfly topology" (ISCA 2008).
NetworkGraph build_dragonfly(BuilderArguments& arguments);

}  // namespace bandwright
