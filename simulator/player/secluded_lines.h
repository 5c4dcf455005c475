#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "simulator/player/seats.h"
#include "simulator/transport/flow_ways.h"

namespace bandwright {

// Lines of one logical dimension and the phases that are played on them.
struct PlayedLines {
  std::span<const SeatLine> lines;
  std::vector<const SeatProgram*> programs;
};

// What playing each program once on each of its lines takes, in messages.
std::int64_t messages_once(std::span<const PlayedLines> played);

// Lines whose messages share nothing with those of other lines, by number through all of `played`: what they
// play takes as long whenever they play it, whatever the others do. Tensor parallelism inside machines, say,
// where each machine has a switch of its own. Empty where ways are not known beforehand.
std::vector<bool> secluded_lines(std::span<const PlayedLines> played, WaysAhead& ways);

}  // namespace bandwright
