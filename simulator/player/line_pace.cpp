#include "simulator/player/line_pace.h"

#include <algorithm>

#include "collective/phase_time.h"

namespace bandwright {

LinePace::LinePace(const PaceInputs& inputs)
    : in_(inputs),
      npus_(inputs.scenario.network.npus()),
      call_of_(inputs.step.graph.operations.size(), none),
      unused_(inputs.plan.calls.size()),
      order_(inputs.scenario.library.collectives),
      uses_(inputs.plan.queues.size()) {
  make_lines();
  flatten_plans();
  calls_left_.resize(inputs.plan.queues.size());
  for (const Operation& operation : inputs.step.graph.operations) {
    if (operation.kind != OperationKind::Collective) continue;
    for (const std::uint32_t queue : inputs.plan.calls[operation.collective].queues) ++calls_left_[queue];
  }
  if (in_.transport == nullptr) {
    tell_lines_apart();
    return;
  }
  seats_.emplace(*in_.transport, in_.events, in_.scenario.library.endpoint_delay);
  for (std::uint32_t line = 0; line < lines_.size(); ++line) {
    states_[line].first_seat = seats_->open(lines_[line]);
    line_of_seat_.resize(line_of_seat_.size() + static_cast<std::size_t>(lines_[line].npus), line);
  }
}

void LinePace::make_lines() {
  for (const LogicalDimension& queue : in_.plan.queues) {
    const GroupDimension& part = queue.part;
    wires_.emplace_back(in_.scenario.library, in_.scenario.network, part,
                        in_.scenario.wire_bandwidth(static_cast<std::size_t>(part.dimension)));
    const QueueLines& lines =
        lines_of_queue_.emplace_back(part, npus_, static_cast<std::uint32_t>(lines_.size()));
    for (std::uint32_t i = 0; i < lines.count; ++i) lines_.push_back(lines.line(i, part.dimension));
  }
  states_.resize(lines_.size());
  queueing_.resize(lines_of_queue_.size());
  for (const QueueLines& lines : lines_of_queue_) {
    for (const QueueLines& others : lines_of_queue_) lines_apart_.push_back(lines_apart(lines, others));
  }
}

void LinePace::flatten_plans() {
  for (const CommunicationPlan::Call& call : in_.plan.calls) {
    std::vector<std::uint32_t>& first = first_phase_.emplace_back();
    entrances_.push_back(entrances_of(call));
    exits_.push_back(exits_of(call, lines_of_queue_));
    for (const ChunkPlan& plan : call.plan.plans) {
      first.push_back(static_cast<std::uint32_t>(phases_.size()));
      for (const Phase& phase : plan) {
        const std::uint32_t queue = call.queues[phase.part];
        const auto alike = std::find_if(phases_.begin(), phases_.end(), [&](const TimedPhase& known) {
          return known.queue == queue && *known.program == phase.program;
        });
        const auto same = static_cast<std::uint32_t>(alike - phases_.begin());
        phases_.push_back({&phase.program,
                           queue,
                           phase.duration,
                           phase.kind,
                           seat_program(phase.program, wires_[queue]),
                           same,
                           {}});
      }
    }
  }
}

// Lines whose ports are equally fast at every position are of one kind.
void LinePace::tell_lines_apart() {
  const std::vector<double> speeds = npu_factors(in_.scenario, &NpuSpec::port_speed);
  speeds_.emplace_back();
  if (speeds.empty()) return;
  std::map<std::vector<double>, std::uint32_t> known = {{{}, 0}};
  for (const SeatLine& line : lines_) {
    std::vector<double> own;
    for (int p = 0; p < line.npus; ++p) own.push_back(speeds[static_cast<std::size_t>(line.npu_at(p))]);
    if (std::all_of(own.begin(), own.end(), [](double speed) { return speed == 1.0; })) own.clear();
    const auto [kind, fresh] = known.try_emplace(own, static_cast<std::uint32_t>(speeds_.size()));
    if (fresh) speeds_.push_back(own);
    kind_of_line_.push_back(kind->second);
  }
}

// The NPU's chunks come to their first phase.
void LinePace::join(std::uint32_t npu, OperationId id) {
  const std::uint32_t call = call_of_[id] == none ? open_call(id) : call_of_[id];
  const std::uint32_t first = calls_[call].first_job;
  for (const Entrance& entrance : entrances_[in_.step.graph.operations[id].collective]) {
    const QueueLines& lines = lines_of_queue_[entrance.queue];
    const std::uint32_t line = lines.of(npu);
    std::uint32_t& arrived = arrivals_[jobs_[first + entrance.jobs.front()].first_arrival + line];
    if (++arrived < lines.npus) continue;
    arrived = 0;
    for (const std::uint32_t job : entrance.jobs)
      line_has_come(jobs_[first + job], first + job, lines.first + line);
  }
}

// The first NPU has come to a collective.
std::uint32_t LinePace::open_call(OperationId id) {
  const Operation& operation = in_.step.graph.operations[id];
  const CollectivePlan& plan = in_.plan.calls[operation.collective].plan;
  std::vector<std::uint32_t>& unused = unused_[operation.collective];
  auto call = static_cast<std::uint32_t>(calls_.size());
  if (unused.empty()) {
    calls_.push_back({.first_job = static_cast<std::uint32_t>(jobs_.size())});
    create_jobs(call, plan, operation.collective);
  } else {
    call = unused.back();
    unused.pop_back();
  }
  call_of_[id] = call;
  calls_[call].npus_left = npus_;
  const std::vector<Exit>& exits = exits_[operation.collective];
  calls_[call].chunks_left.clear();
  for (const Exit& exit : exits)
    calls_[call].chunks_left.resize(exit.first + lines_of_queue_[exit.queue].count, exit.chunks);
  calls_[call].exits_left.assign(static_cast<std::size_t>(npus_), static_cast<std::uint32_t>(exits.size()));
  const int rank = order_.next(operation.role);
  std::uint32_t job = calls_[call].first_job;
  for (const std::uint32_t chunk_plan : plan.plan_of_chunk) {
    for (std::size_t i = 0; i < plan.plans[chunk_plan].size(); ++i, ++job) {
      jobs_[job].operation = id;
      jobs_[job].rank = rank;
    }
  }
  return call;
}

void LinePace::create_jobs(std::uint32_t call, const CollectivePlan& plan, std::uint32_t collective) {
  for (std::uint32_t chunk = 0; chunk < plan.plan_of_chunk.size(); ++chunk) {
    const std::uint32_t index = plan.plan_of_chunk[chunk];
    const std::size_t count = plan.plans[index].size();
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t phase = first_phase_[collective][index] + i;
      jobs_.push_back({.chunk = chunk,
                       .phase = phase,
                       .first_arrival = arrivals_.size(),
                       .last = i + 1 == count,
                       .call = call});
      arrivals_.resize(arrivals_.size() + lines_of_queue_[phases_[phase].queue].count);
    }
  }
}

