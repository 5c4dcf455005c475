#pragma once
#include <span>
#include <string>
#include <vector>

#include "scaling/series.h"

namespace bandwright {

// A speedup that grew this much more than the workers did is more than rounding and luck.
constexpr double super_linear = 1.10;

// What of a series one law can describe. No law here lets a worker become faster because there are more of
// them, so a point more than 10 % above linear (measured from the smallest worker count) shows something
// else: other threads, another build, a cache that suddenly holds the data. Such points are left out and
// said. When all points from one count on are of that kind, the series has changed its regime there.
struct Screening {
  std::vector<ScalingPoint> used;
  std::vector<ScalingPoint> left_out;
  std::vector<std::string> warnings;  // one sentence each
};

Screening screen(std::span<const ScalingPoint> points);

// A series may also fall into a slower regime (the first count that leaves one node). Reported when two laws,
// before and after, describe the series better than the best single one by more than 10 in AICc; that takes
// at least four points on each side. "" when there is none.
std::string describe_break(std::span<const ScalingPoint> points, ScalingMode mode);

}  // namespace bandwright
