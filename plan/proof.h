#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plan/division_search.h"

namespace bandwright {

// What became of all valid divisions with the same NPU count, TP, CP, PP and EP. What neither fits nor is
// above its bound was evaluated.
struct ClosedSubtree {
  std::int64_t npus = 0;
  GroupSizes sizes;
  std::int64_t valid = 0;
  std::int64_t do_not_fit = 0;
  std::int64_t above_bound = 0;  // their bound is above the last one listed
  std::int64_t evaluated = 0;
  std::optional<double> least_bound_ns;  // of those above
  std::optional<double> least_step_ns;   // of those evaluated
};

// Why nothing better than the divisions of an answer is left: each subtree of the space, in its order. The
// same bytes for any number of threads and ranks, as it is written against the final answer; of ranks, at the
// first.
std::vector<ClosedSubtree> prove(const DivisionSpace& space, const DivisionSearch& search,
                                 const RankedDivisions& found);

}  // namespace bandwright
