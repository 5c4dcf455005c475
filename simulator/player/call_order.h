#pragma once
#include <cstdint>
#include <vector>

#include "simulator/player/seats.h"
#include "simulator/scenario.h"

namespace bandwright {

// A collective as each of its NPUs plays it when NPUs do not wait for each other's phases: the phases of its
// chunks in a fixed order on each dimension. The order is the one in which they are served when all NPUs come
// at once, and thus one that never makes two NPUs wait for each other.
struct CallOrder {
  struct Job {
    std::uint32_t chunk = 0;
    std::uint32_t phase = 0;  // of the chunk
    SeatProgram program;
    std::uint32_t first_round = 0;  // rounds of a dimension's jobs are numbered through
  };
  struct Place {
    std::uint32_t part = 0;  // of the group's dimensions
    std::uint32_t job = 0;
  };
  std::vector<std::vector<Job>> jobs;      // by part
  std::vector<std::vector<Place>> places;  // by chunk and phase
};

// One for each of scenario.graph.collectives; they refer to the plan. Throws InputError as the engines do.
std::vector<CallOrder> call_orders(const Scenario& scenario, const CommunicationPlan& plan);

}  // namespace bandwright
