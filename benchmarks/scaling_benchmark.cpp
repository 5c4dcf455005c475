#include <benchmark/benchmark.h>

#include "scaling/curve_workloads.h"
#include "scaling/laws/fit.h"
#include "scaling/trials.h"

namespace bandwright {
namespace {

// Every law on a series of so many points, with a prediction.
void fit(benchmark::State& state) {
  ScalingSeries series;
  for (int n = 1; n <= state.range(0); ++n) {
    series.points.push_back({n, 100.0 * (0.05 + 0.95 / n) * (1.0 + 0.01 * (n % 3))});
  }
  for (auto _ : state) benchmark::DoNotOptimize(fit_scaling(series, {.predict = {1024}}).chosen->rms);
}
BENCHMARK(fit)->Arg(5)->Arg(64)->Arg(1024);

// Trials of different lengths on a quarter as many workers; trials per second.
void trials(benchmark::State& state, std::size_t scheduler) {
  const int jobs = static_cast<int>(state.range(0));
  const std::vector<Trial> study = make_trials("lognormal(43 s, 0.3)", jobs, 7);
  const TrialCluster cluster{
      .workers = jobs / 4, .head_link = parse_bandwidth("1 Gb/s"), .rate = parse_bandwidth("200 kB/s")};
  for (auto _ : state) {
    benchmark::DoNotOptimize(run_trials(study, cluster, trial_schedulers()[scheduler]).makespan);
  }
  state.SetItemsProcessed(state.iterations() * jobs);
}
BENCHMARK_CAPTURE(trials, fifo, 0)->Arg(64)->Arg(4096)->Arg(65536);
BENCHMARK_CAPTURE(trials, asha, 1)->Arg(64)->Arg(4096)->Arg(65536);

// One point of a transformer's curve: every division that is tried.
void transformer_point(benchmark::State& state) {
  const Machine machine = load_machine("dgx-a100");
  const CurveWorkload workload = transformer_workload(load_architecture("gpt3-175b"), machine, {}, {});
  for (auto _ : state) benchmark::DoNotOptimize(workload.step(1024, 1536).seconds);
}
BENCHMARK(transformer_point);

}  // namespace
}  // namespace bandwright
