#pragma once
#include <functional>
#include <vector>

#include "plan/proof.h"

namespace bandwright {

// A space once more, in plain nested loops that ask validate() about everything: what plan/division_space.h
// must agree with. For the check of proofs.

// Whether a division can be run, and its groups laid over the network.
bool runs(const TransformerArchitecture& model, const Network& network, const Parallelism& p);

// Every NPU count with every TP, CP, PP and EP that can be run whatever the batch.
std::vector<ClosedSubtree> subtrees_in_loops(const DivisionSpace& space);

// Every division of a subtree.
void for_each_in_loops(const DivisionSpace& space, const ClosedSubtree& line, const Network& network,
                       const std::function<void(const Parallelism&)>& visit);

}  // namespace bandwright
