#include "simulator/player/play_cost.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/io/host.h"
#include "core/text.h"
#include "network/distances.h"
#include "simulator/transport/flow_network.h"

namespace bandwright {
namespace {

// Measured on one core of a common server.
constexpr double event_seconds = 40e-9;
constexpr double arrival_seconds = 10e-9;  // of an NPU at a phase of its line
constexpr double round_seconds = 8e-9;     // of an NPU in a recurrence (collective/phase_time.h)
constexpr double flow_events = 2.0;        // of a message: departure, arrival; many end together

constexpr double operation_bytes = 24.0;  // of an NPU
constexpr double line_bytes = 150.0;
constexpr double seat_bytes = 64.0;
constexpr double waiting_bytes = 24.0;   // of an arrival or event to come
constexpr double flow_seconds = 1.5e-6;  // of a message that shares links fairly
constexpr double flow_bytes = 450.0;
constexpr double link_bytes = 110.0;     // with the list of its flows
constexpr double last_way_bytes = 60.0;  // of an NPU and dimension
constexpr double sprayed_way_bytes = 200.0;

// One call of a collective, for one of its NPUs on average.
struct CallCost {
  double messages = 0.0;
  double phases = 0.0;
  double lines = 0.0;       // phases, each by the part of its line that an NPU is
  double at_once = 0.0;     // messages of one round
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

// Calls visit(part, program) for each different program of each logical dimension.
template <class Visit>
void for_each_program(const CommunicationPlan& plan, Visit&& visit) {
  struct Known {
    std::uint32_t queue;
    const Program* program;
  };
  std::vector<Known> known;
  for (const CommunicationPlan::Call& call : plan.calls) {
    for (const ChunkPlan& chunk : call.plan.plans) {
      for (const Phase& phase : chunk) {
        const std::uint32_t queue = call.queues[phase.part];
        const bool fresh = std::none_of(known.begin(), known.end(), [&](const Known& one) {
          return one.queue == queue && *one.program == phase.program;
        });
        if (!fresh) continue;
        known.push_back({queue, &phase.program});
        visit(plan.queues[queue].part, phase.program);
      }
    }
  }
}

Wire wire_of(const Scenario& scenario, const GroupDimension& part) {
  return {scenario.library, scenario.network, part,
          scenario.wire_bandwidth(static_cast<std::size_t>(part.dimension))};
}

// Messages of phases that are worked out: each different one once, on one line of each kind.
double worked_out(const Scenario& scenario, const CommunicationPlan& plan) {
  double unlike = 0.0;  // NPUs whose ports differ: lines with one of them may be of a kind of their own
  for (const NpuSpec& spec : scenario.library.npus) {
    if (spec.port_speed != 1.0) unlike += static_cast<double>(spec.last - spec.first + 1);
  }
  double messages = 0.0;
  for_each_program(plan, [&](const GroupDimension& part, const Program& program) {
    const double lines = static_cast<double>(scenario.network.npus()) / part.npus;
    messages += std::min(lines, 1.0 + unlike) * static_cast<double>(program_messages(program, part.npus));
  });
  return messages;
}

// Of those that are played for their time when they are planned.
double planned(const Scenario& scenario, const CommunicationPlan& plan) {
  double messages = 0.0;
  for_each_program(plan, [&](const GroupDimension& part, const Program& program) {
    if (played_for_its_time(wire_of(scenario, part), program))
      messages += static_cast<double>(program_messages(program, part.npus));
  });
  return messages;
}

// Distances are kept by target, the ways of sprayed messages for each two.
void add_ways(const FlowNetwork& built, PlayCost& cost) {
  const DistancesCost ways = distances_cost(built.graph);
  const bool sprayed = built.routing.routing == Routing::Spray;
  cost.bytes += ways.bytes + (sprayed ? ways.targets * ways.targets * sprayed_way_bytes : 0.0);
  cost.seconds += ways.seconds * (sprayed ? 2.0 : 1.0);
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
  const CommunicationPlan plan = plan_communication(scenario, PhaseTimes::LeftOut);
  std::vector<CallCost> calls;
  for (const CommunicationPlan::Call& call : plan.calls)
    calls.push_back(cost_of(plan, call, scenario.network));
  const bool alike = step.teams_of_group.empty();
  const auto npus = static_cast<double>(scenario.network.npus());
  const bool flows = scenario.library.network == NetworkModel::Flows;
  const bool single_messages = flows || !alike;
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
      if (single_messages) cost.events += count * call.messages * (flows ? flow_events : 1.0);
      if (alike) cost.seconds += count * call.phases * arrival_seconds;
    }
  }
  double largest = 0.0;  // of the calls
  double at_once = 0.0;
  double peer_ports = 0.0;
  for (const CallCost& call : calls) {
    largest = std::max(largest, npus * (alike ? call.lines : call.phases) * waiting_bytes);
    at_once = std::max(at_once, call.at_once);
    peer_ports = std::max(peer_ports, call.peer_ports);
  }
  for (const LogicalDimension& queue : plan.queues) {
    cost.bytes += npus / queue.part.npus * line_bytes + (single_messages ? npus * seat_bytes : 0.0);
  }
  cost.bytes += largest + npus * 3.0 * waiting_bytes;
  if (flows) {
    const double links = scenario.built != nullptr ? static_cast<double>(scenario.built->graph.links.size())
                                                   : link_count(scenario.network);
    cost.bytes += links * link_bytes + npus * scenario.network.size() * last_way_bytes +
                  npus * at_once * (flow_bytes + waiting_bytes);
  } else {
    cost.bytes += (alike ? peer_ports : npus) * peer_ports * 8.0;
    if (!alike) cost.bytes += npus * at_once * waiting_bytes;
  }
  if (scenario.built != nullptr) add_ways(*scenario.built, cost);
  cost.worked_out = single_messages ? planned(scenario, plan) : worked_out(scenario, plan);
  cost.seconds += cost.worked_out * round_seconds + cost.events * event_seconds +
                  (flows ? cost.messages * flow_seconds : 0.0);
  return cost;
}

PlayCost planning_cost(const Scenario& scenario) {
  const auto uneven = [&](const GroupCollective& call) {
    const std::vector<GroupDimension>& parts = scenario.graph.groups[call.group].dimensions;
    return std::any_of(parts.begin(), parts.end(),
                       [&](const GroupDimension& part) { return !wire_of(scenario, part).even(); });
  };
  const std::vector<GroupCollective>& calls = scenario.graph.collectives;
  if (std::none_of(calls.begin(), calls.end(), uneven)) return {};
  const double messages = planned(scenario, plan_communication(scenario, PhaseTimes::LeftOut));
  return {.worked_out = messages, .seconds = messages * round_seconds};
}

double share_played(const PlayCost& cost, const PlayedSoFar& so_far) {
  const auto seconds = [](double events, double worked_out) {
    return events * event_seconds + worked_out * round_seconds;
  };
  return std::min(1.0, seconds(static_cast<double>(so_far.events), static_cast<double>(so_far.messages)) /
                           seconds(cost.events, cost.worked_out));
}

std::string described(const PlayCost& cost) {
  if (cost.messages == 0.0) {
    return fmt::format("phases on parts of rings would take {:.3g} messages to work out, about {:.3g} s",
                       cost.worked_out, cost.seconds);
  }
  return fmt::format("every NPU by itself would take {:.3g} messages, about {:.3g} GB and {:.3g} s",
                     cost.messages, cost.bytes / 1e9, cost.seconds);
}

void require_affordable(const PlayCost& cost, std::string_view instead) {
  constexpr double longest = 86400.0;
  const std::optional<double> memory = available_memory();
  const std::string needs = described(cost);
  if (memory && cost.bytes > *memory) {
    throw InputError(
        fmt::format("{}: this machine has {:.3g} GB to give ({})", needs, *memory / 1e9, instead));
  }
  if (cost.seconds > longest) throw InputError(fmt::format("{}: more than a day ({})", needs, instead));
}

}  // namespace bandwright
