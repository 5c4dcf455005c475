#pragma once
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// Racks of NPUs on one switch inside (an NVL72, say), joined to one another by NICs that some NPUs share.
//
//            scale-out switch
//             |           |
//            NIC         NIC       `npus_per_nic` NPUs share its `bandwidth`
//           /   \       /   \      (an NPU reaches it at no less)
//         npu   npu   npu   npu
//          \_____\_____/_____/
//             rack's switch        `inside`: an NPU's bandwidth into it
//
// NICs of all racks meet in one switch that blocks nothing.
NetworkGraph build_rack(BuilderArguments& arguments);

}  // namespace bandwright
