#pragma once
#include <vector>

#include "report/document.h"
#include "study/plan/plan_map.h"

namespace bandwright {

// What of a division is weighed against its step time, in the objective's unit; of a lone step time the NPUs.
double weighed(PlanObjective objective, const PlannedDivision& division);

// What plots/plan.py draws: a row for each cell of the map, and one for each division of a front.
Document plan_picture(const PlanAnswer& answer, const std::vector<PlanCell>& map);

}  // namespace bandwright
