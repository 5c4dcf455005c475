#pragma once
#include <span>
#include <stop_token>
#include <vector>

#include "experiment/specification.h"
#include "experiment/store.h"

namespace bandwright {

// The results of points that share one allocation (equal allocation keys), in their order: divides the budget
// once, then simulates each point. A function of its points alone: runs on any thread or machine.
// Throws InputError. When `stop` is requested the answer may be empty.
std::vector<Result> evaluate(std::span<const Point* const> points, const std::stop_token& stop = {});

}  // namespace bandwright
