#pragma once
#include <random>
#include <vector>

#include "optimizer/problem.h"

namespace bandwright {

// A step time that is the maximum of cuts known to the test.
struct KnownCuts {
  std::vector<Cut> cuts;

  [[nodiscard]] double at(std::span<const double> b) const;
  [[nodiscard]] Oracle oracle() const;  // REQUIRES: *this outlives it
};

// 3 to 12 cuts with loads on single dimensions and on sets, in ns and bytes of realistic size.
KnownCuts random_cuts(int dimensions, std::mt19937& random);
// A budget of 100..1000 GB/s and some of: caps, floors, orderings, sums; all kept by the equal split.
std::vector<Constraint> random_constraints(int dimensions, std::mt19937& random);

bool feasible(const Problem& problem, std::span<const double> b, double tolerance);
// A random allocation within the constraints of random_constraints.
std::vector<double> random_allocation(const Problem& problem, std::mt19937& random);

}  // namespace bandwright
