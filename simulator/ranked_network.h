#pragma once
#include <cstdint>
#include <vector>

#include "collective/wire.h"
#include "simulator/scenario.h"
#include "step/ranked_step.h"

namespace bandwright {

// The network as NPUs that are played one by one see it: the lines they communicate on, how far each message
// goes, and the ports that send one message at a time.
class RankedNetwork {
 public:
  // An NPU's place on a line.
  struct Place {
    std::uint32_t line = 0;
    int position = 0;
  };

  RankedNetwork(const Scenario& scenario, const RankedStep& step);

  [[nodiscard]] Place place(std::uint32_t group, std::uint32_t part, std::uint32_t npu) const;
  [[nodiscard]] const std::vector<int>& line(const Place& place) const { return lines_[place.line]; }

  // When a message of a collective arrives that could be sent at `begun`; takes the sender's port.
  Time arrival(std::int64_t from, std::int64_t to, std::int64_t bytes, Time begun);
  // How long a message from NPU to NPU takes, dimension after dimension.
  [[nodiscard]] Time message(std::int64_t from, std::int64_t to, Bytes bytes) const;
  [[nodiscard]] Time reduction(std::int64_t bytes) const { return wires_.front().reduction(bytes); }

 private:
  void place_team(const RankedStep& step, std::uint32_t group, std::uint32_t part);

  const Network& network_;
  Crossing crossing_;
  std::vector<Wire> wires_;  // of whole dimensions
  std::vector<std::vector<int>> lines_;
  std::vector<std::vector<std::vector<Place>>> places_;  // by group, part, and NPU's place in its kind
  std::vector<std::uint32_t> place_in_kind_;             // by NPU
  std::vector<std::vector<Time>> ports_;  // by dimension: an NPU's port, or its port to each position
};

}  // namespace bandwright
