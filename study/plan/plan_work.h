#pragma once
#include <string>

#include "study/plan/hardware_plan.h"
#include "study/plan/plan.h"

namespace bandwright {

// What is asked, wholly: the words, and the content of all that they name. Two that differ may have different
// answers; for what is kept of a plan's work (runner/checkpoint.h). Throws InputError.
std::string work_of(const PlanQuestion& question);
std::string work_of(const HardwareQuestion& question);

}  // namespace bandwright
