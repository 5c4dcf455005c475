#include "simulator/player/play_cost.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/io/host.h"
#include "core/text.h"

namespace bandwright {
namespace {

// Measured on one core of a common server.
constexpr double event_seconds = 40e-9;
constexpr double arrival_seconds = 10e-9;  // of an NPU at a phase of its line
constexpr double round_seconds = 8e-9;     // of an NPU in a recurrence (collective/phase_time.h)
constexpr double link_events = 3.0;        // of a message: port, links, arrival

constexpr double operation_bytes = 24.0;  // of an NPU
constexpr double line_bytes = 150.0;
constexpr double seat_bytes = 64.0;
constexpr double waiting_bytes = 24.0;   // of an arrival or event to come
constexpr double packet_bytes = 220.0;   // on links
constexpr double flow_seconds = 1.5e-6;  // of a message that shares links fairly
constexpr double flow_bytes = 450.0;

// One call of a collective, for one of its NPUs on average.
struct CallCost {
  double messages = 0.0;
  double phases = 0.0;
  double lines = 0.0;       // phases, each by the part of its line that an NPU is
  double at_once = 0.0;     // messages of one round
  double recurrence = 0.0;  // messages of each different phase once
  double peer_ports = 0.0;  // of a line with a port for each peer, per NPU
};

CallCost cost_of(const CommunicationPlan& plan, const CommunicationPlan::Call& call, const Network& network) {
  CallCost cost;
  std::vector<double> of_plan;
  for (const ChunkPlan& chunk : call.plan.plans) {
    double& messages = of_plan.emplace_back(0.0);
    for (const Phase& phase : chunk) {
      const GroupDimension& part = plan.queues[call.queues[phase.part]].part;
      const Dimension& dimension = network.dimensions[static_cast<std::size_t>(part.dimension)];
      const int n = part.npus;
      for (const Block& block : phase.program) {
        const double own = static_cast<double>(block.pattern->messages(n, block)) / n;
        messages += own;
        cost.at_once = std::max(cost.at_once, own / std::max(1, block.rounds));
      }
      if (dimension.kind->message_share(dimension.npus) < 1.0)
        cost.peer_ports = std::max<double>(cost.peer_ports, n);
    }
    cost.recurrence += messages;
  }
  for (const std::uint32_t chunk : call.plan.plan_of_chunk) {
    cost.messages += of_plan[chunk];
    for (const Phase& phase : call.plan.plans[chunk]) {
      ++cost.phases;
      cost.lines += 1.0 / plan.queues[call.queues[phase.part]].part.npus;
    }
  }
  return cost;
}

double link_count(const Network& network) {
  double links = 0.0;
  for (const Dimension& d : network.dimensions) {
    links += static_cast<double>(network.npus()) / d.npus * d.kind->link_count(d.npus);
  }
  return links;
}

}  // namespace

PlayCost play_cost(const Scenario& scenario, const RankedStep& step) {
  const CommunicationPlan plan = plan_communication(scenario);
  std::vector<CallCost> calls;
  for (const CommunicationPlan::Call& call : plan.calls)
    calls.push_back(cost_of(plan, call, scenario.network));
  const bool alike = step.teams_of_group.empty();
  const bool links = scenario.library.network != NetworkModel::Ports;
  const auto npus = static_cast<double>(scenario.network.npus());
  const bool flows = scenario.library.network == NetworkModel::Flows;
  const bool single_messages = links || !alike;
  PlayCost cost;
  for (const RankedStep::Kind& kind : step.kinds) {
    const auto count = static_cast<double>(kind.npus.size());
    cost.bytes += count * static_cast<double>(kind.operations.size()) * operation_bytes;
    for (const OperationId id : kind.operations) {
      cost.events += count;
      const Operation& operation = scenario.graph.operations[id];
      if (operation.kind != OperationKind::Collective) continue;
      const CallCost& call = calls[operation.collective];
      cost.messages += count * call.messages;
      cost.events += count * (alike ? call.lines : call.phases);
      if (single_messages) cost.events += count * call.messages * (links ? link_events : 1.0);
      if (alike) cost.seconds += count * call.phases * arrival_seconds;
    }
  }
  double largest = 0.0;  // of the calls
  double at_once = 0.0;
  double peer_ports = 0.0;
  for (const CallCost& call : calls) {
    if (!single_messages) cost.seconds += npus * call.recurrence * round_seconds;
    largest = std::max(largest, npus * (alike ? call.lines : call.phases) * waiting_bytes);
    at_once = std::max(at_once, call.at_once);
    peer_ports = std::max(peer_ports, call.peer_ports);
  }
  for (const LogicalDimension& queue : plan.queues) {
    cost.bytes += npus / queue.part.npus * line_bytes + (single_messages ? npus * seat_bytes : 0.0);
  }
  cost.bytes += largest + npus * 3.0 * waiting_bytes;
  if (links) {
    cost.bytes += link_count(scenario.network) * 8.0 +
                  npus * at_once * ((flows ? flow_bytes : packet_bytes) + waiting_bytes);
  } else {
    cost.bytes += (alike ? peer_ports : npus) * peer_ports * 8.0;
    if (!alike) cost.bytes += npus * at_once * waiting_bytes;
  }
  cost.seconds += cost.events * event_seconds + (flows ? cost.messages * flow_seconds : 0.0);
  return cost;
}

void require_affordable(const PlayCost& cost, std::string_view instead) {
  constexpr double longest = 86400.0;
  const std::optional<double> memory = available_memory();
  const std::string needs =
      fmt::format("every NPU by itself would take {:.3g} messages, about {:.3g} GB and {:.3g} s",
                  cost.messages, cost.bytes / 1e9, cost.seconds);
  if (memory && cost.bytes > *memory) {
    throw InputError(
        fmt::format("{}: this machine has {:.3g} GB to give ({})", needs, *memory / 1e9, instead));
  }
  if (cost.seconds > longest) throw InputError(fmt::format("{}: more than a day ({})", needs, instead));
}

}  // namespace bandwright
