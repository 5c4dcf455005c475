#pragma once
#include <map>
#include <vector>

#include "collective/wire.h"
#include "simulator/scenario.h"

namespace bandwright {

// Ports and links that messages share. A message goes through its sender's port (where an NPU has a single
// one) and the links of its route, and holds each for its bytes over that link's rate; its head moves on as
// soon as a link takes it, so that on an idle network it arrives after hops x latency + bytes / rate (virtual
// cut-through with unlimited buffers; Kermani and Kleinrock, 1979). Links serve messages in the order their
// heads come. A link's rate is the bandwidth a lone message gets; a failed link is gone round where the
// dimension's other links allow it.
class LinkNetwork {
 public:
  // Throws InputError for a link that does not exist, or when failed links disconnect NPUs.
  explicit LinkNetwork(const Scenario& scenario);

  struct Packet {
    std::int64_t from = 0;
    std::int64_t to = 0;
    int dimension = 0;
    std::int64_t bytes = 0;
    Time occupancy;          // of the port and of a link of full rate
    std::uint32_t seat = 0;  // whom to tell
    std::uint32_t round = 0;
  };
  // Returns the packet's index; nothing happens before advance().
  std::uint32_t inject(const Packet& packet);

  struct Delivery {
    bool arrived;  // else its head comes to the next link
    Time time;
    std::uint32_t seat;
    std::uint32_t round;
  };
  // The packet's head is at its port or next link now: takes it as soon as it is free.
  Delivery advance(std::uint32_t packet, Time now);

 private:
  struct Travelling {
    Packet packet;
    std::vector<std::uint32_t> route;  // links, kept for the next packet of this index
    std::size_t hop = 0;
    Time tail;  // when its last byte leaves the link behind it, at the earliest
    bool in_port = true;
  };
  struct PhysicalDimension {
    const DimensionKind* kind;
    int npus;
    std::int64_t stride;
    std::uint32_t first_link;  // of line 0
    std::uint32_t links;       // per line
    Time latency;
    bool single_port;
    bool has_failures = false;
  };

  void apply(const LinkSpec& spec);
  void check_connected() const;
  void find_route(const Packet& packet, std::vector<std::uint32_t>& route) const;
  [[nodiscard]] std::vector<std::uint32_t> direct_route(const PhysicalDimension& d, std::int64_t line,
                                                        int from, int to) const;
  [[nodiscard]] std::vector<std::uint32_t> detour(const PhysicalDimension& d, std::int64_t line, int from,
                                                  int to) const;
  [[nodiscard]] bool intact(const std::vector<std::uint32_t>& route) const;

  std::int64_t npus_;
  std::vector<PhysicalDimension> dimensions_;
  std::vector<Time> link_free_;
  std::vector<Time> port_free_;                 // of NPU x dimension
  std::map<std::uint32_t, double> link_speed_;  // of links that differ; 0: failed
  std::vector<Travelling> packets_;
  std::vector<std::uint32_t> free_packets_;
};

}  // namespace bandwright
