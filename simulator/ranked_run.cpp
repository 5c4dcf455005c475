#include "simulator/ranked_run.h"

#include <fmt/format.h>

#include "core/error.h"
#include "simulator/exposure.h"
#include "simulator/ranked_seats.h"

namespace bandwright {
namespace {

class RankedRun {
 public:
  RankedRun(const Scenario& scenario, const RankedStep& step, Timeline* timeline)
      : scenario_(scenario),
        step_(step),
        plan_(plan_communication(scenario)),
        calls_(ranked_calls(scenario, plan_)),
        seats_(scenario, step, calls_, events_),
        place_(step.graph.operations.size()),
        dependants_(step.graph.operations.size()),
        uses_(plan_.queues.size()),
        timeline_(timeline) {
    prepare();
  }

  StepResult run() {
    for (std::uint32_t npu = 0; npu < step_.kind_of.size(); ++npu) {
      for (const OperationId id : kind(npu).operations) {
        if (state(npu, id).missing == 0) start(npu, id);
      }
    }
    while (!events_.empty()) {
      handle(events_.pop());
      ++handled_;
    }
    require_all_ended();
    return result();
  }

 private:
  struct State {  // of one NPU's operation
    std::uint32_t missing = 0;
    OperationId last = OperationSpan::no_operation;
    Time start;
    Time end = Time(-1);
  };

