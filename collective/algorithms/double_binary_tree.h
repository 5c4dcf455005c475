#pragma once
#include "collective/algorithm.h"

namespace bandwright {

// Data goes up a binary tree to its root, reduced on the way, and down again: 2 log2 n messages deep, each of
// the whole chunk. Even chunks use one tree and odd ones its mirror image, in which the leaves of the first
// are inner nodes. Serves any size, but only all-reduce, broadcast and reduce.
//
//           0                     The NPUs 1 .. n-1 form a tree by order, each subtree's root in the middle
//           |                     of its interval; 0 is the parent of the whole.
//           4
//       2       6
//     1   3   5   7
//
// Source: Sanders, Speck and Traff, "Two-tree algorithms for full bandwidth broadcast, reduction and scan"
// (Parallel Computing 2009).
CollectiveAlgorithm double_binary_tree_algorithm();

}  // namespace bandwright
