#include "simulator/ranked_calls.h"

#include "core/error.h"
#include "simulator/event_driven.h"

namespace bandwright {
namespace {

constexpr std::uint32_t most_rounds = (1U << 26U) - 1;

std::uint32_t rounds_of(const Program& program) {
  std::uint32_t rounds = 0;
  for (const Block& block : program) rounds += static_cast<std::uint32_t>(block.rounds);
  return rounds;
}

// The phases in the order in which they end when the collective runs alone, on each part.
RankedCall call_in_order(const Timeline& timeline, const CollectivePlan& plan) {
  RankedCall call;
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
    jobs.push_back({served.chunk, index, &phase.program, rounds[phase.part]});
    rounds[phase.part] += rounds_of(phase.program);
    if (rounds[phase.part] > most_rounds) throw InputError("a collective of more than 2^26 rounds");
  }
  return call;
}

}  // namespace

std::vector<RankedCall> ranked_calls(const Scenario& scenario, const CommunicationPlan& plan) {
  std::vector<RankedCall> calls;
  Step lone{.name = scenario.graph.name,
            .operations = {{.kind = OperationKind::Collective}},
            .groups = scenario.graph.groups,
            .line_names = {"alone"},
            .wire_efficiency = scenario.graph.wire_efficiency};
  for (std::size_t i = 0; i < scenario.graph.collectives.size(); ++i) {
    lone.collectives = {scenario.graph.collectives[i]};
    Timeline timeline;
    simulate_folded({lone, scenario.network, scenario.system, scenario.bandwidth, scenario.after_collective},
                    &timeline);
    calls.push_back(call_in_order(timeline, plan.calls[i].plan));
  }
  return calls;
}

}  // namespace bandwright
