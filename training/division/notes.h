#pragma once
#include <string>
#include <vector>

#include "training/training_step.h"

namespace bandwright {

// What to know before an estimate is believed, a line each: layers that are dealt unevenly, experts,
// constants that were not fitted on measured training steps.
std::vector<std::string> notes(const TrainingJob& job);

}  // namespace bandwright
