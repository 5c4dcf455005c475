#pragma once
#include <span>
#include <vector>

#include "simulator/closed_form/reduced_step.h"

namespace bandwright {

// The longest path through a step whose nodes take `ns`, once each: without writing repetition out, rounds of
// a block are played until they repeat, and the others counted (simulator/closed_form/repetition.h). Cost:
// O(nodes x rounds until they repeat), 1 round for blocks that end together, 2 or 3 for most others, whatever
// the counts.

// When the step ends.
double longest_path_ns(const ReducedStep& step, std::span<const double> ns);

// How often each node lies on the longest path.
std::vector<double> critical_counts(const ReducedStep& step, std::span<const double> ns);

}  // namespace bandwright
