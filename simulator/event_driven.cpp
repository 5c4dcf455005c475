#include "simulator/event_driven.h"

#include <algorithm>

#include "core/stopping.h"
#include "simulator/event_queue.h"
#include "simulator/operation_states.h"
#include "simulator/ready_queue.h"

namespace bandwright {
namespace {

struct Event {
  enum Kind : std::uint32_t { OperationEnds, PhaseEnds };
  Kind kind;
  std::uint32_t index;  // of the operation, or of the logical dimension
};

// A chunk under way. Phases of all plans lie in one array; a chunk walks its stretch of it.
struct Chunk {
  std::uint32_t phase;
  std::uint32_t last_phase;
  OperationId operation;
  std::uint32_t number;  // in its collective
  int rank;
  Time waiting_since;
};

struct Server {
  ReadyQueue waiting;
  bool busy = false;
  std::uint32_t chunk = 0;  // in service
  std::int64_t served = 0;
  Time service;  // sums
  Time queueing;
};

class FoldedRun {
 public:
  FoldedRun(const Scenario& scenario, Timeline* timeline, RoundWatch* repetition)
      : scenario_(scenario),
        graph_(scenario.graph),
        plan_(plan_communication(scenario)),
        servers_(plan_.queues.size()),
        operations_(graph_, 1),
        order_(scenario.library.collectives),
        timeline_(timeline),
        repetition_(repetition) {
    flatten_plans();
  }

  StepResult run() {
    for (OperationId id = 0; id < graph_.operations.size(); ++id) {
      if (graph_.operations[id].dependencies == 0) start(id);
    }
    choose();
    StopCheck stop;
    while (!events_.empty()) {
      stop.look_now_and_then();
      const Event event = events_.pop();
      ++handled_;
      if (event.kind == Event::PhaseEnds) {
        end_phase(event.index);
      } else {
        end_operation(event.index);
      }
      if (events_.more_now()) continue;
      choose();
      if (round_began_ && !events_.more_now()) note_round();
    }
    return result();
  }

 private:
  struct FlatPhase {
    Time duration;
    std::uint32_t queue;
    CollectiveKind kind;
  };
  struct FlatPlan {
    std::uint32_t first_phase;
    std::uint32_t last_phase;
  };
  void flatten_plans() {
    for (const CommunicationPlan::Call& call : plan_.calls) {
      first_plan_.push_back(static_cast<std::uint32_t>(plans_.size()));
      for (const ChunkPlan& plan : call.plan.plans) {
        const auto first = static_cast<std::uint32_t>(phases_.size());
        for (const Phase& phase : plan) {
          phases_.push_back({phase.duration, call.queues[phase.part], phase.kind});
        }
        plans_.push_back({first, static_cast<std::uint32_t>(phases_.size() - 1)});
      }
    }
  }

  void schedule(Time delay, Event event) {
    const Time time = events_.now() + delay;
    events_.push(time, event);
    if (repetition_ != nullptr) pending_.emplace_back(time, event);
  }

  void start(OperationId id) {
    const Operation& operation = graph_.operations[id];
    operations_.of(0, id).start = events_.now();
    last_started_ = std::max(last_started_, id);
    if (repetition_ != nullptr && repetition_->watching() && repetition_->begins_round(id))
      round_began_ = true;
    if (operation.kind != OperationKind::Collective) {
      schedule(operation.duration, {Event::OperationEnds, id});
    } else {
      issue(id, operation);
    }
  }

  void issue(OperationId id, const Operation& operation) {
    const CollectivePlan& plan = plan_.calls[operation.collective].plan;
    const int rank = order_.next(operation.role);
    operations_.of(0, id).missing = static_cast<std::uint32_t>(plan.plan_of_chunk.size());
    for (std::uint32_t number = 0; number < plan.plan_of_chunk.size(); ++number) {
      const FlatPlan& flat = plans_[first_plan_[operation.collective] + plan.plan_of_chunk[number]];
      join(take_chunk({flat.first_phase, flat.last_phase, id, number, rank, {}}));
    }
    if (plan.plan_of_chunk.empty()) schedule(operation.duration, {Event::OperationEnds, id});
  }

  std::uint32_t take_chunk(const Chunk& chunk) {
    if (free_chunks_.empty()) {
      chunks_.push_back(chunk);
      return static_cast<std::uint32_t>(chunks_.size() - 1);
    }
    const std::uint32_t slot = free_chunks_.back();
    free_chunks_.pop_back();
    chunks_[slot] = chunk;
    return slot;
  }

  // Puts a chunk into the queue of its phase.
  void join(std::uint32_t slot) {
    Chunk& chunk = chunks_[slot];
    const FlatPhase& phase = phases_[chunk.phase];
    chunk.waiting_since = events_.now();
    const bool by_size = scenario_.library.chunk_order == ChunkOrder::SmallestFirst;
    Server& server = servers_[phase.queue];
    server.waiting.push(chunk.rank, by_size ? phase.duration : Time(0), slot);
    if (!server.busy) idle_.push_back(phase.queue);
  }

