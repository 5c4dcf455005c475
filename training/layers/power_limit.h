#pragma once
#include <span>

#include "training/layers/layer_cost.h"

namespace bandwright {

// What a layer has matrix units do, in the time of a short run.
struct MatrixLoad {
  double hot_ns = 0.0;   // projections and attention cores
  double idle_ns = 0.0;  // of that, while they wait
  double heat = 0.0;     // the rest of it, by the power that they draw (1: multiplications in bf16)
  double cold_ns = 0.0;  // everything else
};

// How fast matrix units run under the NPU's power limit, in their speed of a short run.
//
// Their power grows with the clock f to the 2.5th, and everything else draws c = 0.6 of the limit. What runs
// in f's time, hot / f, keeps to the limit beside what does not, cold, where
//
//   (f / sustained)^2.5 heat / f + c (idle / f + cold) = hot / f + cold
//
// `sustained` being the clock where nothing but multiplications in bf16 runs (heat = hot, idle = 0); f is at
// most 1. An NPU whose limit is not known (`watts`) runs at `sustained` always. Source: frequency times
// voltage squared, which follows it in part; c: fitted, in line with 55 to 65 % of a GPU's limit in kernels
// bound by memory.
double clock_under_load(const Npu& npu, const MatrixLoad& load);

// Slows the matrix units of blocks, priced as in a short run, that are computed one after the other.
void limit_power(std::span<BlockPasses* const> blocks, const Npu& npu);

}  // namespace bandwright