// An NPU has come to a job; with the last of its line the line may begin it.
void LinePace::come(std::uint32_t npu, std::uint32_t job_id) {
  const Job& job = jobs_[job_id];
  const QueueLines& lines = lines_of_queue_[phases_[job.phase].queue];
  const std::uint32_t line = lines.of(npu);
  std::uint32_t& arrived = arrivals_[job.first_arrival + line];
  if (++arrived < lines.npus) return;
  arrived = 0;
  line_has_come(job, job_id, lines.first + line);
}

// The same for all NPUs of lines of some queue. Where those of a line have lines in the job's queue that are
// evenly apart, nothing is divided for each NPU.
void LinePace::all_come(std::span<const SeatLine> lines, std::uint32_t queue, std::uint32_t job_id) {
  const Job& job = jobs_[job_id];
  const std::uint32_t own = phases_[job.phase].queue;
  const std::uint32_t apart = lines_apart_[queue * lines_of_queue_.size() + own];
  const QueueLines others = lines_of_queue_[own];
  std::uint32_t* const arrivals = arrivals_.data() + job.first_arrival;
  for (const SeatLine& line : lines) {
    if (apart == 0) {
      for (int position = 0; position < line.npus; ++position)
        come(static_cast<std::uint32_t>(line.npu_at(position)), job_id);
      continue;
    }
    std::uint32_t at = others.of(static_cast<std::uint32_t>(line.first));
    for (int position = 0; position < line.npus; ++position, at += apart) {
      if (++arrivals[at] < others.npus) continue;
      arrivals[at] = 0;
      line_has_come(job, job_id, others.first + at);
    }
  }
}

