#include <benchmark/benchmark.h>

#include "simulator/closed_form/closed_form.h"
#include "simulator/event_driven.h"
#include "training/estimate.h"
#include "training/layers/layer_passes.h"

namespace bandwright {
namespace {

// 175 billion parameters, 96 layers, TP 8, PP 8, three chunks per stage, 64 NPUs; 8 micro-batches per stage.
TrainingJob interleaved() {
  TrainingJob job{load_architecture("gpt3-175b"), load_machine("dgx-a100"), {.tensor = 8, .pipeline = 8}};
  job.parallelism.schedule = PipelineSchedule::Interleaved;
  job.parallelism.virtual_stages = 3;
  job.parallelism.global_batch = 64;
  return job;
}

// One closed-form evaluation at new bandwidths.
void step_time(benchmark::State& state) {
  const TrainingJob job = interleaved();
  const Network network = job.machine.network(job.parallelism.npus());
  const ClosedForm form(training_step(job, network), network);
  std::vector<double> b = job.machine.gb_per_s(network);
  for (auto _ : state) {
    b[1] += 1e-9;
    benchmark::DoNotOptimize(form.step_time_ns(b));
  }
}
BENCHMARK(step_time);

void cut(benchmark::State& state) {
  const TrainingJob job = interleaved();
  const Network network = job.machine.network(job.parallelism.npus());
  const ClosedForm form(training_step(job, network), network);
  const std::vector<double> b = job.machine.gb_per_s(network);
  for (auto _ : state) benchmark::DoNotOptimize(form.cut(b));
}
BENCHMARK(cut);

// From the description to the step time: kernels priced, step written, evaluated.
void step_from_description(benchmark::State& state) {
  const TrainingJob job = interleaved();
  const Network network = job.machine.network(job.parallelism.npus());
  const std::vector<double> b = job.machine.gb_per_s(network);
  for (auto _ : state) {
    benchmark::DoNotOptimize(ClosedForm(training_step(job, network), network).step_time_ns(b));
  }
}
BENCHMARK(step_from_description);

// The same with breakdown, rates and memory bill.
void whole_estimate(benchmark::State& state) {
  const TrainingJob job = interleaved();
  for (auto _ : state) benchmark::DoNotOptimize(estimate(job));
}
BENCHMARK(whole_estimate);

void memory(benchmark::State& state) {
  const TrainingJob job = interleaved();
  for (auto _ : state) benchmark::DoNotOptimize(memory_bill(job.model, job.parallelism));
}
BENCHMARK(memory);

void kernels(benchmark::State& state) {
  const TrainingJob job = interleaved();
  for (auto _ : state) {
    benchmark::DoNotOptimize(dense_layer_cost(job.model, job.parallelism, job.machine.npu));
    benchmark::DoNotOptimize(head_cost(job.model, job.parallelism, job.machine.npu));
  }
}
BENCHMARK(kernels);

// Writing the step out for an event-driven engine.
void expansion(benchmark::State& state) {
  const TrainingJob job = interleaved();
  const Step program = training_step(job, job.machine.network(job.parallelism.npus()));
  for (auto _ : state) benchmark::DoNotOptimize(expand(program));
}
BENCHMARK(expansion);

// Event by event, from the step: so many micro-batches per stage, chunks per collective.
void event_driven(benchmark::State& state) {
  TrainingJob job = interleaved();
  job.parallelism.global_batch = 8 * state.range(0);
  const Network network = job.machine.network(job.parallelism.npus());
  const std::vector<double> b = job.machine.gb_per_s(network);
  const Step program = training_step(job, network);
  Library library;
  library.chunks = static_cast<int>(state.range(1));
  std::int64_t events = 0;
  for (auto _ : state) {
    const Step graph = expand(program);
    events += simulate_folded({graph, network, library, b, {}}).events;
  }
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}
BENCHMARK(event_driven)
    ->ArgNames({"micro_batches", "chunks"})
    ->Args({8, 1})
    ->Args({16, 1})
    ->Args({8, 8})
    ->Args({8, 64})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bandwright
