#pragma once
#include <string>
#include <vector>

#include "plan/proof.h"

namespace bandwright {

// Checks that answer and proof: lists the space by itself, prices memory, bounds and steps of each division
// without anything that is shared, and walks the steps listed operation by operation. Returns the first
// fault,
// "" where there is none. Step times may differ by rounding, 1e-12.
//
// Of the search it uses nothing but the types; it trusts what the model is: bills, kernel prices, collectives
// and the schedule of a step (training/).
std::string fault_of(const DivisionSpace& space, const DivisionSearch& search, const RankedDivisions& found,
                     const std::vector<ClosedSubtree>& proof);

// Of a front: the best division of each NPU count, and which of them no other beats, in step time and in the
// objective (of step time: in NPUs).
struct ListedFront {
  std::vector<RankedDivision> of_counts;
  std::vector<bool> on_front;  // of each
  DivisionCounts counts;
};
std::string fault_of_front(const DivisionSpace& space, const DivisionSearch& search, const ListedFront& front,
                           const std::vector<ClosedSubtree>& proof);

}  // namespace bandwright
