#include "simulator/transport/links.h"

#include <algorithm>
#include <cmath>

namespace bandwright {

Links::Links(const Scenario& scenario, Crossing crossing, PlayEvents& events)
    : network_(scenario.network), crossing_(crossing), events_(events), wires_(scenario), links_(scenario) {
  link_free_.resize(links_.count());
  port_free_.resize(static_cast<std::size_t>(wires_.npus()) * links_.dimensions().size());
}

void Links::find_route(Packet& packet) {
  const Message& message = packet.message;
  packet.route.clear();
  packet.legs.clear();
  if (message.dimension >= 0) {
    const Hop hop = wires_.hop_along(message.dimension, message.from, message.to);
    return add_leg(packet, hop, message.from);
  }
  std::int64_t at = message.from;
  for (const Hop& hop : hops_between(network_, message.from, message.to)) {
    add_leg(packet, hop, at);
    at += (hop.to - hop.from) * hop.stride;
    if (crossing_ == Crossing::Innermost) break;
  }
}

void Links::add_leg(Packet& packet, const Hop& hop, std::int64_t sender) {
  const auto first = static_cast<std::uint32_t>(packet.route.size());
  links_.add_route(hop, sender, packet.route);
  packet.legs.push_back({hop.dimension, sender, first, static_cast<std::uint32_t>(packet.route.size())});
}

std::uint32_t Links::take_packet() {
  if (free_packets_.empty()) {
    packets_.emplace_back();
    return static_cast<std::uint32_t>(packets_.size() - 1);
  }
  const std::uint32_t index = free_packets_.back();
  free_packets_.pop_back();
  return index;
}

void Links::send(const Message& message, Time begun) {
  const std::uint32_t index = take_packet();
  Packet& packet = packets_[index];
  packet.message = message;
  packet.leg = 0;
  packet.hop = 0;
  packet.in_port = true;
  packet.tail = Time(0);
  find_route(packet);
  events_.push(begun, play_event(PlayEvent::TransportActs, index));
}

Time Links::held_for(std::uint32_t link, Time occupancy) const {
  const auto differs = links_.speeds().find(link);
  if (differs == links_.speeds().end()) return occupancy;
  const double held = static_cast<double>(occupancy.value()) / differs->second;
  if (!(held < static_cast<double>(clock_end.value()))) return 2 * clock_end;
  return Time(std::llround(held));
}

// The packet's head is at its port or next link now: takes it as soon as it is free.
void Links::handle(std::uint32_t index) {
  Packet& packet = packets_[index];
  const Leg& leg = packet.legs[packet.leg];
  const GridLinks::Physical& d = links_.dimension(leg.dimension);
  const Time occupancy = wires_.occupancy(leg.dimension, packet.message.bytes, leg.sender);
  const PlayEvent again = play_event(PlayEvent::TransportActs, index);
  if (packet.in_port && d.single_port) {
    packet.in_port = false;
    Time& free = port_free_[static_cast<std::size_t>(leg.sender) * links_.dimensions().size() +
                            static_cast<std::size_t>(leg.dimension)];
    const Time start = std::max(events_.now(), free);
    free = start + occupancy;
    packet.tail = std::max(packet.tail, free);
    return events_.push(start, again);
  }
  packet.in_port = false;
  const std::uint32_t link = packet.route[packet.hop++];
  const Time start = std::max(events_.now(), link_free_[link]);
  link_free_[link] = start + held_for(link, occupancy);
  packet.tail = std::max(packet.tail, link_free_[link]) + d.latency;
  if (packet.hop < leg.end) return events_.push(start + d.latency, again);
  if (++packet.leg == packet.legs.size()) {
    events_.push(packet.tail, packet.message.arrival);
    free_packets_.push_back(index);
    return;
  }
  packet.in_port = true;
  events_.push(packet.message.lone ? packet.tail : start + d.latency, again);
}

}  // namespace bandwright
