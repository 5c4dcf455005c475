#pragma once
#include "network/routes.h"
#include "tests/support/simgrid_oracle.h"

namespace bandwright {

// A collective in rounds over a network as it is built, for the oracle: from what each rank sends in a round.
struct RoundsCase {
  std::vector<double> capacity;
  Rounds rounds;
};
template <class Peer>
RoundsCase rounds_over(const NetworkGraph& graph, const RoutingOptions& routing, std::uint32_t ranks,
                       int rounds, std::int64_t bytes, Peer&& peer) {
  Routes routes(graph, routing);
  RoundsCase result{.capacity = routes.capacities(), .rounds = Rounds(static_cast<std::size_t>(rounds))};
  for (int r = 0; r < rounds; ++r) {
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      Routes::Way way;
      const auto to = static_cast<std::uint32_t>(peer(r, rank));
      routes.find(
          rank, to, 0, [](LinkId) { return 0.0; }, way);
      result.rounds[static_cast<std::size_t>(r)].push_back(
          {rank, to, bytes, to_seconds(way.latency), way.steps});
    }
  }
  return result;
}

}  // namespace bandwright
