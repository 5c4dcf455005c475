#pragma once
#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// Leaves of so many NPUs each, joined to every spine. With NPUs of bandwidth b and an oversubscription of k,
// the d NPUs of a leaf share d b / k of links up, an equal part to each spine.
//
//   spine    spine        LeafSpine(2 x 4, oversubscription 2): 2 b up, one b to each of two spines
//     |  \  /  |
//   leaf      leaf        spines 1: both cables in one trunk of 2 b
//   n n n n   n n n n
//
// Without a number of spines, as many as make their links those of an NPU; at least one.
NetworkGraph build_leaf_spine(BuilderArguments& arguments);

}  // namespace bandwright
