#include "simulator/message_player.h"

#include <algorithm>

namespace bandwright {

Lines::Lines(const Scenario& scenario, const LogicalDimension& queue, std::uint32_t first_line,
             std::uint32_t first_seat)
    : wire_(scenario.system, scenario.network, queue.part,
            scenario.wire_bandwidth(static_cast<std::size_t>(queue.part.dimension))),
      dimension_(queue.part.dimension),
      stride_(queue.part.stride),
      count_(static_cast<std::uint32_t>(scenario.network.npus() / queue.part.npus)),
      first_line_(first_line),
      first_seat_(first_seat) {}

std::uint32_t Lines::line_of(std::int64_t npu) const {
  return first_line_ + static_cast<std::uint32_t>(npu / (stride_ * wire_.npus()) * stride_ + npu % stride_);
}

std::int64_t Lines::npu_at(std::uint32_t line, int position) const {
  const std::int64_t index = line - first_line_;
  return index / stride_ * stride_ * wire_.npus() + index % stride_ + position * stride_;
}

MessagePlayer::MessagePlayer(const Scenario& scenario, const std::vector<LogicalDimension>& queues,
                             FullEvents& events)
    : events_(events) {
  for (std::uint32_t q = 0; q < queues.size(); ++q) {
    const auto first_line = static_cast<std::uint32_t>(busy_.size());
    lines_.emplace_back(scenario, queues[q], first_line, static_cast<std::uint32_t>(seats_.size()));
    const Lines& lines = lines_.back();
    const auto n = static_cast<std::uint32_t>(lines.wire().npus());
    first_peer_port_.push_back(peer_ports_.size());
    if (lines.wire().ports() > 1) {
      peer_ports_.resize(peer_ports_.size() + std::size_t{n} * n * lines.count());
    }
    for (std::uint32_t line = first_line; line < first_line + lines.count(); ++line) {
      busy_.push_back({.queue = q, .first_seat = lines.seat_of(line)});
      for (std::uint32_t p = 0; p < n; ++p) seats_.push_back({.line = line});
    }
    for (const NpuSpec& spec : scenario.system.npus) {
      for (std::int64_t npu = spec.first; npu <= std::min(spec.last, scenario.network.npus() - 1); ++npu) {
        const std::uint32_t line = lines.line_of(npu);
        const auto position = static_cast<std::uint32_t>(npu / queues[q].part.stride % n);
        seats_[lines.seat_of(line) + position].speed = static_cast<float>(spec.port_speed);
      }
    }
  }
  if (scenario.system.network == NetworkModel::Links) links_ = std::make_unique<LinkNetwork>(scenario);
}

TimedProgram MessagePlayer::timed(const Program& program, std::uint32_t queue) const {
  const Wire& wire = lines_[queue].wire();
  TimedProgram timed;
  std::uint32_t round = 0;
  for (const Block& block : program) {
    timed.blocks.push_back({block, round, wire.occupancy(block.bytes), wire.reduction(block.reduced)});
    round += static_cast<std::uint32_t>(block.rounds);
  }
  return timed;
}

void MessagePlayer::begin(std::uint32_t queue, std::uint32_t line_id, const TimedProgram& program) {
  BusyLine& line = busy_[line_id];
  const Wire& wire = lines_[queue].wire();
  line.program = &program;
  line.unfinished = wire.npus();
  line.end = events_.now();
  const Time start = events_.now() + wire.endpoint_delay();
  const auto end = line.first_seat + static_cast<std::uint32_t>(wire.npus());
  for (std::uint32_t seat = line.first_seat; seat < end; ++seat) {
    seats_[seat].round = 0;
    seats_[seat].block = 0;
    go_on(seat, start);
  }
}

void MessagePlayer::handle(const FullEvent& event) {
  if (event.kind == FullEvent::MessageArrives) return arrive(event.subject, event.detail);
  const LinkNetwork::Delivery delivery = links_->advance(event.subject, events_.now());
  const FullEvent next = full_event(FullEvent::HeadArrives, event.subject);
  const FullEvent last = full_event(FullEvent::MessageArrives, delivery.seat, delivery.round);
  events_.push(delivery.time, delivery.arrived ? last : next);
}

void MessagePlayer::arrive(std::uint32_t id, std::uint32_t round) {
  Seat& seat = seats_[id];
  if (round != seat.round || seat.missing == 0) {
    std::uint32_t entry = free_early_;
    if (entry == none) {
      entry = static_cast<std::uint32_t>(early_.size());
      early_.emplace_back();
    } else {
      free_early_ = early_[entry].next;
    }
    early_[entry] = {round, seat.early};
    seat.early = entry;
    return;
  }
  if (--seat.missing > 0) return;
  const BusyLine& line = busy_[seat.line];
  const TimedProgram::TimedBlock& block = line.program->blocks[seat.block];
  const Wire& wire = lines_[line.queue].wire();
  const int position = static_cast<int>(id - line.first_seat);
  const int reductions = block.block.each ? block.block.pattern->receives(
                                                wire.npus(), block.block,
                                                static_cast<int>(seat.round - block.first_round), position)
                                          : 1;
  ++seat.round;
  go_on(id, std::max(events_.now(), seat.begun) + wire.endpoint_delay() + block.reduction * reductions);
}

// Begins the seat's round, and those after it that wait for nothing.
void MessagePlayer::go_on(std::uint32_t id, Time begun) {
  Seat& seat = seats_[id];
  const BusyLine& line = busy_[seat.line];
  const int n = lines_[line.queue].wire().npus();
  const int position = static_cast<int>(id - line.first_seat);
  for (;;) {
    const std::vector<TimedProgram::TimedBlock>& blocks = line.program->blocks;
    while (seat.block < blocks.size() &&
           seat.round >=
               blocks[seat.block].first_round + static_cast<std::uint32_t>(blocks[seat.block].block.rounds)) {
      ++seat.block;
    }
    if (seat.block == blocks.size()) return finish(id, begun);
    const TimedProgram::TimedBlock& block = blocks[seat.block];
    seat.begun = begun;
    send(line, id, block);
    const int round = static_cast<int>(seat.round - block.first_round);
    const int expected = block.block.pattern->receives(n, block.block, round, position);
    seat.missing = static_cast<std::uint32_t>(expected) - take_early(seat);
    if (seat.missing > 0) return;
    if (expected > 0) {
      begun +=
          lines_[line.queue].wire().endpoint_delay() + block.reduction * (block.block.each ? expected : 1);
    }
    ++seat.round;
  }
}

void MessagePlayer::send(const BusyLine& line, std::uint32_t id, const TimedProgram::TimedBlock& block) {
  Seat& seat = seats_[id];
  const Wire& wire = lines_[line.queue].wire();
  const int position = static_cast<int>(id - line.first_seat);
  const int round = static_cast<int>(seat.round - block.first_round);
  const Pattern& pattern = *block.block.pattern;
  const int count = pattern.sends(wire.npus(), block.block, round, position);
  for (int i = 0; i < count; ++i) {
    const int peer = pattern.peer(wire.npus(), block.block, round, position, i);
    const std::uint32_t receiver = line.first_seat + static_cast<std::uint32_t>(peer);
    const Time occupancy =
        seat.speed == 1.0F ? block.occupancy : wire.occupancy(block.block.bytes, seat.speed);
    if (links_ == nullptr) {
      Time& free = port(id, line, peer);
      free = std::max(seat.begun, free) + occupancy;
      events_.push(free + wire.latency(position, peer),
                   full_event(FullEvent::MessageArrives, receiver, seat.round));
    } else {
      const Lines& lines = lines_[line.queue];
      const std::uint32_t packet =
          links_->inject({lines.npu_at(seat.line, position), lines.npu_at(seat.line, peer), lines.dimension(),
                          block.block.bytes, occupancy, receiver, seat.round});
      events_.push(seat.begun, full_event(FullEvent::MessageDeparts, packet));
    }
  }
}

// How many messages of the seat's round have come before it; they leave the list.
std::uint32_t MessagePlayer::take_early(Seat& seat) {
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

void MessagePlayer::finish(std::uint32_t id, Time end) {
  BusyLine& line = busy_[seats_[id].line];
  line.end = std::max(line.end, end);
  if (--line.unfinished == 0) events_.push(line.end, full_event(FullEvent::PhaseEnds, seats_[id].line));
}

Time& MessagePlayer::port(std::uint32_t seat, const BusyLine& line, int peer) {
  const Lines& lines = lines_[line.queue];
  if (lines.wire().ports() == 1) return seats_[seat].port_free;
  const std::uint32_t index = seat - lines.seat_of(lines.first_line());
  const auto n = static_cast<std::size_t>(lines.wire().npus());
  return peer_ports_[first_peer_port_[line.queue] + index * n + static_cast<std::size_t>(peer)];
}

}  // namespace bandwright
