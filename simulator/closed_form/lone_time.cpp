#include "simulator/closed_form/lone_time.h"

#include "simulator/event_driven.h"

namespace bandwright {

std::vector<Time> lone_times(const Scenario& scenario) {
  std::vector<Time> times;
  Step lone{.name = scenario.graph.name,
            .operations = {{.kind = OperationKind::Collective}},
            .groups = scenario.graph.groups,
            .line_names = {"alone"},
            .wire_efficiency = scenario.graph.wire_efficiency};
  for (const GroupCollective& call : scenario.graph.collectives) {
    lone.collectives = {call};
    times.push_back(simulate_folded({lone, scenario.network, scenario.library, scenario.bandwidth,
                                     scenario.after_collective})
                        .step_time);
  }
  return times;
}

}  // namespace bandwright