  // Every idle dimension takes its next chunk.
  void choose() {
    for (const std::uint32_t index : idle_) {
      Server& server = servers_[index];
      if (server.busy || server.waiting.empty()) continue;
      server.busy = true;
      server.chunk = server.waiting.pop();
      const Chunk& chunk = chunks_[server.chunk];
      const Time duration = phases_[chunk.phase].duration;
      ++server.served;
      server.queueing += events_.now() - chunk.waiting_since;
      server.service += duration;
      schedule(duration, {Event::PhaseEnds, index});
    }
    idle_.clear();
  }

  void end_phase(std::uint32_t index) {
    Server& server = servers_[index];
    const std::uint32_t slot = server.chunk;
    Chunk& chunk = chunks_[slot];
    if (timeline_ != nullptr) note(index, chunk);
    server.busy = false;
    idle_.push_back(index);
    if (chunk.phase++ != chunk.last_phase) {
      join(slot);
      return;
    }
    free_chunks_.push_back(slot);
    if (--operations_.of(0, chunk.operation).missing == 0) {
      schedule(scenario_.after(graph_.operations[chunk.operation]), {Event::OperationEnds, chunk.operation});
    }
  }

  void end_operation(OperationId id) {
    operations_.end(0, id, events_.now(), [&](OperationId next) { start(next); });
  }

  void note(std::uint32_t queue, const Chunk& chunk) {
    const FlatPhase& phase = phases_[chunk.phase];
    timeline_->chunks.push_back(
        {chunk.operation, queue, chunk.number, phase.kind, events_.now() - phase.duration, events_.now()});
  }

  // The state of the run, as the repetition wants it: all that decides what comes.
  void note_round() {
    round_began_ = false;
    std::vector<std::int64_t> state;
    const OperationId oldest = note_operations(state);
    note_pending(state);
    for (const Server& server : servers_) {
      state.push_back(server.busy ? 1 : 0);
      if (server.busy) note_chunk(server.chunk, state);
      const std::vector<ReadyQueue::Entry> waiting = server.waiting.sorted();
      state.push_back(static_cast<std::int64_t>(waiting.size()));
      for (const ReadyQueue::Entry& entry : waiting) note_chunk(entry.chunk, state);
    }
    repetition_->note(std::move(state), oldest);
  }

  // Which operations are under way or have ended before their turn. Returns the first that has not ended.
  OperationId note_operations(std::vector<std::int64_t>& state) {
    while (oldest_ < graph_.operations.size() && operations_.of(0, oldest_).end >= Time(0)) ++oldest_;
    for (OperationId id = oldest_; id <= last_started_; ++id) {
      const OperationStates::State& one = operations_.of(0, id);
      const bool started = one.start >= Time(0);
      if (!started && repetition_->inside(id)) continue;
      const int progress = one.end >= Time(0) ? 2 : started ? 1 : 0;
      state.insert(state.end(), {repetition_->relative(id), progress});
      if (started && progress < 2) state.push_back((one.start - events_.now()).value());
    }
    state.push_back(repetition_->relative(oldest_));
    return oldest_;
  }

  void note_pending(std::vector<std::int64_t>& state) {
    std::erase_if(pending_, [&](const auto& each) { return each.first <= events_.now(); });
    std::stable_sort(pending_.begin(), pending_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [time, event] : pending_) {
      const bool phase = event.kind == Event::PhaseEnds;
      state.insert(state.end(), {(time - events_.now()).value(), phase ? 1 : 0,
                                 phase ? std::int64_t{event.index} : repetition_->relative(event.index)});
    }
    state.push_back(-1);
  }

  void note_chunk(std::uint32_t slot, std::vector<std::int64_t>& state) const {
    const Chunk& chunk = chunks_[slot];
    state.insert(state.end(), {repetition_->relative(chunk.operation), chunk.number, chunk.phase,
                               chunk.rank - order_.counter(), (chunk.waiting_since - events_.now()).value()});
  }

  StepResult result() {
    StepResult result = result_of(scenario_, plan_, operations_.of(0));
    if (timeline_ != nullptr) record(plan_, operations_.of(0), *timeline_);
    for (std::size_t q = 0; q < servers_.size(); ++q) {
      const Server& server = servers_[q];
      const LogicalDimension& queue = plan_.queues[q];
      result.queues.push_back({queue.group, queue.part.dimension, queue.part.npus, server.served,
                               server.service, server.queueing});
    }
    result.events = handled_;
    return result;
  }

  const Scenario& scenario_;
  const Step& graph_;
  CommunicationPlan plan_;
  std::vector<FlatPhase> phases_;
  std::vector<FlatPlan> plans_;
  std::vector<std::uint32_t> first_plan_;  // of each collective, into plans_

  EventQueue<Event> events_;
  std::vector<Server> servers_;
  std::vector<std::uint32_t> idle_;  // servers that may have something to start
  std::vector<Chunk> chunks_;
  std::vector<std::uint32_t> free_chunks_;
  OperationStates operations_;
  IssueOrder order_;
  std::int64_t handled_ = 0;
  Timeline* timeline_;

  RoundWatch* repetition_;  // nothing: nobody asks
  bool round_began_ = false;
  OperationId last_started_ = 0;  // the largest id
  OperationId oldest_ = 0;        // all before have ended
  std::vector<std::pair<Time, Event>> pending_;
};

}  // namespace

StepResult simulate_folded(const Scenario& scenario, Timeline* timeline, RoundWatch* repetition) {
  return FoldedRun(scenario, timeline, repetition).run();
}

}  // namespace bandwright
