#include "training/on_links.h"

#include "training/collective_time.h"

namespace bandwright {

Step on_links_of(const Machine& machine, const Network& network, Step step) {
  std::vector<Time> latencies;
  for (GroupCollective& call : step.collectives) {
    const CollectivePrice price =
        collective_price(machine, network, step.groups[call.group], call.collective);
    call.collective = at_full_speed(call.collective, price);
    latencies.push_back(nanoseconds(price.latency_ns));
  }
  for (Operation& operation : step.operations) {
    if (operation.kind == OperationKind::Collective) operation.duration = latencies[operation.collective];
  }
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    step.wire_efficiency.push_back(machine.dimensions[d].constants.efficiency);
  }
  return step;
}

}  // namespace bandwright
