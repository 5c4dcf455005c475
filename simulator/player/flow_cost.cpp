#include "simulator/player/flow_cost.h"

#include <algorithm>
#include <limits>

#include "simulator/player/secluded_lines.h"
#include "simulator/transport/flows.h"

namespace bandwright {
namespace {

constexpr double act_seconds = 60e-9;    // of an operation of an NPU, or a phase of a line
constexpr double look_seconds = 0.1e-6;  // at a message's way
constexpr double met_seconds = 0.5e-6;   // a message with its share of new rates: 0.25 to 2 us

// A logical dimension: its lines, and what is played on one of them in all.
struct LinesOfQueue {
  std::vector<SeatLine> lines;
  std::vector<SeatProgram> programs;
  double messages = 0.0;
  double phases = 0.0;
};

std::vector<SeatLine> lines_along(const GroupDimension& part, std::int64_t npus) {
  std::vector<SeatLine> lines;
  for (std::int64_t i = 0; i < npus / part.npus; ++i) {
    lines.push_back({.first = i / part.stride * part.stride * part.npus + i % part.stride,
                     .stride = part.stride,
                     .npus = part.npus,
                     .dimension = part.dimension});
  }
  return lines;
}

std::int64_t messages_on_a_line(const Program& program, int npus) {
  std::int64_t messages = 0;
  for (const Block& block : program) messages += block.pattern->messages(npus, block);
  return messages;
}

std::vector<LinesOfQueue> lines_of_queues(const Scenario& scenario, const CommunicationPlan& plan,
                                          const std::vector<double>& calls) {
  std::vector<LinesOfQueue> result;
  for (const LogicalDimension& queue : plan.queues) {
    result.push_back({.lines = lines_along(queue.part, scenario.network.npus()), .programs = {}});
  }
  for (std::size_t c = 0; c < plan.calls.size(); ++c) {
    const CommunicationPlan::Call& call = plan.calls[c];
    std::vector<double> chunks(call.plan.plans.size());
    for (const std::uint32_t index : call.plan.plan_of_chunk) ++chunks[index];
    for (std::size_t p = 0; p < chunks.size(); ++p) {
      for (const Phase& phase : call.plan.plans[p]) {
        LinesOfQueue& queue = result[call.queues[phase.part]];
        const GroupDimension& part = plan.queues[call.queues[phase.part]].part;
        const Wire wire(scenario.library, scenario.network, part,
                        scenario.wire_bandwidth(static_cast<std::size_t>(part.dimension)));
        queue.programs.push_back(seat_program(phase.program, wire));
        queue.phases += calls[c] * chunks[p];
        queue.messages +=
            calls[c] * chunks[p] * static_cast<double>(messages_on_a_line(phase.program, part.npus));
      }
    }
  }
  return result;
}

}  // namespace

double flow_play_seconds(const Scenario& scenario, double most_s) {
  const CommunicationPlan plan = plan_communication(scenario);
  const std::vector<double> times = executions(scenario.graph);
  std::vector<double> calls(plan.calls.size());
  double operations = 0.0;
  for (OperationId id = 0; id < times.size(); ++id) {
    operations += times[id] * static_cast<double>(scenario.network.npus());
    const Operation& operation = scenario.graph.operations[id];
    if (operation.kind == OperationKind::Collective) calls[operation.collective] += times[id];
  }
  const std::vector<LinesOfQueue> queues = lines_of_queues(scenario, plan, calls);
  std::vector<PlayedLines> played;
  for (const LinesOfQueue& queue : queues) {
    played.push_back({queue.lines, {}});
    for (const SeatProgram& program : queue.programs) played.back().programs.push_back(&program);
  }
  const auto once = static_cast<double>(messages_once(played));
  if (once * look_seconds > most_s) return std::numeric_limits<double>::infinity();
  PlayEvents events;
  Flows transport(scenario, Crossing::All, events);
  std::vector<bool> secluded = secluded_lines(played, transport);
  double messages = once;
  double phases = 0.0;
  std::size_t line = 0;
  for (const LinesOfQueue& queue : queues) {
    for (std::size_t i = 0; i < queue.lines.size(); ++i, ++line) {
      phases += queue.phases;
      if (secluded.empty() || !secluded[line]) messages += queue.messages;
    }
  }
  return act_seconds * (operations + phases) + met_seconds * messages;
}

}  // namespace bandwright
