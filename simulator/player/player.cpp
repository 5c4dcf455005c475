#include "simulator/player/player.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "simulator/player/play.h"
#include "simulator/transport/catalogue.h"
#include "simulator/transport/flows.h"

namespace bandwright {

Player::Player(const Scenario& scenario, const RankedStep& step, Timeline* timeline, bool play_all,
               SharedFlows* shared)
    : scenario_(scenario),
      step_(step),
      compute_time_(npu_factors(scenario, &NpuSpec::compute_time)),
      plan_(plan_communication(scenario)),
      place_(step.graph.operations.size()),
      dependants_(step.graph.operations.size()),
      timeline_(timeline) {
  if (step.graph.operations.size() > max_detail) throw InputError("more than 2^29 operations");
  choose_transport(play_all, shared);
  prepare();
}

StepResult Player::run(const OnPlayed& on_progress) {
  on_progress_ = on_progress;
  start_first();
  settle();
  while (!events_.empty()) {
    handle(events_.pop());
    if (++so_far_.events % progress_interval == 0 && on_progress_) on_progress_(so_far_);
    stop_.look_now_and_then();
    if (events_.more_now()) continue;
    stop_.look();
    settle();
  }
  return end();
}

void Player::begin(Time start) {
  begun_ = start;
  events_.push(start, play_event(PlayEvent::TransportActs, 0));
  events_.pop();  // now it is then
  start_first();
  pace_->settle();
}

void Player::act() {
  do {
    handle(events_.pop());
    ++so_far_.events;
    stop_.look_now_and_then();
  } while (events_.more_now());
  pace_->settle();
}

void Player::start_first() {
  for (std::uint32_t npu = 0; npu < step_.kind_of.size(); ++npu) {
    stop_.look();
    for (const OperationId id : kind(npu).operations) {
      if (state(npu, id).missing == 0) start(npu, id);
    }
  }
}

// Lines of NPUs that are alike need no transport for ports: line_pace.h.
void Player::choose_transport(bool play_all, SharedFlows* shared) {
  const bool alike = step_.teams_of_group.empty();
  if (shared != nullptr) {
    transport_ = std::make_unique<Flows>(scenario_, step_.crossing, events_, shared);
  } else if (!alike || scenario_.library.network != NetworkModel::Ports) {
    transport_ = transport_of(scenario_.library).make(scenario_, step_.crossing, events_);
  }
  const auto worked_out = [this](std::int64_t messages) {
    so_far_.messages += messages;
    if (on_progress_) on_progress_(so_far_);
  };
  const PaceInputs inputs{scenario_, step_,     plan_,    transport_.get(),
                          events_,   timeline_, play_all, worked_out};
  if (alike) {
    pace_ = std::make_unique<LinePace>(inputs);
  } else {
    pace_ = std::make_unique<OwnPace>(inputs);
  }
}

void Player::prepare() {
  for (OperationId id = 0; id < dependants_.size(); ++id) {
    for (const OperationId before : step_.graph.dependencies_of(operation(id))) {
      dependants_[before].push_back(id);
    }
  }
  for (const RankedStep::Kind& kind : step_.kinds) {
    std::uint32_t place = 0;
    for (const OperationId id : kind.operations) place_[id] = place++;
  }
  std::size_t states = 0;
  for (const RankedStep::Kind& kind : step_.kinds) states += kind.operations.size() * kind.npus.size();
  states_.reserve(states);
  for (std::uint32_t npu = 0; npu < step_.kind_of.size(); ++npu) {
    stop_.look();
    first_state_.push_back(states_.size());
    for (const OperationId id : kind(npu).operations) {
      const bool receives = !step_.ties.empty() && step_.ties[id].receives;
      states_.push_back({.missing = operation(id).dependencies + (receives ? 1U : 0U)});
    }
  }
}

void Player::handle(const PlayEvent& event) {
  switch (event.kind) {
    case PlayEvent::PhaseEnds:
      so_far_.events += event.detail;  // of as many lines more
      return pace_->handle(event);
    case PlayEvent::OperationEnds:
      return end_operation(event.subject, event.detail);
    case PlayEvent::TransportActs:
      return transport_->handle(event.subject);
    default:
      return pace_->handle(event);
  }
}

void Player::settle() {
  pace_->settle();
  if (transport_) transport_->settle();
}

void Player::start(std::uint32_t npu, OperationId id) {
  state(npu, id).start = events_.now();
  const Operation& one = operation(id);
  if (one.kind == OperationKind::Collective) {
    if (!step_.ties.empty() && step_.ties[id].receive != RankedStep::nothing) return send(npu, id);
    if (!plan_.calls[one.collective].plan.plan_of_chunk.empty()) return pace_->join(npu, id);
  }
  Time duration = one.duration;
  if (!compute_time_.empty() && one.kind == OperationKind::Compute) {
    const double scaled = static_cast<double>(duration.value()) * compute_time_[npu];
    duration = scaled < static_cast<double>(clock_end.value()) ? Time(std::llround(scaled)) : 2 * clock_end;
  }
  events_.push(events_.now() + duration, play_event(PlayEvent::OperationEnds, npu, id));
}

void Player::send(std::uint32_t npu, OperationId id) {
  const Bytes bytes = step_.graph.collectives[operation(id).collective].collective.bytes;
  transport_->send({.from = npu,
                    .to = receiver(npu, id),
                    .bytes = bytes.value(),
                    .lone = true,
                    .arrival = play_event(PlayEvent::OperationEnds, npu, id)},
                   events_.now());
}

void Player::end_operation(std::uint32_t npu, OperationId id) {
  state(npu, id).end = events_.now();
  if (!step_.ties.empty() && step_.ties[id].receive != RankedStep::nothing) {
    release(receiver(npu, id), step_.ties[id].receive, OperationSpan::no_operation);
  }
  for (const OperationId dependant : dependants_[id]) release(npu, dependant, id);
}

void Player::release(std::uint32_t npu, OperationId id, OperationId by) {
  State& next = state(npu, id);
  if (--next.missing > 0) return;
  next.last = by;
  start(npu, id);
}

// A run that stops early is an error and never a result.
void Player::require_all_ended() const {
  std::size_t waiting = 0;
  std::string first;
  for (std::uint32_t npu = 0; npu < step_.kind_of.size(); ++npu) {
    stop_.look();
    for (const OperationId id : kind(npu).operations) {
      if (state(npu, id).end >= Time(0) || waiting++ > 0) continue;
      first = fmt::format("{} ({}) of NPU {}", role_name(operation(id).role),
                          step_.graph.line_names[operation(id).line], npu);
    }
  }
  if (waiting == 0) return;
  throw InputError(fmt::format("deadlock in {}: {} of {} operations never ended, {} among them",
                               step_.graph.name, waiting, states_.size(), first));
}

std::uint32_t Player::slowest() const {
  std::uint32_t slowest = 0;
  Time latest;
  for (std::uint32_t npu = 0; npu < step_.kind_of.size(); ++npu) {
    stop_.look();
    for (const OperationId id : kind(npu).operations) {
      if (state(npu, id).end <= latest) continue;
      latest = state(npu, id).end;
      slowest = npu;
    }
  }
  return slowest;
}

// What one NPU waited for, in terms of its own operations.
void Player::describe(std::uint32_t npu, StepResult& result) const {
  const std::vector<OperationId>& operations = kind(npu).operations;
  std::vector<OperationSpan> spans;
  for (const OperationId id : operations) {
    const State& mine = state(npu, id);
    spans.push_back({.kind = operation(id).kind,
                     .bubble = operation(id).role == Role::Bubble,
                     .start = mine.start - begun_,
                     .end = mine.end - begun_,
                     .last = mine.last == OperationSpan::no_operation ? mine.last : place_[mine.last]});
    if (operation(id).kind != OperationKind::Collective) continue;
    spans.back().group = plan_.calls[operation(id).collective].group;
    spans.back().dimension = plan_.calls[operation(id).collective].busiest;
  }
  attribute_waiting(spans, result);
  for (CriticalOperation& critical : result.critical_path) {
    critical.operation = operations[critical.operation];
  }
}

void Player::fill_timeline() {
  timeline_->queues = plan_.queues;
  timeline_->sent = sent_by(plan_);
  for (const RankedStep::Kind& kind : step_.kinds) {
    const auto npu = static_cast<std::uint32_t>(kind.npus.front());
    for (const OperationId id : kind.operations) {
      timeline_->operations.push_back({id, state(npu, id).start, state(npu, id).end});
    }
  }
}

StepResult Player::result() {
  StepResult result;
  for (const Group& group : step_.graph.groups) result.groups.push_back({group.name, {}});
  result.dimensions.resize(static_cast<std::size_t>(scenario_.network.size()));
  describe(slowest(), result);
  describe_traffic(scenario_, plan_, result);
  result.queues = pace_->uses();
  for (std::size_t q = 0; q < result.queues.size(); ++q) {
    const LogicalDimension& queue = plan_.queues[q];
    result.queues[q].group = queue.group;
    result.queues[q].dimension = queue.part.dimension;
    result.queues[q].npus = queue.part.npus;
  }
  if (timeline_ != nullptr) fill_timeline();
  result.events = so_far_.events;
  return result;
}

StepResult simulate_full(const Scenario& scenario, const RankedStep& step, Timeline* timeline,
                         const OnPlayed& on_progress, bool play_all) {
  return Player(scenario, step, timeline, play_all).run(on_progress);
}

StepResult simulate_full(const Scenario& scenario, Timeline* timeline) {
  const RankedStep step = of_one_kind(scenario);
  return simulate_full({step.graph, scenario.network, scenario.library, scenario.bandwidth,
                        scenario.after_collective, scenario.built},
                       step, timeline);
}

RankedStep of_one_kind(const Scenario& scenario) {
  RankedStep step{.graph = scenario.graph, .kinds = std::vector<RankedStep::Kind>(1)};
  for (int npu = 0; npu < scenario.network.npus(); ++npu) step.kinds[0].npus.push_back(npu);
  for (OperationId id = 0; id < step.graph.operations.size(); ++id) step.kinds[0].operations.push_back(id);
  step.kind_of.assign(step.kinds[0].npus.size(), 0);
  return step;
}

}  // namespace bandwright
