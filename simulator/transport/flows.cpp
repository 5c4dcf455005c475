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
  engine.take_ended(now, [&](FlowId flow) { owners[flow].flows->end_part(owners[flow].packet, now); });
}

Flows::Flows(const Scenario& scenario, Crossing crossing, PlayEvents& events, SharedFlows* shared)
    : events_(events),
      ways_(flow_ways(scenario, crossing)),
      own_(shared == nullptr ? std::make_optional<FlowEngine>(ways_->capacities()) : std::nullopt),
      shared_(shared),
      engine_(shared == nullptr ? *own_ : shared->engine),
      load_([this](LinkId link) { return static_cast<double>(engine_.flows_on(link)); }),
      charge_(scenario.built == nullptr ? LatencyCharge::Bulk : scenario.built->latency),
      parts_(scenario.built == nullptr ? 1U
                                       : static_cast<std::uint32_t>(scenario.built->routing.queue_pairs)),
      overhead_(scenario.library.message_overhead),
      efficiency_(scenario.built == nullptr ? std::vector<double>() : scenario.graph.wire_efficiency),
      due_(no_event) {}

std::int64_t Flows::bytes_of(const Message& message, std::uint32_t part) const {
  return message.bytes / parts_ + (part < message.bytes % parts_ ? 1 : 0);
}

void Flows::send(const Message& message, Time begun) {
  const std::uint32_t index = taken_index(free_packets_, packets_.size());
  if (index == packets_.size()) packets_.emplace_back();
  packets_[index] = {
      .message = message,
      .legs = ways_->legs(message),
      .last = charge_ == LatencyCharge::Last || (charge_ == LatencyCharge::Bulk && message.among_others)};
  if (!efficiency_.empty() && message.dimension >= 0) {
    const double share = efficiency_[static_cast<std::size_t>(message.dimension)];
    packets_[index].message.bytes =
        static_cast<std::int64_t>(std::ceil(static_cast<double>(message.bytes) / share));
  }
  begin_leg(index, begun + overhead_);
}

void Flows::begin_leg(std::uint32_t index, Time begun) {
  Packet& packet = packets_[index];
  packet.parts = parts_;
  packet.latency = Time(0);
  for (std::uint32_t part = 0; part < parts_; ++part) {
    const bool find_now = !packet.last || begun == events_.now();
    if (find_now) find(packet, part, way_);
    const Time start = packet.last ? begun : begun + way_.latency;
    if (start == events_.now()) {
      depart(index, part, way_);
      continue;
    }
    const std::uint32_t departure = taken_index(free_departures_, departures_.size());
    if (departure == departures_.size()) departures_.emplace_back();
    departures_[departure].packet = index;
    departures_[departure].part = part;
    departures_[departure].found = find_now;
    if (find_now) std::swap(departures_[departure].way, way_);
    events_.push(start, play_event(PlayEvent::TransportActs, departure));
  }
}

void Flows::depart(std::uint32_t index, std::uint32_t part, const Routes::Way& way) {
  Packet& packet = packets_[index];
  if (packet.last) packet.latency = std::max(packet.latency, way.latency);
  const std::int64_t bytes = bytes_of(packet.message, part);
  if (bytes == 0 || way.steps.empty()) return end_part(index, events_.now());
  const FlowId flow = engine_.start(events_.now(), way.steps, bytes);
  if (shared_ != nullptr) {
    if (shared_->owners.size() <= flow) shared_->owners.resize(flow + std::size_t{1});
    shared_->owners[flow] = {this, index};
    return;
  }
  if (packet_of_.size() <= flow) packet_of_.resize(flow + std::size_t{1});
  packet_of_[flow] = index;
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
  if (subject != next_end) {
    Departure& departure = departures_[subject];
    std::swap(way_, departure.way);
    const std::uint32_t packet = departure.packet;
    if (!departure.found) find(packets_[packet], departure.part, way_);
    free_departures_.push_back(subject);
    return depart(packet, departure.part, way_);
  }
  if (events_.now() >= due_) due_ = no_event;
  engine_.take_ended(events_.now(), [&](FlowId flow) { end_part(packet_of_[flow], events_.now()); });
}

bool Flows::shared_by(const Message& message, std::vector<std::uint32_t>& shared) {
  if (!ways_->fixed()) return false;
  const std::uint32_t legs = ways_->legs(message);
  for (std::uint32_t leg = 0; leg < legs; ++leg) {
    for (std::uint32_t part = 0; part < parts_; ++part) {
      ways_->find(message, leg, part, load_, way_);
      for (const FlowStep& step : way_.steps) shared.push_back(step.link);
    }
  }
  return true;
}

void Flows::settle() {
  if (shared_ != nullptr) return;
  engine_.refill(events_.now());
  if (engine_.idle() || (due_ != no_event && engine_.next_end() >= due_)) return;
  due_ = on_clock(engine_.next_end());
  events_.push(due_, play_event(PlayEvent::TransportActs, next_end));
}

}  // namespace bandwright
