#pragma once
#include <vector>

#include "simulator/transport/grid_links.h"
#include "simulator/transport/transport.h"
#include "simulator/transport/wires.h"

namespace bandwright {

// What flows are measured against: ports and links that serve whole messages in the order their heads come,
// cut through (Kermani and Kleinrock, 1979), on one dimension. On links that never have two messages at a
// time the times are those of flows; where messages meet they are not.
class WholeMessages final : public Transport {
 public:
  WholeMessages(const Scenario& scenario, PlayEvents& events)
      : events_(events), wires_(scenario), links_(scenario) {
    link_free_.resize(links_.count());
    port_free_.resize(static_cast<std::size_t>(wires_.npus()) * links_.dimensions().size());
  }

  void send(const Message& message, Time begun) override {
    auto index = static_cast<std::uint32_t>(packets_.size());
    if (free_packets_.empty()) {
      packets_.emplace_back();
    } else {
      index = free_packets_.back();
      free_packets_.pop_back();
    }
    Packet& packet = packets_[index];
    packet.message = message;
    packet.hop = 0;
    packet.in_port = true;
    packet.tail = Time(0);
    packet.route.clear();
    links_.add_route(wires_.hop_along(message.dimension, message.from, message.to), message.from,
                     packet.route);
    events_.push(begun, play_event(PlayEvent::TransportActs, index));
  }

  // The packet's head is at its port or next link now: takes it as soon as it is free.
  void handle(std::uint32_t index) override {
    Packet& packet = packets_[index];
    const Message& message = packet.message;
    const GridLinks::Physical& d = links_.dimension(message.dimension);
    const Time occupancy = wires_.occupancy(message.dimension, message.bytes, message.from);
    if (packet.in_port && d.single_port) {
      packet.in_port = false;
      Time& free = port_free_[static_cast<std::size_t>(message.from) * links_.dimensions().size() +
                              static_cast<std::size_t>(message.dimension)];
      const Time start = std::max(events_.now(), free);
      free = start + occupancy;
      packet.tail = free;
      return events_.push(start, play_event(PlayEvent::TransportActs, index));
    }
    packet.in_port = false;
    const std::uint32_t link = packet.route[packet.hop++];
    const Time start = std::max(events_.now(), link_free_[link]);
    link_free_[link] = start + occupancy;
    packet.tail = std::max(packet.tail, link_free_[link]) + d.latency;
    if (packet.hop < packet.route.size()) {
      return events_.push(start + d.latency, play_event(PlayEvent::TransportActs, index));
    }
    events_.push(packet.tail, message.arrival);
    free_packets_.push_back(index);
  }

  void settle() override {}

 private:
  struct Packet {
    Message message;
    std::vector<std::uint32_t> route;  // links, kept for the next packet of this index
    std::uint32_t hop = 0;             // into the route
    bool in_port = true;
    Time tail;  // when its last byte leaves the link behind it, at the earliest
  };

  PlayEvents& events_;
  Wires wires_;
  GridLinks links_;
  std::vector<Time> link_free_;
  std::vector<Time> port_free_;  // of NPU x dimension
  std::vector<Packet> packets_;
  std::vector<std::uint32_t> free_packets_;
};

}  // namespace bandwright
