#include "simulator/player/call_order.h"

#include "core/error.h"
#include "simulator/event_driven.h"

namespace bandwright {
namespace {

// The phases in the order in which they end when the collective runs alone, on each part.
CallOrder call_in_order(const Timeline& timeline, const CollectivePlan& plan, const Wire& wire) {
  CallOrder call;
  call.places.resize(plan.plan_of_chunk.size());
  std::vector<std::uint32_t> rounds;
  for (const Timeline::Chunk& served : timeline.chunks) {
    auto& places = call.places[served.chunk];
    const Phase& phase = plan.plans[plan.plan_of_chunk[served.chunk]][places.size()];
    if (call.jobs.size() <= phase.part) {
      call.jobs.resize(phase.part + 1);
      rounds.resize(phase.part + 1);
    }
    auto& jobs = call.jobs[phase.part];
    const auto index = static_cast<std::uint32_t>(places.size());
    places.push_back({phase.part, static_cast<std::uint32_t>(jobs.size())});
    jobs.push_back({served.chunk, index, seat_program(phase.program, wire), rounds[phase.part]});
    const std::uint32_t more = jobs.back().program.rounds;
    if (more > max_detail - rounds[phase.part]) throw InputError("a collective of more than 2^29 rounds");
    rounds[phase.part] += more;
  }
  return call;
}

}  // namespace

std::vector<CallOrder> call_orders(const Scenario& scenario, const CommunicationPlan& plan) {
  std::vector<CallOrder> calls;
  Step lone{.name = scenario.graph.name,
            .operations = {{.kind = OperationKind::Collective}},
            .groups = scenario.graph.groups,
            .line_names = {"alone"},
            .wire_efficiency = scenario.graph.wire_efficiency};
  for (std::size_t i = 0; i < scenario.graph.collectives.size(); ++i) {
    lone.collectives = {scenario.graph.collectives[i]};
    const Group& group = scenario.graph.groups[lone.collectives[0].group];
    if (group.dimensions.empty()) {
      calls.emplace_back();
      continue;
    }
    const GroupDimension& part = group.dimensions[0];
    const Wire wire(scenario.library, scenario.network, part,
                    scenario.wire_bandwidth(static_cast<std::size_t>(part.dimension)));
    Timeline timeline;
    simulate_folded({lone, scenario.network, scenario.library, scenario.bandwidth, scenario.after_collective},
                    &timeline);
    calls.push_back(call_in_order(timeline, plan.calls[i].plan, wire));
  }
  return calls;
}

}  // namespace bandwright
