#pragma once
#include "memory/placement.h"

namespace bandwright {

// The policies that are mixed-integer programs (memory/programs/formulation.h). Each begins with the solution
// of the one before, so that synchronous is never slower than static and asynchronous never slower than
// synchronous, wherever the search ends. Then addresses are assigned; where fragments overflow the limit, the
// limits of the kernels around them are tightened and the program is solved again, as in AutoTM.
PlacementSummary static_program(const PlacementProblem& problem, const PlacementOptions& options);
PlacementSummary synchronous_program(const PlacementProblem& problem, const PlacementOptions& options);
PlacementSummary asynchronous_program(const PlacementProblem& problem, const PlacementOptions& options);

}  // namespace bandwright
