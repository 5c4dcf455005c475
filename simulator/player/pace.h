#pragma once
#include <functional>
#include <vector>

#include "simulator/player/seats.h"
#include "simulator/scenario.h"
#include "simulator/timeline.h"
#include "step/ranked_step.h"

namespace bandwright {

// How NPUs go through the chunks and phases of collectives: together with their line (line_pace.h), or each
// by itself (own_pace.h). It tells the end of a collective on an NPU by an OperationEnds event.
class Pace {
 public:
  Pace() = default;
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;
  virtual ~Pace() = default;

  // An NPU comes to a collective.
  virtual void join(std::uint32_t npu, OperationId collective) = 0;
  // REQUIRES PhaseEnds or MessageArrives.
  virtual void handle(const PlayEvent& event) = 0;
  // All that happens at this moment has happened.
  virtual void settle() = 0;
  // How chunks fared on each logical dimension, its NPUs on average.
  [[nodiscard]] virtual std::vector<QueueUse> uses() const = 0;
};

// What a pace plays, and with what. All of it outlives the pace.
struct PaceInputs {
  const Scenario& scenario;
  const RankedStep& step;
  const CommunicationPlan& plan;
  Transport* transport;  // nothing: ports, each phase at once (collective/phase_time.h)
  PlayEvents& events;
  Timeline* timeline;     // may be nothing; gets the chunks of the first NPU of each kind
  bool play_all = false;  // phases whose time is known from before, too
  std::function<void(std::int64_t)> on_messages = {};  // that were no events, but worked out
};

}  // namespace bandwright
