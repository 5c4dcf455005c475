#include "simulator/transport/ports.h"

#include <algorithm>

namespace bandwright {

Ports::Ports(const Scenario& scenario, Crossing crossing, PlayEvents& events)
    : network_(scenario.network), crossing_(crossing), events_(events), wires_(scenario) {
  free_.resize(static_cast<std::size_t>(wires_.count()));
}

void Ports::send(const Message& message, Time begun) {
  if (message.lone) {
    Time time = begun;
    std::int64_t at = message.from;
    for (const Hop& hop : hops_between(network_, message.from, message.to)) {
      time = time + wires_.occupancy(hop.dimension, message.bytes, at) + wires_.latency(hop);
      at += (hop.to - hop.from) * hop.stride;
      if (crossing_ == Crossing::Innermost) break;
    }
    return events_.push(time, message.arrival);
  }
  const Hop hop = message.dimension >= 0 ? wires_.hop_along(message.dimension, message.from, message.to)
                                         : deciding_hop(network_, message.from, message.to, crossing_);
  const bool single = wires_.wire(hop.dimension).ports() == 1;
  const std::int64_t npus = single ? 1 : network_.dimensions[static_cast<std::size_t>(hop.dimension)].npus;
  std::vector<Time>& ports = free_[static_cast<std::size_t>(hop.dimension)];
  if (ports.empty()) ports.resize(static_cast<std::size_t>(wires_.npus() * npus));
  const std::int64_t port = message.from * npus + (single ? 0 : hop.to);
  Time& free = ports[static_cast<std::size_t>(port)];
  free = std::max(free, begun) + wires_.occupancy(hop.dimension, message.bytes, message.from);
  events_.push(free + wires_.latency(hop), message.arrival);
}

}  // namespace bandwright
