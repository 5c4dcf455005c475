#include "simulator/transport/wires.h"

namespace bandwright {

Wires::Wires(const Scenario& scenario)
    : scenario_(scenario),
      npus_(scenario.network.npus()),
      speeds_(npu_factors(scenario, &NpuSpec::port_speed)) {
  std::int64_t stride = 1;
  for (const Dimension& dimension : scenario.network.dimensions) {
    dimensions_.push_back({.stride = stride,
                           .npus = dimension.npus,
                           .by_stride = InvariantDivisor(static_cast<std::uint32_t>(stride)),
                           .by_npus = InvariantDivisor(static_cast<std::uint32_t>(dimension.npus))});
    stride *= dimension.npus;
  }
}

void Wires::make_wire(int d) {
  Priced& priced = dimensions_[static_cast<std::size_t>(d)];
  priced.wire.emplace(scenario_.library, scenario_.network, GroupDimension{d, priced.npus, priced.stride},
                      scenario_.wire_bandwidth(static_cast<std::size_t>(d)));
}

Time Wires::occupancy(int d, std::int64_t bytes, std::int64_t npu) {
  const double speed = speeds_.empty() ? 1.0 : speeds_[static_cast<std::size_t>(npu)];
  if (speed != 1.0) return wire(d).occupancy(bytes, speed);
  Priced& priced = dimensions_[static_cast<std::size_t>(d)];
  if (bytes != priced.bytes) {
    priced.occupancy = wire(d).occupancy(bytes);
    priced.bytes = bytes;
  }
  return priced.occupancy;
}

}  // namespace bandwright
