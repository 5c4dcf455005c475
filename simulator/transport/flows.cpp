#include "simulator/transport/flows.h"

#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

constexpr Time no_event = 2 * clock_end;

std::uint32_t taken_index(std::vector<std::uint32_t>& unused, std::size_t size) {
  if (unused.empty()) return static_cast<std::uint32_t>(size);
  const std::uint32_t index = unused.back();
  unused.pop_back();
  return index;
}

}  // namespace

void SharedFlows::take_ended(Time now) {
  engine.take_ended(now, [&](FlowId flow) { owners[flow]->end_flow(flow, now); });
}

Flows::Flows(const Scenario& scenario, Crossing crossing, PlayEvents& events, SharedFlows* shared)
    : events_(events),
      ways_(flow_ways(scenario, crossing)),
      own_(shared == nullptr ? std::make_optional<FlowEngine>(ways_->capacities()) : std::nullopt),
      shared_(shared),
      engine_(shared == nullptr ? *own_ : shared->engine),
      load_([this](LinkId link) { return static_cast<double>(engine_.flows_on(link)); }),
      charge_(scenario.built == nullptr ? LatencyCharge::Bulk : scenario.built->latency),
      parts_(parts_of_messages(scenario)),
      overhead_(scenario.library.message_overhead),
      efficiency_(scenario.built == nullptr ? std::vector<double>() : scenario.graph.wire_efficiency),
      due_(no_event) {}

void Flows::send(const Message& message, Time begun) {
  begun += overhead_;
  const std::int64_t bytes = bytes_on_wire(message);
  const bool last =
      charge_ == LatencyCharge::Last || (charge_ == LatencyCharge::Bulk && message.among_others);
  const std::uint32_t legs = ways_->legs(message);
  if (legs == 1 && parts_ == 1 && bytes > 0 && (!last || begun == events_.now())) {
    const Routes::Way& way = ways_->find(message, 0, 0, load_);
    if (!way.steps.empty()) {
      return send_flow(way, bytes, last ? begun : begun + way.latency,
                       {.arrival = message.arrival,
                        .latency = last ? way.latency : Time(0),
                        .seat = static_cast<std::uint32_t>(message.seat),
                        .round = message.round});
    }
  }
  const std::uint32_t index = taken_index(free_packets_, packets_.size());
  if (index == packets_.size()) packets_.emplace_back();
  packets_[index] = {.message = message, .legs = legs, .last = last};
  packets_[index].message.bytes = bytes;
  begin_leg(index, begun);
}

std::int64_t Flows::bytes_on_wire(const Message& message) const {
  if (efficiency_.empty() || message.dimension < 0) return message.bytes;
  const double share = efficiency_[static_cast<std::size_t>(message.dimension)];
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(message.bytes) / share));
}

void Flows::begin_leg(std::uint32_t index, Time begun) {
  packets_[index].parts = parts_;
  packets_[index].latency = Time(0);
  for (std::uint32_t part = 0; part < parts_; ++part) begin_part(index, part, begun);
}

// Where latency is charged last a way is found when its bytes begin to move, else when they are sent.
void Flows::begin_part(std::uint32_t index, std::uint32_t part, Time begun) {
  Packet& packet = packets_[index];
  if (packet.last && begun > events_.now()) return depart_later(index, part, begun);
  const Routes::Way& way = ways_->find(packet.message, packet.leg, part, load_);
  const Time start = packet.last ? begun : begun + way.latency;
  if (packet.last) packet.latency = std::max(packet.latency, way.latency);
  const std::int64_t bytes = bytes_of(packet.message, part);
  if (bytes == 0 || way.steps.empty()) {
    if (start > events_.now()) return depart_later(index, part, start);
    return end_part(index, start);
  }
  const Message& message = packet.message;
  const std::uint32_t seat = packet.leg == 0 ? static_cast<std::uint32_t>(message.seat) : none;
  send_flow(way, bytes, start, {.packet = index, .seat = seat, .round = message.round});
}

