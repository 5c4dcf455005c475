#pragma once
#include <vector>

#include "tests/optimizer/random_problems.h"

namespace bandwright {

// The same problem given to Ipopt as a nonlinear program with the known cuts as its constraints:
//   minimise tau (Perf) or tau C(b) (PerfPerCost)  subject to  cut_i(b) <= tau, the problem's constraints,
// from the equal split and `starts` - 1 random allocations. The best allocation found, repaired to b > 0; its
// constraints hold to about 1e-8 relative.
struct IpoptAnswer {
  std::vector<double> gb_per_s;
  double objective = 0.0;
};

IpoptAnswer solve_by_ipopt(const Problem& problem, const KnownCuts& known, int starts, std::mt19937& random);

}  // namespace bandwright
