#pragma once
#include <string>

#include "cli/output.h"
#include "study/estimate.h"

namespace bandwright {

std::string estimate_text(const TransformerEstimate& answer);
std::string estimate_json(const TransformerEstimate& answer);
std::string estimate_text(const UndividedEstimate& answer);
std::string estimate_json(const UndividedEstimate& answer);
TextTable breakdown_table(const std::vector<BreakdownLine>& breakdown, double step_ns);

}  // namespace bandwright
