#pragma once
#include <span>
#include <vector>

#include "simulator/closed_form/reduced_step.h"

namespace bandwright {

// Splits the time a step takes among its nodes: what each takes in all as the compute stream sees it.
// A moment goes to the operation that holds the
// stream. In a gap, where the stream waits, it goes to the operation issued first of those that run then and
// are waited for (simulator/closed_form/exposure.h has the picture), to the host where it alone runs; what
// runs beside compute is hidden. The sum over all nodes is the step time.
std::vector<double> exposed_ns(const ReducedStep& step, std::span<const double> ns);

}  // namespace bandwright
