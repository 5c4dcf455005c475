#pragma once
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// Switches of k ports in two or three levels. A leaf has d NPUs and u = k - d links up, d / u the
// oversubscription; a switch of the middle level has as many links up as down. Between two levels there are
// as many links from one switch to another as fit.
//
//            core   core   core   core          levels 3: pods of k/2 leaves, each with u middle switches
//             |  \ /  |     |  \ /  |
//   pod 0   middle middle  middle middle        levels 2: the middle switches are the spines of all leaves
//             |  X  |         |  X  |
//           leaf   leaf     leaf   leaf
//           n n    n n      n n    n n
//
// All links have an NPU's bandwidth. Two levels where they are enough, else three. Source: Leiserson,
// "Fat-trees" (IEEE Trans. Computers 1985); Al-Fares, Loukissas and Vahdat (SIGCOMM 2008).
NetworkGraph build_fat_tree(BuilderArguments& arguments);

}  // namespace bandwright
