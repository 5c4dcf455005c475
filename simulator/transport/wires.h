#pragma once
#include <optional>
#include <vector>

#include "collective/wire.h"
#include "simulator/scenario.h"
#include "simulator/transport/invariant_divisor.h"
#include "topology/route.h"

namespace bandwright {

// The dimensions of a network as transports price them: how long a message holds a port or a link of a
// dimension, and how far it goes there. An NPU with slow ports sends each of its messages as slowly.
class Wires {
 public:
  // Throws InputError for NPUs that the network does not have.
  explicit Wires(const Scenario& scenario);

  [[nodiscard]] int count() const { return static_cast<int>(dimensions_.size()); }
  [[nodiscard]] std::int64_t npus() const { return npus_; }
  // Throws InputError for a dimension without bandwidth, the first time it is used.
  const Wire& wire(int d) {
    Priced& priced = dimensions_[static_cast<std::size_t>(d)];
    if (!priced.wire) make_wire(d);
    return *priced.wire;
  }
  // How long a message from an NPU holds its port, and a link of full rate.
  Time occupancy(int d, std::int64_t bytes, std::int64_t npu);
  Time latency(const Hop& hop) { return wire(hop.dimension).latency(hop.from, hop.to); }
  [[nodiscard]] int position(int d, std::int64_t npu) const {
    const Priced& priced = dimensions_[static_cast<std::size_t>(d)];
    const std::uint32_t place = priced.by_stride.quotient(static_cast<std::uint32_t>(npu));
    const std::uint32_t lines = priced.by_npus.quotient(place);
    return static_cast<int>(place) - static_cast<int>(lines) * priced.npus;
  }
  [[nodiscard]] Hop hop_along(int d, std::int64_t from, std::int64_t to) const {
    return {d, dimensions_[static_cast<std::size_t>(d)].stride, position(d, from), position(d, to)};
  }

 private:
  struct Priced {
    std::int64_t stride = 1;  // of neighbours, in NPU ids
    int npus = 1;
    InvariantDivisor by_stride = InvariantDivisor(1);
    InvariantDivisor by_npus = InvariantDivisor(1);
    std::optional<Wire> wire;
    std::int64_t bytes = -1;  // the last message's size and time: most are like the one before
    Time occupancy;
  };
  void make_wire(int d);

  const Scenario& scenario_;
  std::int64_t npus_;
  std::vector<Priced> dimensions_;
  std::vector<double> speeds_;  // of each NPU's ports; empty: 1
};

}  // namespace bandwright
