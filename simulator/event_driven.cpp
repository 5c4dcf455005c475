#include "simulator/event_driven.h"

#include <algorithm>

#include "core/error.h"
#include "simulator/event_queue.h"
#include "simulator/exposure.h"
#include "simulator/ready_queue.h"

namespace bandwright {
namespace {

constexpr Time clock_end(std::int64_t{100} * 86400 * 1'000'000'000'000);

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
  FoldedRun(const Scenario& scenario, Timeline* timeline)
      : scenario_(scenario),
        graph_(scenario.graph),
        plan_(plan_communication(scenario)),
        servers_(plan_.queues.size()),
        operations_(graph_.operations.size()),
        order_(scenario.system.collectives),
        timeline_(timeline) {
    flatten_plans();
    link_dependants();
  }

  StepResult run() {
    for (OperationId id = 0; id < operations_.size(); ++id) {
      if (graph_.operations[id].dependencies == 0) start(id);
    }
    choose();
    while (!events_.empty()) {
      const Event event = events_.pop();
      ++handled_;
      if (event.kind == Event::PhaseEnds) {
        end_phase(event.index);
      } else {
        end_operation(event.index);
      }
      if (!events_.more_now()) choose();
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
  struct OperationState {
    std::uint32_t missing = 0;  // dependencies, then chunks
    OperationId last = OperationSpan::no_operation;
    Time start;
    Time end;
    bool ended = false;
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

  // dependants_ of operation i: from first_dependant_[i] to first_dependant_[i + 1].
  void link_dependants() {
    first_dependant_.assign(operations_.size() + 1, 0);
    for (const OperationId before : graph_.dependencies) ++first_dependant_[before + 1];
    for (std::size_t i = 1; i < first_dependant_.size(); ++i) first_dependant_[i] += first_dependant_[i - 1];
    dependants_.resize(graph_.dependencies.size());
    std::vector<std::uint32_t> next(first_dependant_.begin(), first_dependant_.end() - 1);
    for (OperationId id = 0; id < operations_.size(); ++id) {
      operations_[id].missing = graph_.operations[id].dependencies;
      for (const OperationId before : graph_.dependencies_of(graph_.operations[id])) {
        dependants_[next[before]++] = id;
      }
    }
  }

  void schedule(Time delay, Event event) {
    if (delay > clock_end - events_.now()) throw InputError("the step is longer than the clock of 100 days");
    events_.push(events_.now() + delay, event);
  }

  void start(OperationId id) {
    const Operation& operation = graph_.operations[id];
    operations_[id].start = events_.now();
    if (operation.kind != OperationKind::Collective) {
      schedule(operation.duration, {Event::OperationEnds, id});
    } else {
      issue(id, operation);
    }
  }

  void issue(OperationId id, const Operation& operation) {
    const CollectivePlan& plan = plan_.calls[operation.collective].plan;
    const int rank = order_.next(operation.role);
    operations_[id].missing = static_cast<std::uint32_t>(plan.plan_of_chunk.size());
    for (std::uint32_t number = 0; number < plan.plan_of_chunk.size(); ++number) {
      const FlatPlan& flat = plans_[first_plan_[operation.collective] + plan.plan_of_chunk[number]];
      join(take_chunk({flat.first_phase, flat.last_phase, id, number, rank, {}}));
    }
    if (plan.plan_of_chunk.empty()) schedule({}, {Event::OperationEnds, id});
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
    const bool by_size = scenario_.system.chunk_order == ChunkOrder::SmallestFirst;
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
    if (timeline_ != nullptr) record(index, chunk);
    server.busy = false;
    idle_.push_back(index);
    if (chunk.phase++ != chunk.last_phase) {
      join(slot);
      return;
    }
    free_chunks_.push_back(slot);
    if (--operations_[chunk.operation].missing == 0) {
      schedule(scenario_.after_collective, {Event::OperationEnds, chunk.operation});
    }
  }

  void end_operation(OperationId id) {
    OperationState& operation = operations_[id];
    operation.end = events_.now();
    operation.ended = true;
    for (std::uint32_t i = first_dependant_[id]; i < first_dependant_[id + 1]; ++i) {
      OperationState& dependant = operations_[dependants_[i]];
      if (--dependant.missing > 0) continue;
      dependant.last = id;
      start(dependants_[i]);
    }
  }

  void record(std::uint32_t queue, const Chunk& chunk) {
    const FlatPhase& phase = phases_[chunk.phase];
    timeline_->chunks.push_back(
        {chunk.operation, queue, chunk.number, phase.kind, events_.now() - phase.duration, events_.now()});
  }

  StepResult result() {
    StepResult result;
    std::vector<bool> ended;
    std::vector<OperationSpan> spans;
    for (OperationId id = 0; id < operations_.size(); ++id) {
      const OperationState& state = operations_[id];
      const Operation& operation = graph_.operations[id];
      ended.push_back(state.ended);
      spans.push_back({operation.kind, state.start, state.end, 0, -1, state.last});
      if (operation.kind == OperationKind::Collective) {
        spans.back().group = plan_.calls[operation.collective].group;
        spans.back().dimension = plan_.calls[operation.collective].busiest;
      }
      if (timeline_ != nullptr) timeline_->operations.push_back({id, state.start, state.end});
    }
    require_all_ended(graph_, ended);
    if (timeline_ != nullptr) timeline_->queues = plan_.queues;
    for (const Group& group : graph_.groups) result.groups.push_back({group.name, {}});
    result.dimensions.resize(static_cast<std::size_t>(scenario_.network.size()));
    attribute_waiting(spans, result);
    describe_traffic(scenario_, plan_, result);
    for (std::size_t q = 0; q < servers_.size(); ++q) {
      const Server& server = servers_[q];
      const LogicalDimension& queue = plan_.queues[q];
      const std::int64_t served = std::max<std::int64_t>(1, server.served);
      result.queues.push_back({queue.group, queue.part.dimension, queue.part.npus, server.served,
                               server.service / served, server.queueing / served});
    }
    result.events = handled_;
    return result;
  }

  const Scenario& scenario_;
  const StepGraph& graph_;
  CommunicationPlan plan_;
  std::vector<FlatPhase> phases_;
  std::vector<FlatPlan> plans_;
  std::vector<std::uint32_t> first_plan_;  // of each collective, into plans_
  std::vector<std::uint32_t> first_dependant_;
  std::vector<OperationId> dependants_;

  EventQueue<Event> events_;
  std::vector<Server> servers_;
  std::vector<std::uint32_t> idle_;  // servers that may have something to start
  std::vector<Chunk> chunks_;
  std::vector<std::uint32_t> free_chunks_;
  std::vector<OperationState> operations_;
  IssueOrder order_;
  std::int64_t handled_ = 0;
  Timeline* timeline_;
};

}  // namespace

StepResult simulate_folded(const Scenario& scenario, Timeline* timeline) {
  return FoldedRun(scenario, timeline).run();
}

}  // namespace bandwright
