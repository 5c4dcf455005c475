#pragma once
#include <span>
#include <vector>

#include "simulator/mark_paths.h"

namespace bandwright {

// Splits the time a step program takes among its steps, as the compute stream sees it: each moment goes to
// the step that holds the compute mark. In a gap, where the stream waits for other marks, it goes to the step
// issued first of those that run then and are waited for (simulator/exposure.h has the picture); what runs
// beside compute is hidden. The sum over all steps is the step time. `ns` are the durations of the steps.
//
// A repeated block is played until its rounds repeat, as in play_marks(), and the others counted.
std::vector<double> exposed_ns(std::span<const MarkStep> steps, std::span<const double> ns);

}  // namespace bandwright
