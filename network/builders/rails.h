#pragma once
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// Machines of g NPUs on a switch inside, each NPU with a NIC of its own on the leaf of its rail: the n-th
// NPUs of all machines that share leaves. Spines join all leaves, so that any NPU reaches any other.
//
//            spine   spine
//             |  \   /  |
//          leaf 0     leaf 1        rails 0 and 1
//           |   \    /   |
//     .-- npu 0  npu 1   .-- npu 2  npu 3
//     |     |      |     |     |      |
//     '---- switch '     '---- switch '
//
// `inside` is an NPU's bandwidth into its machine's switch. With `pxn` a message to another rail goes to the
// neighbour on that rail first and out through its NIC (NCCL's PXN); without, over a spine. A rail of more
// than `machines_per_leaf` machines has several leaves. `oversubscription` is that of leaves.
NetworkGraph build_rail_optimised(BuilderArguments& arguments);

// One leaf for each rail and no spines: NPUs of other rails are reached through a neighbour. Source: Wang et
// al., "Rail-only" (Hot Interconnects 2024).
NetworkGraph build_rail_only(BuilderArguments& arguments);

}  // namespace bandwright
