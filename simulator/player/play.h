#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/stopping.h"
#include "simulator/closed_form/exposure.h"
#include "simulator/player/line_pace.h"
#include "simulator/player/own_pace.h"
#include "simulator/player/player.h"
#include "simulator/transport/flow_share.h"

namespace bandwright {

// A step while it is played (player.h); for the player, and for those who play several over one network
// (together.h).
class Player {
 public:
  // `shared` holds what several steps share; null: the step has the network alone.
  Player(const Scenario& scenario, const RankedStep& step, Timeline* timeline, bool play_all,
         SharedFlows* shared = nullptr);

  StepResult run(const OnPlayed& on_progress);

  // For who plays several: the step begins at a time; when it acts next, nothing where only messages under
  // way could make it; what it does at that moment, which somebody settles; and what came of it, with times
  // from its beginning on.
  void begin(Time start);
  [[nodiscard]] std::optional<Time> next() const {
    return events_.empty() ? std::nullopt : std::optional(events_.next_time());
  }
  void act();
  StepResult end() {
    require_all_ended();
    return result();
  }

 private:
  static constexpr std::int64_t progress_interval =
      1 << 12;  // some milliseconds, where an event is a whole line's phase

  struct State {  // of one NPU's operation
    std::uint32_t missing = 0;
    OperationId last = OperationSpan::no_operation;  // the dependency that ended last
    Time start;
    Time end = Time(-1);  // not yet
  };

  void choose_transport(bool play_all, SharedFlows* shared);
  void start_first();
  void prepare();
  void handle(const PlayEvent& event);
  void settle();
  void start(std::uint32_t npu, OperationId id);
  void send(std::uint32_t npu, OperationId id);
  void end_operation(std::uint32_t npu, OperationId id);
  void release(std::uint32_t npu, OperationId id, OperationId by);
  void require_all_ended() const;
  [[nodiscard]] std::uint32_t slowest() const;
  void describe(std::uint32_t npu, StepResult& result) const;
  void fill_timeline();
  StepResult result();

  [[nodiscard]] const RankedStep::Kind& kind(std::uint32_t npu) const {
    return step_.kinds[step_.kind_of[npu]];
  }
  [[nodiscard]] const Operation& operation(OperationId id) const { return step_.graph.operations[id]; }
  [[nodiscard]] const State& state(std::uint32_t npu, OperationId id) const {
    return states_[first_state_[npu] + place_[id]];
  }
  State& state(std::uint32_t npu, OperationId id) { return states_[first_state_[npu] + place_[id]]; }
  [[nodiscard]] std::uint32_t receiver(std::uint32_t npu, OperationId send) const {
    const auto count = static_cast<std::int64_t>(step_.kind_of.size());
    return static_cast<std::uint32_t>((npu + step_.ties[send].distance + count) % count);
  }

  const Scenario& scenario_;
  const RankedStep& step_;
  std::vector<double> compute_time_;  // factor of each NPU; empty: 1
  CommunicationPlan plan_;
  PlayEvents events_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Pace> pace_;
  std::vector<State> states_;             // by NPU and operation of its kind
  std::vector<std::size_t> first_state_;  // by NPU
  std::vector<std::uint32_t> place_;      // by operation: among its kind's
  std::vector<std::vector<OperationId>> dependants_;
  PlayedSoFar so_far_;
  OnPlayed on_progress_;
  mutable StopCheck stop_;
  Time begun_;
  Timeline* timeline_;
};

}  // namespace bandwright
