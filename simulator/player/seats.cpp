#include "simulator/player/seats.h"

#include <algorithm>

#include "core/error.h"

namespace bandwright {

SeatProgram seat_program(const Program& program, const Wire& wire) {
  SeatProgram result;
  for (const Block& block : program) {
    const auto rounds = static_cast<std::uint32_t>(block.rounds);
    result.parts.push_back({block, rounds, wire.reduction(block.reduced)});
    if (rounds > max_detail - result.rounds) throw InputError("a phase of more than 2^29 rounds");
    result.rounds += rounds;
  }
  return result;
}

std::uint32_t Seats::open(const SeatLine& line) {
  const auto n = static_cast<std::size_t>(line.npus);
  if (closed_.size() <= n) closed_.resize(n + 1);
  auto first = static_cast<std::uint32_t>(seats_.size());
  if (closed_[n].empty()) {
    seats_.resize(seats_.size() + n);
  } else {
    first = closed_[n].back();
    closed_[n].pop_back();
  }
  for (std::uint32_t p = 0; p < n; ++p) seats_[first + p] = {.line = &line, .position = p};
  return first;
}

void Seats::close(std::uint32_t first) {
  closed_[static_cast<std::size_t>(seats_[first].line->npus)].push_back(first);
}

bool Seats::begin(std::uint32_t id, const SeatProgram& program, std::uint32_t first_round) {
  Seat& seat = seats_[id];
  seat.program = &program;
  seat.part = 0;
  seat.round = seat.part_start = first_round;
  seat.begun = events_.now() + endpoint_delay_;
  return go_on(id);
}

bool Seats::arrive(std::uint32_t id, std::uint32_t round) {
  Seat& seat = seats_[id];
  if (round != seat.round || seat.missing == 0) {
    keep(seat, round);
    return false;
  }
  if (--seat.missing > 0) return false;
  const SeatProgram::Part& part = seat.program->parts[seat.part];
  end_round(seat, part, part.block.each ? receives(seat, part.block) : 1, events_.now());
  return go_on(id);
}

// Begins the seat's round, and those after it that wait for nothing.
bool Seats::go_on(std::uint32_t id) {
  Seat& seat = seats_[id];
  const std::vector<SeatProgram::Part>& parts = seat.program->parts;
  for (;;) {
    while (seat.part < parts.size() && seat.round - seat.part_start >= parts[seat.part].rounds) {
      seat.part_start += parts[seat.part++].rounds;
    }
    if (seat.part == parts.size()) return true;
    const SeatProgram::Part& part = parts[seat.part];
    send(seat, id, part.block);
    const int expected = receives(seat, part.block);
    seat.missing = static_cast<std::uint32_t>(expected) - take_early(seat);
    if (seat.missing > 0) return false;
    end_round(seat, part, expected, Time(0));
  }
}

void Seats::send(const Seat& seat, std::uint32_t id, const Block& block) {
  const SeatLine& line = *seat.line;
  const auto round = static_cast<int>(seat.round - seat.part_start);
  const auto position = static_cast<int>(seat.position);
  const int count = block.pattern->sends(line.npus, block, round, position);
  for (int i = 0; i < count; ++i) {
    const int peer = block.pattern->peer(line.npus, block, round, position, i);
    const std::uint32_t receiver = id - seat.position + static_cast<std::uint32_t>(peer);
    transport_.send({.from = line.npu_at(position),
                     .to = line.npu_at(peer),
                     .bytes = block.bytes,
                     .dimension = line.dimension,
                     .among_others = count > 1,
                     .seat = id,
                     .round = seat.round,
                     .arrival = play_event(PlayEvent::MessageArrives, receiver, seat.round)},
                    seat.begun);
  }
}

int Seats::receives(const Seat& seat, const Block& block) {
  return block.pattern->receives(seat.line->npus, block, static_cast<int>(seat.round - seat.part_start),
                                 static_cast<int>(seat.position));
}

void Seats::end_round(Seat& seat, const SeatProgram::Part& part, int received, Time now) const {
  ++seat.round;
  if (received == 0) return;
  const Time after = endpoint_delay_ + part.reduction * (part.block.each ? received : 1);
  seat.begun = std::max(now, seat.begun) + after;
}

void Seats::keep(Seat& seat, std::uint32_t round) {
  std::uint32_t entry = free_early_;
  if (entry == none) {
    entry = static_cast<std::uint32_t>(early_.size());
    early_.emplace_back();
  } else {
    free_early_ = early_[entry].next;
  }
  early_[entry] = {round, seat.early};
  seat.early = entry;
}

// How many messages of the seat's round have come before it; they leave the list.
std::uint32_t Seats::take_early(Seat& seat) {
  std::uint32_t count = 0;
  for (std::uint32_t* link = &seat.early; *link != none;) {
    const std::uint32_t entry = *link;
    if (early_[entry].round != seat.round) {
      link = &early_[entry].next;
      continue;
    }
    *link = early_[entry].next;
    early_[entry].next = free_early_;
    free_early_ = entry;
    ++count;
  }
  return count;
}

}  // namespace bandwright
