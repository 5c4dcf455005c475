// The event queue, the folded engine and the full one. Google Benchmark reports items per second as events.
#include <benchmark/benchmark.h>

#include <array>
#include <random>

#include "benchmarks/whole_messages.h"
#include "simulator/event_driven.h"
#include "simulator/event_queue.h"
#include "simulator/player/line_pace.h"
#include "simulator/player/play_cost.h"
#include "simulator/player/player.h"
#include "simulator/transport/flows.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

// The hold model: the next event is taken out and another pushed a random time later, with a constant number
// pending. Delays are exponential, as of many independent servers.
void hold(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::exponential_distribution<double> exponential(1e-6);
  std::vector<std::int64_t> delays(1 << 16);
  for (std::int64_t& delay : delays) delay = 1 + static_cast<std::int64_t>(exponential(random));
  EventQueue<std::uint64_t> queue;
  std::size_t next = 0;
  const auto delay = [&] { return Time(delays[next++ & (delays.size() - 1)]); };
  for (std::int64_t i = 0; i < state.range(0); ++i) queue.push(delay(), static_cast<std::uint64_t>(i));
  for (auto _ : state) {
    const std::uint64_t event = queue.pop();
    queue.push(queue.now() + delay(), event);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hold)->Arg(1000)->Arg(64000);

void folded_step(benchmark::State& state) {
  const Network network = load_network("4D");
  const Library library = load_library("astra1");
  const TrainingLoop& loop = training_loop("NoOverlap");
  const Step graph = build_step(fuse_weight_gradients(load_model("175B")), network, loop,
                                loop_options(library, loop, Recompute::Full));
  const std::array<double, 4> bandwidth = {142.9, 125.0, 50.8, 6.3};
  std::int64_t events = 0;
  for (auto _ : state)
    events += simulate_folded({graph, network, library, bandwidth, nanoseconds(10)}).events;
  state.SetItemsProcessed(events);
}
BENCHMARK(folded_step)->Unit(benchmark::kMillisecond);

// How time grows: an all-reduce of 64 MiB over a grid of rings, in full, by NPUs along a dimension,
// dimensions and chunks. plots/engine_growth.py draws it.
void growth(benchmark::State& state) {
  std::string shorthand;
  for (int d = 0; d < state.range(1); ++d) {
    shorthand += (d == 0 ? "Ring(" : "_Ring(") + std::to_string(state.range(0)) + ")";
  }
  const Network network = parse_network(shorthand);
  Library library;
  library.chunks = static_cast<int>(state.range(2));
  const Step graph = lone_collective(network, {CollectiveKind::AllReduce, Bytes(64 << 20)});
  const std::vector<double> bandwidth(network.dimensions.size(), 50.0);
  std::int64_t events = 0;
  for (auto _ : state) events += simulate_full({graph, network, library, bandwidth, {}}).events;
  state.SetItemsProcessed(events);
}
BENCHMARK(growth)
    ->ArgNames({"npus", "dimensions", "chunks"})
    ->ArgsProduct({{64, 128, 256, 512, 1024}, {1}, {1, 4}})
    ->ArgsProduct({{4, 8, 16}, {2, 3}, {1, 4}})
    ->Unit(benchmark::kMillisecond);

// One all-reduce of 64 MiB on every NPU by itself.
void full_all_reduce(benchmark::State& state, const char* shorthand, int chunks) {
  const Network network = parse_network(shorthand);
  Library library;
  library.chunks = chunks;
  library.latency = {nanoseconds(500)};
  library.endpoint_delay = nanoseconds(10);
  library.reduction_bandwidth = gb_per_s(1600.0);
  const Step graph = lone_collective(network, {CollectiveKind::AllReduce, Bytes(64 << 20)});
  const std::vector<double> bandwidth(network.dimensions.size(), 50.0);
  std::int64_t events = 0;
  for (auto _ : state) events += simulate_full({graph, network, library, bandwidth, {}}).events;
  state.SetItemsProcessed(events);
}
BENCHMARK_CAPTURE(full_all_reduce, ring_1024_in_16, "Ring(1024)", 16)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);
BENCHMARK_CAPTURE(full_all_reduce, switch_16384_in_16, "Switch(16384)", 16)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);
BENCHMARK_CAPTURE(full_all_reduce, rings_128_x_128_in_16, "Ring(128)_Ring(128)", 16)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

// A ring all-reduce of 64 MiB, message by message, where no two meet on a link: what a message costs as a
// flow, and by a server of whole messages, which knows no sharing. Items are messages.
using MakeTransport = std::unique_ptr<Transport> (*)(const Scenario& scenario, PlayEvents& events);
std::unique_ptr<Transport> as_flows(const Scenario& scenario, PlayEvents& events) {
  return std::make_unique<Flows>(scenario, Crossing::All, events);
}
std::unique_ptr<Transport> whole(const Scenario& scenario, PlayEvents& events) {
  return std::make_unique<WholeMessages>(scenario, events);
}
void lone_messages(benchmark::State& state, const char* shorthand, const char* algorithm,
                   MakeTransport make) {
  const Network network = parse_network(shorthand);
  Library library;
  library.chunks = 4;
  library.latency = {nanoseconds(500)};
  library.network = NetworkModel::Flows;
  for (const DimensionKind& kind : dimension_kinds())
    library.algorithms.by_kind[std::string(kind.name)] = algorithm;
  const std::vector<double> bandwidth(network.dimensions.size(), 50.0);
  const Step graph = lone_collective(network, {CollectiveKind::AllReduce, Bytes(64 << 20)});
  const Scenario given{graph, network, library, bandwidth, {}};
  const RankedStep step = of_one_kind(given);
  const Scenario scenario{step.graph, network, library, bandwidth, {}};
  const CommunicationPlan plan = plan_communication(scenario);
  const double sent = play_cost(scenario, step).messages;
  double messages = 0.0;
  Time end;
  for (auto _ : state) {
    PlayEvents events;
    const std::unique_ptr<Transport> transport = make(scenario, events);
    LinePace pace({scenario, step, plan, transport.get(), events, nullptr, true});
    const auto settle = [&] {
      pace.settle();
      transport->settle();
    };
    for (std::uint32_t npu = 0; npu < step.kind_of.size(); ++npu) pace.join(npu, 0);
    settle();
    while (!events.empty()) {
      const PlayEvent event = events.pop();
      if (event.kind == PlayEvent::TransportActs) transport->handle(event.subject);
      if (event.kind == PlayEvent::PhaseEnds || event.kind == PlayEvent::MessageArrives) pace.handle(event);
      if (!events.more_now()) settle();
    }
    end = events.now();
    messages += sent;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.counters["us"] = to_us(end);
}
BENCHMARK_CAPTURE(lone_messages, ring_256_as_flows, "Ring(256)", "ring", as_flows)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lone_messages, ring_256_whole, "Ring(256)", "ring", whole)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lone_messages, switch_256_as_flows, "Switch(256)", "halving-doubling", as_flows)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lone_messages, switch_256_whole, "Switch(256)", "halving-doubling", whole)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lone_messages, rings_16_x_16_as_flows, "Ring(16)_Ring(16)", "ring", as_flows)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lone_messages, rings_16_x_16_whole, "Ring(16)_Ring(16)", "ring", whole)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bandwright
