#include "training/layers/power_limit.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bandwright {
namespace {

constexpr double cold_power = 0.6;  // of the limit
constexpr double clock_per_power = 1.0 / 2.5;
constexpr int newton_steps = 5;  // each has twice the digits of the one before

std::array<BlockCost*, 4> all(BlockPasses& passes) {
  return {&passes.forward, &passes.input_gradient, &passes.weight_gradient, &passes.again};
}

}  // namespace

double clock_under_load(const Npu& npu, double hot_ns, double cold_ns) {
  const double alone = npu.constants.sustained * npu.power_speed();
  if (npu.watts <= 0.0 || hot_ns <= 0.0 || cold_ns <= 0.0) return alone;
  // With d put in, what the limit leaves to matrix units is 1 + (1 - c) f cold / hot of it.
  const double spared = (1.0 - cold_power) * cold_ns / hot_ns;
  const auto allowed = [&](double clock) { return alone * std::pow(1.0 + spared * clock, clock_per_power); };
  if (allowed(1.0) >= 1.0) return 1.0;
  double clock = alone;
  for (int i = 0; i < newton_steps; ++i) {
    const double next = allowed(clock);
    const double slope = clock_per_power * spared * next / (1.0 + spared * clock);
    clock -= (clock - next) / (1.0 - slope);
  }
  return clock;
}

void limit_power(std::span<BlockPasses* const> blocks, const Npu& npu) {
  double hot = 0.0;
  double cold = 0.0;
  for (BlockPasses* const passes : blocks) {
    for (const BlockCost* const cost : all(*passes)) {
      hot += cost->projections + cost->hot_core;
      cold += cost->core - cost->hot_core + cost->streaming;
    }
  }
  const double clock = clock_under_load(npu, hot, cold);
  for (BlockPasses* const passes : blocks) {
    for (BlockCost* const cost : all(*passes)) {
      cost->projections /= clock;
      cost->core += cost->hot_core * (1.0 / clock - 1.0);
      cost->hot_core /= clock;
    }
  }
}

}  // namespace bandwright
