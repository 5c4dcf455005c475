#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "simulator/transport/flow_network.h"
#include "simulator/transport/flow_share.h"
#include "simulator/transport/flow_ways.h"
#include "simulator/transport/transport.h"

namespace bandwright {

// Messages share the bandwidth of every link on their way, max-min fairly (network/flows/flow_engine.h), over
// the network as it is built or the links of the grid. A message of m bytes takes the latency of its way once
// and its bytes at whatever rate it has: alone, latency + m / the slowest link, as a head that moves on as
// soon as a link takes it.
//
//   latency ....[===== rate 1/2 =====][== 1 ==]-> arrives
//
// What a sender needs for each message (the library's message_overhead) is part of the latency. Where
// collectives reach only a share of a dimension's bandwidth (Step::wire_efficiency), its messages are that
// much longer on a network as it is built; a grid's links are that much slower.
class Flows final : public Transport {
 public:
  // Over `shared`, where several steps share the network (flow_share.h). Throws InputError for a network that
  // does not fit the step.
  Flows(const Scenario& scenario, Crossing crossing, PlayEvents& events, SharedFlows* shared = nullptr);

  void send(const Message& message, Time begun) override;
  void handle(std::uint32_t subject) override;
  void settle() override;
  bool shared_by(const Message& message, std::vector<std::uint32_t>& shared) override;
  // A part of a packet has come to its end.
  void end_part(std::uint32_t packet, Time now);
  [[nodiscard]] std::vector<double> capacities() const { return ways_->capacities(); }

 private:
  static constexpr std::uint32_t next_end = ~std::uint32_t{0};  // subject of the event
  struct Packet {
    Message message;
    std::uint32_t leg = 0;
    std::uint32_t legs = 1;
    std::uint32_t parts = 0;  // under way
    bool last = false;        // its latency is charged last
    Time latency;             // of the part that has the longest
  };
  struct Departure {  // of a part whose latency is charged first
    std::uint32_t packet = 0;
    std::uint32_t part = 0;
    bool found = false;  // its way
    Routes::Way way;
  };

  void begin_leg(std::uint32_t packet, Time begun);
  void depart(std::uint32_t packet, std::uint32_t part, const Routes::Way& way);
  [[nodiscard]] std::int64_t bytes_of(const Message& message, std::uint32_t part) const;
  void find(const Packet& packet, std::uint32_t part, Routes::Way& way) {
    ways_->find(packet.message, packet.leg, part, load_, way);
  }

  PlayEvents& events_;
  std::unique_ptr<FlowWays> ways_;
  std::optional<FlowEngine> own_;
  SharedFlows* shared_;
  FlowEngine& engine_;
  Routes::Load load_;
  LatencyCharge charge_;
  std::uint32_t parts_;  // of a message: its queue pairs
  Time overhead_;
  std::vector<double> efficiency_;  // of messages by dimension; empty: 1
  Time due_;                        // the earliest event for an end that is under way; beyond the clock: none
  std::vector<Packet> packets_;
  std::vector<std::uint32_t> free_packets_;
  std::vector<Departure> departures_;
  std::vector<std::uint32_t> free_departures_;
  std::vector<std::uint32_t> packet_of_;  // by flow
  Routes::Way way_;                       // scratch
};

}  // namespace bandwright
