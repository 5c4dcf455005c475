// Any bytes, read as the trace of one of two NPUs: nodes, folding and the step graph, or an InputError.
#include "formats/trace_set.h"
#include "formats/trace_step.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bandwright;  // NOLINT(google-build-using-namespace)
  const std::filesystem::path file = as_file(data, size, ".et");
  attempt([&] {
    TraceFile trace(file);
    while (trace.next()) continue;
  });
  static const Network network = parse_network("Ring(2)_Switch(2)");
  static const Bandwidth memory = gb_per_s(1600);
  attempt([&] {
    const TraceSet traces = read_traces(file, {}, 4, {});
    const TraceStep step = trace_step(
        traces, network, {.peak = FlopRate(3e14), .memory = memory, .remote = memory}, GroupRoute::Ring);
    const StepGraph graph =
        fix_issue_order(step.graph, step.issues, [](const Operation&) { return nanoseconds(10); });
    if (graph.operations.size() != step.graph.operations.size()) __builtin_trap();
  });
  return 0;
}
