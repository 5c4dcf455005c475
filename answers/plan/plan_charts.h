#pragma once
#include <vector>

#include "report/chart.h"
#include "study/plan/hardware_plan.h"
#include "study/plan/plan_map.h"

namespace bandwright {

// The listed divisions by rank: how long a step takes, and how much of it nobody computes. REQUIRES some.
Chart ranking_chart(const PlanAnswer& answer);
Chart ranking_chart(const HardwareAnswer& answer);

// The best step for each TP and PP; an empty cell cannot be divided so, or fits no memory. REQUIRES cells.
Chart map_chart(const PlanAnswer& answer, const std::vector<PlanCell>& map);

// Step time against what is weighed with it (plan_picture.h), of a front; nothing is below its stairs.
Chart front_chart(const PlanAnswer& answer);

// Bandwidth bought for each dimension of the best networks.
Chart bought_chart(const HardwareAnswer& answer);

}  // namespace bandwright
