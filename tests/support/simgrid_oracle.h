#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "network/flows/flow_play.h"

namespace bandwright {

// SimGrid's fluid network as an independent second opinion: model CM02 with factors of 1, no cross-traffic,
// links of latency 0, times to 1e-13 s. A flow's latency is slept before it starts, as SimGrid shares links
// in proportion to 1 / latency otherwise.
//
// SimGrid has one simulation per process: each call plays its own in a child process.

// When each flow ends, in s.
std::vector<double> simgrid_ends(const std::vector<double>& bytes_per_second,
                                 const std::vector<PlannedFlow>& flows);
// The same with latencies on a link, which all flows take: SimGrid's own order of things.
std::vector<double> simgrid_ends_with_latencies(double bytes_per_second, const std::vector<double>& latency_s,
                                                std::int64_t bytes);

// Ranks that send one message in each round and go on when the one they receive in it has arrived.
struct RoundMessage {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::int64_t bytes = 0;
  double latency_s = 0.0;
  std::vector<FlowStep> way;
};
using Rounds = std::vector<std::vector<RoundMessage>>;  // by round and sender

struct RoundsPlayed {
  std::vector<double> end_s;  // of each round, when its last message arrives
  double cpu_s = 0.0;         // of the simulation, without setting it up
};
// Who sends: an actor for each message; the rank itself, which is faster there, and the same where no
// message arrives during its receiver's latency; or an actor for each rank, that sends one message after the
// other.
enum class Senders { Actors, Ranks, InTurn };
// How it finds new rates: of what changed, or of everything (network/optim:Full), the faster where all
// change.
enum class Updates { Lazy, Full };
RoundsPlayed simgrid_rounds(const std::vector<double>& bytes_per_second, const Rounds& rounds,
                            Senders senders = Senders::Actors, Updates updates = Updates::Lazy);
// All messages of all rounds at the same moment, without latencies; one end.
RoundsPlayed simgrid_at_once(const std::vector<double>& bytes_per_second, const Rounds& rounds,
                             Updates updates = Updates::Lazy);

}  // namespace bandwright
