#pragma once
#include <functional>
#include <stop_token>
#include <string_view>

#include "formats/chakra/trace_set.h"
#include "simulator/player/play_cost.h"

namespace bandwright {

// Who looks on while a long question is answered, and may stop it; everything may be left out.
struct Watch {
  std::stop_token stop;
  std::function<void(std::string_view stage)> on_stage;                 // of placing tensors
  std::function<void(const TraceProgress& progress)> on_traces;         // while they are read
  std::function<void(std::string_view stage, double share)> on_search;  // of a plan, 0 to 1
  std::function<void(const PlayCost& cost)> on_cost;                    // of every NPU by itself, before
  std::function<void(double share)> on_play;                            // while that is played, 0 to 1
};

}  // namespace bandwright
