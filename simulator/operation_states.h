#pragma once
#include <vector>

#include "simulator/scenario.h"
#include "simulator/timeline.h"

namespace bandwright {

// How far each operation of a step is, on each of the NPUs an event-driven engine plays.
class OperationStates {
 public:
  struct State {
    std::uint32_t missing = 0;           // dependencies; once a collective runs, its chunks
    OperationId last = ~OperationId{0};  // the dependency that ended last
    Time start = Time(-1);               // not yet
    Time end = Time(-1);
  };

  OperationStates(const Step& graph, std::int64_t npus);

  State& of(std::int64_t npu, OperationId id) { return states_[index(npu, id)]; }
  // The operations of an NPU, by id.
  [[nodiscard]] std::span<const State> of(std::int64_t npu) const {
    return std::span(states_).subspan(index(npu, 0), count_);
  }

  // An operation has ended; `start` is called with each one that waited for it last.
  template <class Start>
  void end(std::int64_t npu, OperationId id, Time now, Start start) {
    of(npu, id).end = now;
    for (std::uint32_t i = first_dependant_[id]; i < first_dependant_[id + 1]; ++i) {
      State& dependant = of(npu, dependants_[i]);
      if (--dependant.missing > 0) continue;
      dependant.last = id;
      start(dependants_[i]);
    }
  }

 private:
  [[nodiscard]] std::size_t index(std::int64_t npu, OperationId id) const {
    return static_cast<std::size_t>(npu) * count_ + id;
  }
  void link_dependants(const Step& graph);

  std::size_t count_;                           // operations
  std::vector<std::uint32_t> first_dependant_;  // of each operation and the next, into dependants_
  std::vector<OperationId> dependants_;
  std::vector<State> states_;
};

// The result of a run as one NPU saw it, but for queues and events. Throws InputError when an operation never
// ended (require_all_ended).
StepResult result_of(const Scenario& scenario, const CommunicationPlan& plan,
                     std::span<const OperationStates::State> npu);

// That NPU's operations, and the logical dimensions, for a timeline.
void record(const CommunicationPlan& plan, std::span<const OperationStates::State> npu, Timeline& timeline);

}  // namespace bandwright
