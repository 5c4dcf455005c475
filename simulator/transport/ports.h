#pragma once
#include <vector>

#include "simulator/transport/transport.h"
#include "simulator/transport/wires.h"

namespace bandwright {

// Each NPU's port into a dimension is what messages share: it sends one at a time, in the order they come to
// it (a port per peer where the dimension is fully connected). A message of a collective arrives hops x
// latency after it has left the port, on the one dimension that prices it (topology/route.h); a lone message
// goes whole through one dimension after the other, beside what its ports send.
class Ports final : public Transport {
 public:
  Ports(const Scenario& scenario, Crossing crossing, PlayEvents& events);

  void send(const Message& message, Time begun) override;
  void handle(std::uint32_t) override {}
  void settle() override {}

 private:
  const Network& network_;
  Crossing crossing_;
  PlayEvents& events_;
  Wires wires_;
  std::vector<std::vector<Time>> free_;  // by dimension: an NPU's port, or its port to each position
};

}  // namespace bandwright
