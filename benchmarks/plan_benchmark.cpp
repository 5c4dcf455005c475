#include <benchmark/benchmark.h>

#include "plan/division_search.h"
#include "plan/step_evaluator.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

DivisionSpace gpt3_on_1024() {
  DivisionSpace space{.job = {load_architecture("gpt3-175b"), load_machine("dgx-a100")}, .npus = {1024}};
  space.job.parallelism.global_batch = 1536;
  return space;
}

// Every division that fits, in the order of the space.
std::vector<Parallelism> divisions_that_fit(const DivisionSpace& space) {
  const Network network = space.job.machine.network(space.npus[0]);
  const DivisionDomains domains = domains_of(space, space.npus[0]);
  std::vector<Parallelism> all;
  for (const GroupSizes& sizes : group_sizes(space, domains, network)) {
    for_each_division(space, domains, sizes, space.npus[0], [&](const Parallelism& p) {
      if (memory_bill(space.job.model, p).total() <= space.job.machine.npu.memory_bytes) all.push_back(p);
    });
  }
  return all;
}

// The whole space, with proof.
void search(benchmark::State& state) {
  const DivisionSpace space = gpt3_on_1024();
  RankedDivisions found;
  for (auto _ : state) found = best_divisions(space, {.threads = static_cast<int>(state.range(0))});
  state.counters["combinations"] = found.counts.combinations;
  state.counters["valid"] = static_cast<double>(found.counts.valid);
  state.counters["fit"] = static_cast<double>(found.counts.fit);
  state.counters["evaluated"] = static_cast<double>(found.evaluated);
}
BENCHMARK(search)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

// Step time and whether it fits of every division that fits: parts shared ...
void step_and_fit(benchmark::State& state) {
  const DivisionSpace space = gpt3_on_1024();
  const std::vector<Parallelism> all = divisions_that_fit(space);
  const Network network = space.job.machine.network(space.npus[0]);
  for (auto _ : state) {
    StepEvaluator evaluator(space.job, network);
    for (const Parallelism& p : all) {
      benchmark::DoNotOptimize(memory_bill(space.job.model, p).total());
      benchmark::DoNotOptimize(evaluator.step_ns(p));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
}
BENCHMARK(step_and_fit)->Unit(benchmark::kMillisecond);

// ... and of every hundredth by estimate().
void by_estimate(benchmark::State& state) {
  const DivisionSpace space = gpt3_on_1024();
  const std::vector<Parallelism> all = divisions_that_fit(space);
  TrainingJob job = space.job;
  for (auto _ : state) {
    for (std::size_t i = 0; i < all.size(); i += 100) {
      job.parallelism = all[i];
      benchmark::DoNotOptimize(estimate(job));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all.size() / 100));
}
BENCHMARK(by_estimate)->Unit(benchmark::kMillisecond);

// Memory alone, of all that divide.
void enumeration_with_memory(benchmark::State& state) {
  const DivisionSpace space = gpt3_on_1024();
  for (auto _ : state) benchmark::DoNotOptimize(divisions_that_fit(space).size());
}
BENCHMARK(enumeration_with_memory)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bandwright
