// What one closed-form evaluation costs: the step time alone, with its cut, and with every part of the
// result.
#include <benchmark/benchmark.h>

#include <array>

#include "simulator/closed_form/closed_form.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

constexpr std::array gb_per_s = {137.99, 120.74, 58.91, 7.36};

ClosedForm compile(std::string_view model, std::string_view loop) {
  const Network network = load_network("4D");
  return {build_step(load_model(model), network, training_loop(loop), {}), network};
}

void step_time(benchmark::State& state, std::string_view model, std::string_view loop) {
  const ClosedForm step = compile(model, loop);
  for (auto _ : state) benchmark::DoNotOptimize(step.step_time_ns(gb_per_s));
}
BENCHMARK_CAPTURE(step_time, 175B_NoOverlap, "175B", "NoOverlap");
BENCHMARK_CAPTURE(step_time, 175B_Overlap, "175B", "Overlap");

void cut(benchmark::State& state, std::string_view model, std::string_view loop) {
  const ClosedForm step = compile(model, loop);
  for (auto _ : state) benchmark::DoNotOptimize(step.cut(gb_per_s));
}
BENCHMARK_CAPTURE(cut, 175B_NoOverlap, "175B", "NoOverlap");
BENCHMARK_CAPTURE(cut, 175B_Overlap, "175B", "Overlap");

void evaluate(benchmark::State& state) {
  const ClosedForm step = compile("175B", "Overlap");
  for (auto _ : state) benchmark::DoNotOptimize(step.evaluate(gb_per_s));
}
BENCHMARK(evaluate);

void build_and_compile(benchmark::State& state) {
  const Model model = load_model("175B");
  const Network network = load_network("4D");
  for (auto _ : state) {
    const ClosedForm step(build_step(model, network, training_loop("Overlap"), {}), network);
    benchmark::DoNotOptimize(&step);
  }
}
BENCHMARK(build_and_compile);

}  // namespace
}  // namespace bandwright
