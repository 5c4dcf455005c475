#include "simulator/full_fidelity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "simulator/message_player.h"
#include "simulator/operation_states.h"
#include "simulator/ready_queue.h"

namespace bandwright {
namespace {

// A phase of a chunk of one collective operation, on whichever line.
struct Job {
  OperationId operation;
  std::uint32_t chunk;
  std::uint32_t phase;          // into the flattened phases
  std::uint32_t first_arrival;  // into arrivals_, by line of its logical dimension
  bool last;                    // of its chunk; else the next job is the chunk's next phase
  int rank;
};

struct FlatPhase {
  TimedProgram program;
  std::uint32_t queue;
  Time duration;
  CollectiveKind kind;
};

struct LineState {
  ReadyQueue waiting;
  std::uint32_t job = 0;
  bool busy = false;
  Time started;
};

class FullRun {
 public:
  FullRun(const Scenario& scenario, Timeline* timeline)
      : scenario_(scenario),
        graph_(scenario.graph),
        npus_(scenario.network.npus()),
        plan_(plan_communication(scenario)),
        messages_(scenario, plan_.queues, events_),
        lines_(messages_.line_count()),
        compute_time_(static_cast<std::size_t>(npus_), 1.0),
        operations_(graph_, npus_),
        first_job_(graph_.operations.size(), no_job),
        order_(scenario.system.collectives),
        uses_(plan_.queues.size()),
        timeline_(timeline) {
    if (graph_.operations.size() > max_detail) throw InputError("more than 2^29 operations");
    check_specs();
    flatten_plans();
  }

  StepResult run() {
    for (std::int64_t npu = 0; npu < npus_; ++npu) {
      for (OperationId id = 0; id < graph_.operations.size(); ++id) {
        if (graph_.operations[id].dependencies == 0) start(npu, id);
      }
    }
    choose();
    while (!events_.empty()) {
      handle(events_.pop());
      ++handled_;
      if (!events_.more_now()) choose();
    }
    return result();
  }

 private:
  static constexpr std::uint32_t no_job = ~std::uint32_t{0};

  void check_specs() {
    for (const NpuSpec& spec : scenario_.system.npus) {
      if (spec.last >= npus_) {
        throw InputError(fmt::format("npus: NPU {} of a network of {}", spec.last, npus_));
      }
      for (std::int64_t npu = spec.first; npu <= spec.last; ++npu) {
        compute_time_[static_cast<std::size_t>(npu)] = spec.compute_time;
      }
    }
  }

  void flatten_plans() {
    for (const CommunicationPlan::Call& call : plan_.calls) {
      std::vector<std::uint32_t>& first = first_phase_.emplace_back();
      for (const ChunkPlan& plan : call.plan.plans) {
        first.push_back(static_cast<std::uint32_t>(phases_.size()));
        for (const Phase& phase : plan) {
          const std::uint32_t queue = call.queues[phase.part];
          phases_.push_back({messages_.timed(phase.program, queue), queue, phase.duration, phase.kind});
        }
      }
    }
  }

  void handle(const FullEvent& event) {
    switch (event.kind) {
      case FullEvent::OperationEnds:
        return end_operation(event.subject, event.detail);
      case FullEvent::PhaseEnds:
        return end_phase(event.subject);
      default:
        return messages_.handle(event);
    }
  }

  void start(std::int64_t npu, OperationId id) {
    const Operation& operation = graph_.operations[id];
    operations_.of(npu, id).start = events_.now();
    if (operation.kind == OperationKind::Collective) return issue(npu, id, operation);
    Time duration = operation.duration;
    const double factor = compute_time_[static_cast<std::size_t>(npu)];
    if (factor != 1.0 && operation.kind == OperationKind::Compute) {
      duration = Time(std::llround(static_cast<double>(duration.value()) * factor));
    }
    end_later(npu, id, duration);
  }

  void end_later(std::int64_t npu, OperationId id, Time delay) {
    events_.push(events_.now() + delay,
                 full_event(FullEvent::OperationEnds, static_cast<std::uint32_t>(npu), id));
  }

  // An NPU's chunks come to their first phase. The first NPU to issue a collective creates its jobs.
  void issue(std::int64_t npu, OperationId id, const Operation& operation) {
    const CollectivePlan& plan = plan_.calls[operation.collective].plan;
    if (first_job_[id] == no_job) create_jobs(id, operation, plan);
    operations_.of(npu, id).missing = static_cast<std::uint32_t>(plan.plan_of_chunk.size());
    std::uint32_t job = first_job_[id];
    for (const std::uint32_t chunk_plan : plan.plan_of_chunk) {
      come(npu, job);
      job += static_cast<std::uint32_t>(plan.plans[chunk_plan].size());
    }
    if (plan.plan_of_chunk.empty()) end_later(npu, id, operation.duration);
  }

  void create_jobs(OperationId id, const Operation& operation, const CollectivePlan& plan) {
    first_job_[id] = static_cast<std::uint32_t>(jobs_.size());
    const int rank = order_.next(operation.role);
    for (std::uint32_t chunk = 0; chunk < plan.plan_of_chunk.size(); ++chunk) {
      const std::uint32_t index = plan.plan_of_chunk[chunk];
      const std::size_t count = plan.plans[index].size();
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t phase = first_phase_[operation.collective][index] + i;
        jobs_.push_back(
            {id, chunk, phase, static_cast<std::uint32_t>(arrivals_.size()), i + 1 == count, rank});
        arrivals_.resize(arrivals_.size() + messages_.lines(phases_[phase].queue).count());
      }
    }
  }

