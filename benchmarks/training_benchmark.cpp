#include <benchmark/benchmark.h>

#include "simulator/program_form.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

// 175 billion parameters, 96 layers, TP 8, PP 8, two chunks per stage, 64 NPUs; 8 micro-batches per stage.
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
  const ProgramForm form(training_step(job, network), network.size());
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
  const ProgramForm form(training_step(job, network), network.size());
  const std::vector<double> b = job.machine.gb_per_s(network);
  for (auto _ : state) benchmark::DoNotOptimize(form.cut(b));
}
BENCHMARK(cut);

// From the description: kernels priced, program built, evaluated, memory and breakdown.
void whole_estimate(benchmark::State& state) {
  const TrainingJob job = interleaved();
  for (auto _ : state) benchmark::DoNotOptimize(estimate(job));
}
BENCHMARK(whole_estimate);

// Writing the program out for an event-driven engine.
void expansion(benchmark::State& state) {
  const TrainingJob job = interleaved();
  const StepProgram program = training_step(job, job.machine.network(job.parallelism.npus()));
  for (auto _ : state) benchmark::DoNotOptimize(expand(program));
}
BENCHMARK(expansion);

}  // namespace
}  // namespace bandwright
