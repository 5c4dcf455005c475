#pragma once
#include <limits>

#include "optimizer/search.h"

namespace bandwright {

// minimise T(x) C(x) over a part of the region, C(x) = fixed_cost + price . x; the method is described in
// cutting_plane.h.
struct ProductGoal {
  double gap = 1e-6;          // relative, to be certified
  double polish_gap = 1e-10;  // of the intervals around the best
  int max_levels = 1000;
  double enough = std::numeric_limits<double>::infinity();  // a bound this high ends the search
  bool ask = true;                                          // otherwise T is what the model knows of it
  bool report = false;                                      // a row of the trace per level
};

// Value and bound are in ns * $, and there are no multipliers.
Optimum minimize_product(Search& search, const Region& region, const Face& face, const ProductGoal& goal);

}  // namespace bandwright
