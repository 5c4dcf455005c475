// One call of the optimizer in process, on a step time with the shape of 175B on the 4D network: a chain of
// blocking collectives, each waiting for the slowest of its dimensions.
#include <benchmark/benchmark.h>

#include "optimizer/ranges.h"
#include "optimizer/solver.h"
#include "optimizer/steps.h"

namespace bandwright {
namespace {

// Bytes of each collective on each dimension: tensor-parallel ones inside, data-parallel ones outside.
Cut chain(std::span<const double> b) {
  constexpr double mb = 1e6;
  constexpr double collectives[][4] = {
      {805 * mb, 704 * mb, 0, 0},        {805 * mb, 704 * mb, 0, 0},       {1610 * mb, 1409 * mb, 0, 0},
      {403 * mb, 352 * mb, 0, 0},        {0, 0, 151 * mb, 18.9 * mb},      {0, 0, 604 * mb, 75.5 * mb},
      {100 * mb, 352 * mb, 20 * mb, mb}, {200 * mb, 20 * mb, 80 * mb, mb},
  };
  Cut cut{4e8, {}};
  for (const auto& bytes : collectives) {
    int slowest = 0;
    for (int d = 1; d < 4; ++d) {
      if (bytes[d] * b[static_cast<std::size_t>(slowest)] > bytes[slowest] * b[static_cast<std::size_t>(d)])
        slowest = d;
    }
    cut.loads.push_back({only_dimension(slowest), bytes[slowest]});
  }
  return cut;
}

Problem problem(Target target) {
  return {4, {{1.0, chain}}, {total_budget(4, 325)}, {2, 4, 7.8, 31.6}, 0.0, target};
}

void optimize_perf(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(optimize(problem(Target::Perf)));
}
BENCHMARK(optimize_perf)->Unit(benchmark::kMicrosecond);

void optimize_perf_per_cost(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(optimize(problem(Target::PerfPerCost)));
}
BENCHMARK(optimize_perf_per_cost)->Unit(benchmark::kMicrosecond);

void adam(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(optimize(problem(Target::Perf), {}, find_solver("adam")));
}
BENCHMARK(adam)->Unit(benchmark::kMicrosecond)->Iterations(3);

void ranges(benchmark::State& state) {
  const Problem perf = problem(Target::Perf);
  const Summary optimum = optimize(perf);
  for (auto _ : state) {
    Summary copy = optimum;
    benchmark::DoNotOptimize(ranges_within(perf, copy));
  }
}
BENCHMARK(ranges)->Unit(benchmark::kMicrosecond);

void multiples_of_25(benchmark::State& state) {
  const Problem perf = problem(state.range(0) == 0 ? Target::Perf : Target::PerfPerCost);
  const Summary optimum = optimize(perf);
  for (auto _ : state) {
    Summary copy = optimum;
    benchmark::DoNotOptimize(optimize_in_steps(perf, copy, 25));
  }
}
BENCHMARK(multiples_of_25)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bandwright