void Flows::depart_later(std::uint32_t packet, std::uint32_t part, Time start) {
  const std::uint32_t departure = taken_index(free_departures_, departures_.size());
  if (departure == departures_.size()) departures_.emplace_back();
  departures_[departure] = {packet, part};
  events_.push(start, play_event(PlayEvent::TransportActs, found_then + departure));
}

void Flows::send_flow(const Routes::Way& way, std::int64_t bytes, Time start, const Tail& tail) {
  const FlowId flow = engine_.plan(way.steps, bytes);
  if (tails_.size() <= flow) tails_.resize(flow + std::size_t{1});
  tails_[flow] = tail;
  if (shared_ != nullptr) {
    if (shared_->owners.size() <= flow) shared_->owners.resize(flow + std::size_t{1});
    shared_->owners[flow] = this;
  }
  if (tail.seat != none) {
    if (turns_.size() <= tail.seat) turns_.resize(tail.seat + std::size_t{1});
    Turn& turn = turns_[tail.seat];
    if (turn.flows > 0 && turn.round != tail.round) {
      tails_[flow].start = start;
      (turn.first == none ? turn.first : tails_[turn.last].next) = flow;
      turn.last = flow;
      return;
    }
    turn.round = tail.round;
    ++turn.flows;
  }
  begin_flow(flow, start, events_.now());
}

void Flows::begin_flow(FlowId flow, Time start, Time now) {
  if (start <= now) return engine_.begin(now, flow);
  if (open_ == none || leaving_[open_].start != start) {
    open_ = taken_index(free_leaving_, leaving_.size());
    if (open_ == leaving_.size()) leaving_.emplace_back();
    leaving_[open_].start = start;
    events_.push(start, play_event(PlayEvent::TransportActs, open_));
  }
  leaving_[open_].flows.push_back(flow);
}

void Flows::end_flow(FlowId flow, Time now) {
  const Tail tail = tails_[flow];
  if (tail.seat != none && --turns_[tail.seat].flows == 0) end_turn(tail.seat, now);
  if (tail.packet != none) return end_part(tail.packet, now);
  events_.push(now + tail.latency, tail.arrival);
}

// The next round that waits may begin.
void Flows::end_turn(std::uint32_t seat, Time now) {
  Turn& turn = turns_[seat];
  if (turn.first != none) turn.round = tails_[turn.first].round;
  while (turn.first != none && tails_[turn.first].round == turn.round) {
    const FlowId next = turn.first;
    turn.first = tails_[next].next;
    ++turn.flows;
    begin_flow(next, tails_[next].start, now);
  }
}

void Flows::end_part(std::uint32_t index, Time now) {
  Packet& packet = packets_[index];
  if (--packet.parts > 0) return;
  const Time there = now + packet.latency;
  if (++packet.leg < packet.legs) return begin_leg(index, there);
  events_.push(there, packet.message.arrival);
  free_packets_.push_back(index);
}

void Flows::handle(std::uint32_t subject) {
  if (subject == next_end) {
    if (events_.now() >= due_) due_ = no_event;
    return engine_.take_ended(events_.now(), [&](FlowId flow) { end_flow(flow, events_.now()); });
  }
  if (subject < found_then) {
    if (open_ == subject) open_ = none;
    Leaving& leaving = leaving_[subject];
    for (const FlowId flow : leaving.flows) engine_.begin(events_.now(), flow);
    leaving.flows.clear();
    return free_leaving_.push_back(subject);
  }
  const Departure departure = departures_[subject - found_then];
  free_departures_.push_back(subject - found_then);
  if (packets_[departure.packet].last) return begin_part(departure.packet, departure.part, events_.now());
  end_part(departure.packet, events_.now());
}

void Flows::settle() {
  if (shared_ != nullptr) return;
  engine_.refill(events_.now());
  if (engine_.idle() || (due_ != no_event && engine_.next_end() >= due_)) return;
  due_ = on_clock(engine_.next_end());
  events_.push(due_, play_event(PlayEvent::TransportActs, next_end));
}

}  // namespace bandwright
