#pragma once
#include <compare>

#include "plan/division_search.h"

namespace bandwright {

// By what divisions are ranked: the first number, then the step time, in whole picoseconds.
struct Merit {
  double first = 0.0;
  double step_ps = 0.0;
  friend auto operator<=>(const Merit&, const Merit&) = default;
};

// Of a step of whole picoseconds on a number of NPUs with that weight.
Merit merit_of(PlanObjective objective, double weight, double step_ps);
// Nothing with that lower bound of its step ranks before it.
Merit bound_merit(PlanObjective objective, double weight, double bound_ns);
// Of the last one listed; infinite where fewer are than were wanted.
Merit last_merit(const DivisionSpace& space, const DivisionSearch& search, const RankedDivisions& found);

}  // namespace bandwright