  // An NPU has come to a job; with the last of its line the line may begin it.
  void come(std::int64_t npu, std::uint32_t job_id) {
    const Job& job = jobs_[job_id];
    const FlatPhase& phase = phases_[job.phase];
    const Lines& lines = messages_.lines(phase.queue);
    const std::uint32_t line = lines.line_of(npu);
    Arrivals& arrived = arrivals_[job.first_arrival + line - lines.first_line()];
    arrived.last = events_.now();
    if (++arrived.count < static_cast<std::uint32_t>(lines.wire().npus())) return;
    const bool by_size = scenario_.system.chunk_order == ChunkOrder::SmallestFirst;
    lines_[line].waiting.push(job.rank, by_size ? phase.duration : Time(0), job_id);
    if (!lines_[line].busy) idle_.push_back(line);
  }

  // Every idle line takes its next job.
  void choose() {
    for (const std::uint32_t index : idle_) {
      LineState& line = lines_[index];
      if (line.busy || line.waiting.empty()) continue;
      line.busy = true;
      line.job = line.waiting.pop();
      line.started = events_.now();
      const Job& job = jobs_[line.job];
      const FlatPhase& phase = phases_[job.phase];
      const std::uint32_t place = index - messages_.lines(phase.queue).first_line();
      QueueUse& use = uses_[phase.queue];
      ++use.chunks;
      use.mean_queueing += events_.now() - arrivals_[job.first_arrival + place].last;
      messages_.begin(phase.queue, index, phase.program);
    }
    idle_.clear();
  }

  void end_phase(std::uint32_t index) {
    LineState& line = lines_[index];
    const std::uint32_t job_id = line.job;
    const Job job = jobs_[job_id];
    const std::uint32_t queue = phases_[job.phase].queue;
    const Lines& lines = messages_.lines(queue);
    uses_[queue].mean_service += events_.now() - line.started;
    if (timeline_ != nullptr && lines.npu_at(index, 0) == 0) {
      timeline_->chunks.push_back(
          {job.operation, queue, job.chunk, phases_[job.phase].kind, line.started, events_.now()});
    }
    line.busy = false;
    idle_.push_back(index);
    for (int position = 0; position < lines.wire().npus(); ++position) {
      const std::int64_t npu = lines.npu_at(index, position);
      if (!job.last) {
        come(npu, job_id + 1);
      } else if (--operations_.of(npu, job.operation).missing == 0) {
        end_later(npu, job.operation, scenario_.after(graph_.operations[job.operation]));
      }
    }
  }

  void end_operation(std::int64_t npu, OperationId id) {
    operations_.end(npu, id, events_.now(), [&](OperationId next) { start(npu, next); });
  }

  // The NPU whose last operation ends last; an operation that never ended counts as such.
  std::int64_t slowest_npu() {
    std::int64_t slowest = 0;
    Time latest;
    for (std::int64_t npu = 0; npu < npus_; ++npu) {
      for (const OperationStates::State& state : operations_.of(npu)) {
        if (state.end < Time(0)) return npu;
        if (state.end <= latest) continue;
        latest = state.end;
        slowest = npu;
      }
    }
    return slowest;
  }

  StepResult result() {
    StepResult result = result_of(scenario_, plan_, operations_.of(slowest_npu()));
    for (std::size_t q = 0; q < uses_.size(); ++q) {
      QueueUse use = uses_[q];
      const LogicalDimension& queue = plan_.queues[q];
      use.group = queue.group;
      use.dimension = queue.part.dimension;
      use.npus = queue.part.npus;
      const std::int64_t count = std::max<std::int64_t>(1, use.chunks);
      use.mean_service = use.mean_service / count;
      use.mean_queueing = use.mean_queueing / count;
      use.chunks /= messages_.lines(static_cast<std::uint32_t>(q)).count();
      result.queues.push_back(use);
    }
    result.events = handled_;
    if (timeline_ != nullptr) record(plan_, operations_.of(0), *timeline_);
    return result;
  }

  struct Arrivals {  // of NPUs at a job, on one line
    std::uint32_t count = 0;
    Time last;
  };

  const Scenario& scenario_;
  const Step& graph_;
  std::int64_t npus_;
  CommunicationPlan plan_;
  FullEvents events_;
  MessagePlayer messages_;
  std::vector<LineState> lines_;
  std::vector<std::uint32_t> idle_;
  std::vector<double> compute_time_;  // of each NPU
  std::vector<FlatPhase> phases_;
  std::vector<std::vector<std::uint32_t>> first_phase_;  // of each collective and plan
  OperationStates operations_;
  std::vector<Job> jobs_;
  std::vector<std::uint32_t> first_job_;  // of each operation
  std::vector<Arrivals> arrivals_;
  IssueOrder order_;
  std::vector<QueueUse> uses_;
  std::int64_t handled_ = 0;
  Timeline* timeline_;
};

}  // namespace

StepResult simulate_full(const Scenario& scenario, Timeline* timeline) {
  return FullRun(scenario, timeline).run();
}

}  // namespace bandwright
