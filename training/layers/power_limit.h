#pragma once
#include <span>

#include "training/layers/layer_cost.h"

namespace bandwright {

// How fast matrix units run under the NPU's power limit, in their speed of a short run, where a layer takes
// `hot_ns` of their time in a short run and `cold_ns` of everything else.
//
// With power that grows with the clock f to the 2.5th and c = 0.6 of the limit for everything else, matrix
// units that run a share d of the time keep to the limit at
//
//   f = sustained * ((1 - (1 - d) c) / d)^(1/2.5)         d = (hot/f) / (hot/f + cold)
//
// `sustained` being their speed where nothing else runs; f is at most 1. An NPU whose limit is not known
// (`watts`) runs at `sustained` always. Source: frequency times voltage squared, which follows it in part; c:
// fitted, in line with 55 to 65 % of a GPU's limit in kernels bound by memory.
double clock_under_load(const Npu& npu, double hot_ns, double cold_ns);

// Slows the matrix units of blocks, priced as in a short run, that are computed one after the other.
void limit_power(std::span<BlockPasses* const> blocks, const Npu& npu);

}  // namespace bandwright