void LinePace::line_has_come(const Job& job, std::uint32_t id, std::uint32_t line) {
  const TimedPhase& phase = phases_[job.phase];
  queueing_[phase.queue] -= static_cast<std::uint64_t>(in_.events.now().value());
  const bool by_size = in_.scenario.library.chunk_order == ChunkOrder::SmallestFirst;
  states_[line].waiting.push(job.rank, by_size ? phase.duration : Time(0), id);
  if (!states_[line].busy && (idle_.empty() || idle_.back() != line)) idle_.push_back(line);
}

void LinePace::settle() {
  const Time now = in_.events.now();
  for (const std::uint32_t index : idle_) {
    LineState& line = states_[index];
    if (line.busy || line.waiting.empty()) continue;
    line.busy = true;
    line.job = line.waiting.pop();
    line.started = now;
    const std::uint32_t phase = jobs_[line.job].phase;
    if (!seats_) {
      begin_together(index, phase);
      continue;
    }
    ++uses_[phases_[phase].queue].chunks;
    queueing_[phases_[phase].queue] += static_cast<std::uint64_t>(now.value());
    begin(index, phase);
  }
  push_run();
  idle_.clear();
}

// Without a transport the end is known.
void LinePace::begin_together(std::uint32_t index, std::uint32_t phase) {
  const std::uint32_t job = states_[index].job;
  const bool next = run_.count > 0 && run_.job == job && run_.first + run_.count == index;
  if (next && kind_of_line_.empty()) {
    ++run_.count;
    return;
  }
  const Time end = in_.events.now() + time_on(index, phase);
  if (next && end == run_.end) {
    ++run_.count;
    return;
  }
  push_run();
  run_ = {index, 1, job, end};
}

void LinePace::push_run() {
  if (run_.count == 0) return;
  const std::uint32_t queue = phases_[jobs_[run_.job].phase].queue;
  uses_[queue].chunks += run_.count;
  queueing_[queue] += run_.count * static_cast<std::uint64_t>(in_.events.now().value());
  in_.events.push(run_.end, play_event(PlayEvent::PhaseEnds, run_.first, run_.count - 1));
  run_.count = 0;
}

void LinePace::begin(std::uint32_t index, std::uint32_t phase) {
  LineState& line = states_[index];
  look(index, phase);
  const Time* known = played_on(index, phase);
  line.secluded = known != nullptr;
  if (line.secluded && *known >= Time(0)) {
    return in_.events.push(in_.events.now() + *known, play_event(PlayEvent::PhaseEnds, index));
  }
  line.unfinished = lines_[index].npus;
  line.end = in_.events.now();
  const auto n = static_cast<std::uint32_t>(lines_[index].npus);
  for (std::uint32_t seat = line.first_seat; seat < line.first_seat + n; ++seat) {
    stop_.look();
    if (seats_->begin(seat, phases_[phase].seats, 0)) seat_ends(seat);
  }
}

// Lines are looked at once the run is worth it, and again when a logical dimension has no more to play.
void LinePace::look(std::uint32_t line, std::uint32_t phase) {
  if (look_at_ < 0 || in_.play_all || in_.scenario.library.network != NetworkModel::Flows) return;
  messages_ += std::int64_t{phases_[phase].seats.rounds} * lines_[line].npus;
  if (messages_ < look_at_) return;
  std::vector<PlayedLines> played;
  for (const QueueLines& lines : lines_of_queue_) {
    played.push_back({std::span(lines_).subspan(lines.first, lines.count), {}});
  }
  for (std::uint32_t p = 0; p < phases_.size(); ++p) {
    const std::uint32_t queue = phases_[p].queue;
    if (phases_[p].same == p && calls_left_[queue] > 0) played[queue].programs.push_back(&phases_[p].seats);
  }
  if (look_at_ == 0) look_at_ = 2 * messages_once(played);
  if (messages_ < look_at_) return;
  look_at_ = -1;
  WaysAhead ways(in_.scenario, in_.step.crossing);
  secluded_ = secluded_lines(played, ways);
}

// How long the phase took on the line before, and where that may be noted; null where others change it.
Time* LinePace::played_on(std::uint32_t line, std::uint32_t phase) {
  if (secluded_.empty() || !secluded_[line]) return nullptr;
  TimedPhase& timed = phases_[phases_[phase].same];
  const QueueLines& lines = lines_of_queue_[timed.queue];
  timed.played.resize(lines.count, Time(-1));
  return &timed.played[line - lines.first];
}

