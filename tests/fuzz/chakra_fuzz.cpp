// Any bytes, read as the trace of each of four NPUs: nodes, groups and the step graph, folded and NPU by NPU,
// or an InputError.
#include "formats/chakra/trace_step.h"
#include "simulator/player/play_cost.h"
#include "simulator/player/player.h"
#include "tests/fuzz/support.h"

namespace {

using namespace bandwright;  // NOLINT(google-build-using-namespace)

void play(const TraceSet& traces, GroupRoute route) {
  static const Network network = parse_network("Ring(2)_Switch(2)");
  static const Bandwidth memory = gb_per_s(1600);
  static const std::vector<double> bandwidth = {50.0, 50.0};
  static const Library library;
  const TraceStep step =
      trace_step(traces, network, {.peak = FlopRate(3e14), .memory = memory, .remote = memory}, route);
  const IssuedStep issued =
      fix_issue_order(step.graph, step.issues, [](const Operation&) { return nanoseconds(10); });
  if (issued.graph.operations.size() != step.graph.operations.size()) __builtin_trap();
  const RankedStep ranks = in_order(step.ranks, step.issues, issued.order);
  const Scenario scenario{ranks.graph, network, library, bandwidth, {}};
  folds_exactly(ranks, network);
  if (play_cost(scenario, ranks).messages < 1e5) simulate_full(scenario, ranks);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::filesystem::path file = as_file(data, size, ".et");
  attempt([&] {
    TraceFile trace(file);
    while (trace.next()) continue;
  });
  attempt([&] {
    const TraceSet traces = read_traces(file, {}, 4, {});
    attempt([&] { play(traces, GroupRoute::Ring); });
    attempt([&] { play(traces, GroupRoute::Grid); });
  });
  return 0;
}
