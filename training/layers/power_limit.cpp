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

double clock_under_load(const Npu& npu, const MatrixLoad& load) {
  const double cool = npu.constants.sustained * npu.power_speed();
  if (npu.watts <= 0.0 || load.heat <= 0.0) return cool;
  // What is left of the limit to matrix units, in their power at `cool`, without and with a share of the
  // clock.
  const double own = (load.hot_ns - cold_power * load.idle_ns) / load.heat;
  const double spared = (1.0 - cold_power) * load.cold_ns / load.heat;
  const auto allowed = [&](double clock) { return cool * std::pow(own + spared * clock, clock_per_power); };
  if (allowed(1.0) >= 1.0) return 1.0;
  double clock = cool;
  for (int i = 0; i < newton_steps; ++i) {
    const double next = allowed(clock);
    const double slope = clock_per_power * spared * next / (own + spared * clock);
    clock -= (clock - next) / (1.0 - slope);
  }
  return clock;
}

void limit_power(std::span<BlockPasses* const> blocks, const Npu& npu) {
  MatrixLoad load;
  for (BlockPasses* const passes : blocks) {
    for (const BlockCost* const cost : all(*passes)) {
      load.hot_ns += cost->projections + cost->hot_core;
      load.idle_ns += cost->idle_core;
      load.heat += cost->heat;
      load.cold_ns += cost->core - cost->hot_core + cost->streaming;
    }
  }
  const double clock = clock_under_load(npu, load);
  for (BlockPasses* const passes : blocks) {
    for (BlockCost* const cost : all(*passes)) {
      cost->projections /= clock;
      cost->core += cost->hot_core * (1.0 / clock - 1.0);
      cost->hot_core /= clock;
    }
  }
}

}  // namespace bandwright
