#pragma once
#include <vector>

#include "simulator/transport/grid_links.h"
#include "simulator/transport/transport.h"
#include "simulator/transport/wires.h"

namespace bandwright {

// Ports and links that messages share. A message goes through its sender's port (where an NPU has a single
// one) and the links of its route, and holds each for its bytes over that link's rate; its head moves on as
// soon as a link takes it, so that on an idle network it arrives after hops x latency + bytes / rate (virtual
// cut-through with unlimited buffers; Kermani and Kleinrock, 1979). Links serve messages in the order their
// heads come. A link's rate is the bandwidth a lone message gets; a failed link is gone round where the
// dimension's other links allow it.
//
//   head   [port][link][link]           each begins when the head is there and it is free
//   tail      ........[port][link][link]-> arrives
//
// Between NPUs that differ in several dimensions a message crosses one after the other, innermost first (or
// the innermost only, topology/route.h), and the NPU in between sends it on through its own port: of a
// collective while it is still coming in, a lone message when all of it is there.
class Links final : public Transport {
 public:
  // Throws InputError for a link that does not exist, or when failed links disconnect NPUs.
  Links(const Scenario& scenario, Crossing crossing, PlayEvents& events);

  void send(const Message& message, Time begun) override;
  void handle(std::uint32_t packet) override;
  void settle() override {}

 private:
  struct Leg {  // of a route: through one dimension
    int dimension = 0;
    std::int64_t sender = 0;  // the NPU it begins at
    std::uint32_t first = 0;  // of the route's links
    std::uint32_t end = 0;
  };
  struct Packet {
    Message message;
    std::vector<std::uint32_t> route;  // links, kept for the next packet of this index
    std::vector<Leg> legs;
    std::size_t leg = 0;
    std::uint32_t hop = 0;  // into the route
    bool in_port = true;
    Time tail;  // when its last byte leaves the link behind it, at the earliest
  };
  std::uint32_t take_packet();
  void find_route(Packet& packet);
  void add_leg(Packet& packet, const Hop& hop, std::int64_t sender);
  [[nodiscard]] Time held_for(std::uint32_t link, Time occupancy) const;

  const Network& network_;
  Crossing crossing_;
  PlayEvents& events_;
  Wires wires_;
  GridLinks links_;
  std::vector<Time> link_free_;
  std::vector<Time> port_free_;  // of NPU x dimension
  std::vector<Packet> packets_;
  std::vector<std::uint32_t> free_packets_;
};

}  // namespace bandwright
