#pragma once
#include "simulator/scenario.h"

namespace bandwright {

// The seconds that playing a step that all NPUs do alike takes over flows, within a factor of three: its
// operations and phases, and the messages of lines that meet others. What secluded lines play
// (secluded_lines.h) counts twice. Whether messages meet others of their round is looked up for some rounds.
// Of a step with its blocks, whose rounds are all played. Throws InputError as simulate_full does. Infinite
// where to find out which lines those are would take longer than `most_s`.
double flow_play_seconds(const Scenario& scenario, double most_s = 1e9);

}  // namespace bandwright