  void prepare();
  void handle(const RankedEvent& event);
  void start(std::uint32_t npu, OperationId id);
  void end_job(const RankedEvent& event);
  void end_operation(std::uint32_t npu, OperationId id);
  void release(std::uint32_t npu, OperationId id, OperationId by);
  void require_all_ended() const;
  [[nodiscard]] std::uint32_t slowest() const;
  void describe(std::uint32_t npu, StepResult& result) const;
  void describe_queues(StepResult& result) const;
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
  CommunicationPlan plan_;
  std::vector<RankedCall> calls_;
  RankedEvents events_;
  RankedSeats seats_;
  std::vector<State> states_;             // by NPU and operation of its kind
  std::vector<std::size_t> first_state_;  // by NPU
  std::vector<std::uint32_t> place_;      // by operation: among its kind's
  std::vector<std::vector<OperationId>> dependants_;
  std::vector<QueueUse> uses_;  // by logical dimension, sums over the NPUs of the kind that uses it
  std::int64_t handled_ = 0;
  Timeline* timeline_;
};

void RankedRun::prepare() {
  for (OperationId id = 0; id < dependants_.size(); ++id) {
    for (const OperationId before : step_.graph.dependencies_of(operation(id))) {
      dependants_[before].push_back(id);
    }
  }
  for (const RankedStep::Kind& kind : step_.kinds) {
    std::uint32_t place = 0;
    for (const OperationId id : kind.operations) place_[id] = place++;
  }
  for (std::uint32_t npu = 0; npu < step_.kind_of.size(); ++npu) {
    first_state_.push_back(states_.size());
    for (const OperationId id : kind(npu).operations) {
      states_.push_back({.missing = operation(id).dependencies + (step_.ties[id].receives ? 1U : 0U)});
    }
  }
}

void RankedRun::handle(const RankedEvent& event) {
  switch (event.kind) {
    case RankedEvent::OperationEnds:
      return end_operation(event.npu, event.subject);
    case RankedEvent::JobEnds:
      return end_job(event);
    default:
      return seats_.arrive(event);
  }
}

void RankedRun::start(std::uint32_t npu, OperationId id) {
  state(npu, id).start = events_.now();
  Time duration = operation(id).duration;
  if (operation(id).kind == OperationKind::Collective) {
    if (step_.ties[id].receive == RankedStep::nothing) return seats_.join(npu, id);
    const Bytes bytes = step_.graph.collectives[operation(id).collective].collective.bytes;
    duration = seats_.network().message(npu, receiver(npu, id), bytes);
  }
  events_.push(events_.now() + duration, ranked_event(RankedEvent::OperationEnds, npu, id));
}

void RankedRun::end_job(const RankedEvent& event) {
  const OperationId id = event.subject;
  const CommunicationPlan::Call& call = plan_.calls[operation(id).collective];
  const std::uint32_t queue = call.queues[event.part];
  const RankedSeats::Served served = seats_.end_job(event.npu, event.part);
  ++uses_[queue].chunks;
  uses_[queue].mean_service += events_.now() - served.started;
  uses_[queue].mean_queueing += served.started - served.ready;
  if (timeline_ != nullptr && kind(event.npu).npus.front() == static_cast<int>(event.npu)) {
    const RankedCall::Job& job = served.job;
    const Phase& phase = call.plan.plans[call.plan.plan_of_chunk[job.chunk]][job.phase];
    timeline_->chunks.push_back({id, queue, job.chunk, phase.kind, served.started, events_.now()});
  }
  if (!served.last) return;
  events_.push(events_.now() + scenario_.after(operation(id)),
               ranked_event(RankedEvent::OperationEnds, event.npu, id));
}

void RankedRun::end_operation(std::uint32_t npu, OperationId id) {
  state(npu, id).end = events_.now();
  if (seats_.call(npu) == id) seats_.leave(npu);
  const OperationId receive = step_.ties[id].receive;
  if (receive != RankedStep::nothing) release(receiver(npu, id), receive, OperationSpan::no_operation);
  for (const OperationId dependant : dependants_[id]) release(npu, dependant, id);
}

void RankedRun::release(std::uint32_t npu, OperationId id, OperationId by) {
  State& next = state(npu, id);
  if (--next.missing > 0) return;
  next.last = by;
  start(npu, id);
}

void RankedRun::require_all_ended() const {
  std::size_t waiting = 0;
  std::string first;
  for (std::uint32_t npu = 0; npu < step_.kind_of.size(); ++npu) {
    for (const OperationId id : kind(npu).operations) {
      if (state(npu, id).end >= Time(0) || waiting++ > 0) continue;
      first = fmt::format("{} of NPU {}", step_.graph.line_names[operation(id).line], npu);
    }
  }
  if (waiting == 0) return;
  throw InputError(fmt::format("deadlock in {}: {} of {} operations never ended, {} among them",
                               step_.graph.name, waiting, states_.size(), first));
}

std::uint32_t RankedRun::slowest() const {
  std::uint32_t slowest = 0;
  Time latest;
  for (std::uint32_t npu = 0; npu < step_.kind_of.size(); ++npu) {
    for (const OperationId id : kind(npu).operations) {
      if (state(npu, id).end <= latest) continue;
      latest = state(npu, id).end;
      slowest = npu;
    }
  }
  return slowest;
}

// What one NPU waited for, in terms of its own operations.
void RankedRun::describe(std::uint32_t npu, StepResult& result) const {
  const std::vector<OperationId>& operations = kind(npu).operations;
  std::vector<OperationSpan> spans;
  for (const OperationId id : operations) {
    const State& mine = state(npu, id);
    const OperationId last = mine.last == OperationSpan::no_operation ? mine.last : place_[mine.last];
    spans.push_back({.kind = operation(id).kind, .start = mine.start, .end = mine.end, .last = last});
    if (operation(id).kind != OperationKind::Collective) continue;
    spans.back().group = plan_.calls[operation(id).collective].group;
    spans.back().dimension = plan_.calls[operation(id).collective].busiest;
  }
  attribute_waiting(spans, result);
  for (CriticalOperation& critical : result.critical_path)
    critical.operation = operations[critical.operation];
}

void RankedRun::describe_queues(StepResult& result) const {
  for (std::size_t q = 0; q < uses_.size(); ++q) {
    const LogicalDimension& queue = plan_.queues[q];
    QueueUse use = uses_[q];
    const std::int64_t count = std::max<std::int64_t>(1, use.chunks);
    use.group = queue.group;
    use.dimension = queue.part.dimension;
    use.npus = queue.part.npus;
    use.mean_service = use.mean_service / count;
    use.mean_queueing = use.mean_queueing / count;
    use.chunks /= static_cast<std::int64_t>(step_.kinds[static_cast<std::size_t>(queue.set)].npus.size());
    result.queues.push_back(std::move(use));
  }
}

void RankedRun::fill_timeline() {
  timeline_->queues = plan_.queues;
  for (const RankedStep::Kind& kind : step_.kinds) {
    const auto npu = static_cast<std::uint32_t>(kind.npus.front());
    for (const OperationId id : kind.operations) {
      timeline_->operations.push_back({id, state(npu, id).start, state(npu, id).end});
    }
  }
}

StepResult RankedRun::result() {
  StepResult result;
  for (const Group& group : step_.graph.groups) result.groups.push_back({group.name, {}});
  result.dimensions.resize(static_cast<std::size_t>(scenario_.network.size()));
  describe(slowest(), result);
  describe_traffic(scenario_, plan_, result);
  describe_queues(result);
  if (timeline_ != nullptr) fill_timeline();
  result.events = handled_;
  return result;
}

}  // namespace

StepResult simulate_ranked(const Scenario& scenario, const RankedStep& step, Timeline* timeline) {
  return RankedRun(scenario, step, timeline).run();
}

double ranked_messages(const Scenario& scenario, const RankedStep& step) {
  const CommunicationPlan plan = plan_communication(scenario);
  std::vector<double> of_call;  // per NPU
  for (const CommunicationPlan::Call& call : plan.calls) {
    double& messages = of_call.emplace_back(0.0);
    for (const std::uint32_t chunk : call.plan.plan_of_chunk) {
      for (const Phase& phase : call.plan.plans[chunk]) {
        const int n = plan.queues[call.queues[phase.part]].part.npus;
        for (const Block& block : phase.program) {
          messages += static_cast<double>(block.pattern->messages(n, block)) / n;
        }
      }
    }
  }
  double messages = 0.0;
  for (const RankedStep::Kind& kind : step.kinds) {
    for (const OperationId id : kind.operations) {
      const Operation& operation = step.graph.operations[id];
      if (operation.kind != OperationKind::Collective) continue;
      messages += of_call[operation.collective] * static_cast<double>(kind.npus.size());
    }
  }
  return messages;
}

}  // namespace bandwright
