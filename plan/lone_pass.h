#pragma once
#include <span>

#include "step/step.h"

namespace bandwright {

// A pass of a training step that is timed alone.
struct LonePass {
  double ns = 0.0;
  bool apart =
      true;  // all streams are behind the compute stream at the end, so that what follows is the same
};

// Whether a step's last operation holds the compute stream and comes after all others: what follows on the
// compute stream then comes after them, too.
bool ends_together(const Step& step);

// The longest path through a step without blocks; one with blocks is not apart. `efficiency`: what
// collectives reach of the bandwidth of each dimension.
LonePass timed_alone(const Step& step, const Network& network, std::span<const double> gb_per_s,
                     std::span<const double> efficiency);

}  // namespace bandwright
