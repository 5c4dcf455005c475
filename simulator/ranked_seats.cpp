#include "simulator/ranked_seats.h"

#include <algorithm>

#include "core/error.h"

namespace bandwright {

RankedSeats::RankedSeats(const Scenario& scenario, const RankedStep& step,
                         const std::vector<RankedCall>& calls, RankedEvents& events)
    : step_(step),
      calls_(calls),
      network_(scenario, step),
      events_(events),
      endpoint_delay_(scenario.system.endpoint_delay),
      npus_(step.kind_of.size()) {}

void RankedSeats::join(std::uint32_t id, OperationId operation) {
  Npu& npu = npus_[id];
  npu.call = operation;
  npu.meeting = step_.ties[operation].meeting;
  const RankedCall& call = call_of(npu);
  npu.chunks_left = static_cast<std::uint32_t>(call.places.size());
  npu.progress.assign(call.places.size(), 0);
  npu.ready.assign(call.places.size(), events_.now());
  npu.seats.assign(call.jobs.size(), {});
  const std::uint32_t group = step_.graph.collectives[step_.graph.operations[operation].collective].group;
  for (std::uint32_t part = 0; part < npu.seats.size(); ++part) {
    npu.seats[part].place = network_.place(group, part, id);
  }
  for (std::uint32_t part = 0; part < npu.seats.size(); ++part) begin_job(id, part);
}

// Begins the next job of a dimension when its chunk has come to it.
void RankedSeats::begin_job(std::uint32_t id, std::uint32_t part) {
  Npu& npu = npus_[id];
  Seat& seat = npu.seats[part];
  const std::vector<RankedCall::Job>& jobs = call_of(npu).jobs[part];
  if (seat.busy || seat.job == jobs.size()) return;
  const RankedCall::Job& job = jobs[seat.job];
  if (npu.progress[job.chunk] != job.phase) return;
  seat.busy = true;
  seat.started = events_.now();
  seat.begun = events_.now() + endpoint_delay_;
  seat.block = 0;
  seat.round = seat.block_start = job.first_round;
  go_on(id, part);
}

// Begins the seat's round, and those after it that wait for nothing.
void RankedSeats::go_on(std::uint32_t id, std::uint32_t part) {
  Npu& npu = npus_[id];
  Seat& seat = npu.seats[part];
  const Program& program = *call_of(npu).jobs[part][seat.job].program;
  for (;;) {
    while (seat.block < program.size() &&
           seat.round - seat.block_start >= static_cast<std::uint32_t>(program[seat.block].rounds)) {
      seat.block_start += static_cast<std::uint32_t>(program[seat.block++].rounds);
    }
    if (seat.block == program.size()) {
      return events_.push(seat.begun, ranked_event(RankedEvent::JobEnds, id, npu.call, part));
    }
    const Block& block = program[seat.block];
    send(id, part, block);
    const int expected = receives(seat, block);
    seat.missing = static_cast<std::uint32_t>(expected) - take_early(npu, part, seat.round);
    if (seat.missing > 0) return;
    end_round(seat, block, expected);
  }
}

void RankedSeats::send(std::uint32_t id, std::uint32_t part, const Block& block) {
  const Seat& seat = npus_[id].seats[part];
  const std::vector<int>& line = network_.line(seat.place);
  const auto n = static_cast<int>(line.size());
  const auto round = static_cast<int>(seat.round - seat.block_start);
  const int count = block.pattern->sends(n, block, round, seat.place.position);
  for (int i = 0; i < count; ++i) {
    const int position = block.pattern->peer(n, block, round, seat.place.position, i);
    const auto peer = static_cast<std::uint32_t>(line[static_cast<std::size_t>(position)]);
    events_.push(network_.arrival(id, peer, block.bytes, seat.begun),
                 ranked_event(RankedEvent::MessageArrives, peer, npus_[id].meeting, part, seat.round));
  }
}

int RankedSeats::receives(const Seat& seat, const Block& block) const {
  return block.pattern->receives(static_cast<int>(network_.line(seat.place).size()), block,
                                 static_cast<int>(seat.round - seat.block_start), seat.place.position);
}

void RankedSeats::end_round(Seat& seat, const Block& block, int received) const {
  ++seat.round;
  if (received == 0) return;
  seat.begun = std::max(events_.now(), seat.begun) + endpoint_delay_ +
               network_.reduction(block.reduced) * (block.each ? received : 1);
}

void RankedSeats::keep(Npu& npu, const RankedEvent& message) {
  for (Early& early : npu.early) {
    if (early.meeting != message.subject || early.part != message.part || early.round != message.round)
      continue;
    ++early.count;
    return;
  }
  npu.early.push_back({message.subject, message.part, message.round, 1});
}

std::uint32_t RankedSeats::take_early(Npu& npu, std::uint32_t part, std::uint32_t round) {
  for (Early& early : npu.early) {
    if (early.meeting != npu.meeting || early.part != part || early.round != round) continue;
    const std::uint32_t count = early.count;
    early = npu.early.back();
    npu.early.pop_back();
    return count;
  }
  return 0;
}

void RankedSeats::arrive(const RankedEvent& message) {
  Npu& npu = npus_[message.npu];
  if (npu.call == RankedStep::nothing || npu.meeting != message.subject) return keep(npu, message);
  Seat& seat = npu.seats[message.part];
  if (!seat.busy || seat.round != message.round || seat.missing == 0) return keep(npu, message);
  if (--seat.missing > 0) return;
  const Block& block = (*call_of(npu).jobs[message.part][seat.job].program)[seat.block];
  end_round(seat, block, receives(seat, block));
  go_on(message.npu, message.part);
}

RankedSeats::Served RankedSeats::end_job(std::uint32_t id, std::uint32_t part) {
  Npu& npu = npus_[id];
  Seat& seat = npu.seats[part];
  const RankedCall& call = call_of(npu);
  const RankedCall::Job job = call.jobs[part][seat.job];
  Served served{job, npu.ready[job.chunk], seat.started};
  seat.busy = false;
  ++seat.job;
  npu.ready[job.chunk] = events_.now();
  if (++npu.progress[job.chunk] == call.places[job.chunk].size()) {
    served.last = --npu.chunks_left == 0;
  } else if (const std::uint32_t next = call.places[job.chunk][job.phase + 1].part; next != part) {
    begin_job(id, next);
  }
  begin_job(id, part);
  return served;
}

}  // namespace bandwright