Time LinePace::time_on(std::uint32_t line, std::uint32_t phase) {
  TimedPhase& timed = phases_[phases_[phase].same];
  const std::uint32_t kind = kind_of_line_.empty() ? 0 : kind_of_line_[line];
  if (timed.times.size() <= kind) timed.times.resize(kind + 1);
  std::optional<Time>& time = timed.times[kind];
  if (time) return *time;
  const Wire& wire = wires_[timed.queue];
  const bool found =
      speeds_[kind].empty() && played_for_its_time(wire, *timed.program);  // when it was planned
  time = found ? timed.duration : phase_time(wire, *timed.program, speeds_[kind], in_.on_messages);
  return *time;
}

void LinePace::handle(const PlayEvent& event) {
  if (event.kind == PlayEvent::PhaseEnds) return end_phase(event.subject, event.detail + 1);
  if (seats_->arrive(event.subject, event.detail)) seat_ends(event.subject);
}

void LinePace::seat_ends(std::uint32_t seat) {
  const std::uint32_t index = line_of_seat_[seat];
  LineState& line = states_[index];
  line.end = std::max(line.end, seats_->end(seat));
  if (--line.unfinished == 0) in_.events.push(line.end, play_event(PlayEvent::PhaseEnds, index));
}

// Of lines that began it together.
void LinePace::end_phase(std::uint32_t first, std::uint32_t count) {
  const std::uint32_t job_id = states_[first].job;
  const Time started = states_[first].started;
  const Job job = jobs_[job_id];
  const TimedPhase& phase = phases_[job.phase];
  uses_[phase.queue].service += (in_.events.now() - started) * count;
  if (states_[first].secluded) *played_on(first, job.phase) = in_.events.now() - started;
  if (in_.timeline != nullptr && first == lines_of_queue_[phase.queue].first) {  // the line of the first NPU
    in_.timeline->chunks.push_back(
        {job.operation, phase.queue, job.chunk, phase.kind, started, in_.events.now()});
  }
  for (std::uint32_t index = first; index < first + count; ++index) {
    states_[index].busy = false;
    idle_.push_back(index);
  }
  if (!job.last) return all_come(std::span(lines_).subspan(first, count), phase.queue, job_id + 1);
  end_chunk(first, count, job);
}

// A chunk of a collective has ended on lines; with the last that leaves there, NPUs are through.
void LinePace::end_chunk(std::uint32_t first, std::uint32_t count, const Job& job) {
  const std::uint32_t queue = phases_[job.phase].queue;
  const std::vector<Exit>& exits = exits_[in_.step.graph.operations[job.operation].collective];
  const auto exit =
      std::find_if(exits.begin(), exits.end(), [&](const Exit& each) { return each.queue == queue; });
  std::uint32_t* const left =
      calls_[job.call].chunks_left.data() + exit->first - lines_of_queue_[queue].first;
  for (std::uint32_t index = first; index < first + count; ++index) {
    if (--left[index] > 0) continue;
    const SeatLine& line = lines_[index];
    for (int position = 0; position < line.npus; ++position)
      end_call(static_cast<std::uint32_t>(line.npu_at(position)), job);
  }
}

// All chunks that leave by one of its lines have ended on an NPU.
void LinePace::end_call(std::uint32_t npu, const Job& job) {
  Call& call = calls_[job.call];
  if (--call.exits_left[npu] > 0) return;
  const Operation& operation = in_.step.graph.operations[job.operation];
  in_.events.push(in_.events.now() + in_.scenario.after(operation),
                  play_event(PlayEvent::OperationEnds, npu, job.operation));
  if (--call.npus_left > 0) return;
  unused_[operation.collective].push_back(job.call);
  for (const std::uint32_t queue : in_.plan.calls[operation.collective].queues) {
    if (--calls_left_[queue] == 0 && look_at_ < 0) look_at_ = messages_;
  }
}

std::vector<QueueUse> LinePace::uses() const {
  std::vector<QueueUse> uses = uses_;
  for (std::size_t q = 0; q < uses.size(); ++q) {
    uses[q].queueing = Time(static_cast<std::int64_t>(queueing_[q]));
    uses[q].share_among(lines_of_queue_[q].count);
  }
  return uses;
}

}  // namespace bandwright
