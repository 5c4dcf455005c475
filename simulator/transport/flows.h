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
// An NPU's messages of one collective leave in the order of their rounds, as those of one connection do, and
// as ports have it; messages of one round, and those of different collectives, share its port.
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
  // A flow has come to its end.
  void end_flow(FlowId flow, Time now);
  [[nodiscard]] std::vector<double> capacities() const { return ways_->capacities(); }

 private:
  // Subjects of events: the next end, a departure whose way is found then, or a flow that begins.
  static constexpr std::uint32_t next_end = ~std::uint32_t{0};
  static constexpr std::uint32_t found_then = std::uint32_t{1} << 31;
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  // What a flow is of: a message that is one flow, or a part of a packet.
  struct Tail {
    PlayEvent arrival{};
    Time latency;  // after its last byte
    std::uint32_t packet = none;
    std::uint32_t seat = none;  // whose turn it takes
    std::uint32_t round = 0;
    std::uint32_t next = none;  // flow that waits for the same seat
    Time start;                 // of its bytes, while it waits
  };
  // An NPU's messages of a collective: those of one round are sent at a time.
  struct Turn {
    std::uint32_t round = 0;
    std::uint32_t flows = 0;     // of that round, that have not ended
    std::uint32_t first = none;  // of those that wait
    std::uint32_t last = none;
  };
  struct Packet {
    Message message;
    std::uint32_t leg = 0;
    std::uint32_t legs = 1;
    std::uint32_t parts = 0;  // under way
    bool last = false;        // its latency is charged last
    Time latency;             // of the part that has the longest
  };
  struct Departure {
    std::uint32_t packet = 0;
    std::uint32_t part = 0;
  };

  [[nodiscard]] std::int64_t bytes_on_wire(const Message& message) const;
  void begin_leg(std::uint32_t packet, Time begun);
  void begin_part(std::uint32_t packet, std::uint32_t part, Time begun);
  void depart_later(std::uint32_t packet, std::uint32_t part, Time start);
  void end_part(std::uint32_t packet, Time now);
  void send_flow(const Routes::Way& way, std::int64_t bytes, Time start, const Tail& tail);
  void begin_flow(FlowId flow, Time start, Time now);
  void end_turn(std::uint32_t seat, Time now);
  [[nodiscard]] std::int64_t bytes_of(const Message& message, std::uint32_t part) const {
    if (parts_ == 1) return message.bytes;
    return message.bytes / parts_ + (part < message.bytes % parts_ ? 1 : 0);
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
  std::vector<Tail> tails_;  // by flow
  std::vector<Turn> turns_;  // by seat
  struct Leaving {           // flows that begin together
    Time start;
    std::vector<FlowId> flows;
  };
  std::vector<Leaving> leaving_;
  std::vector<std::uint32_t> free_leaving_;
  std::uint32_t open_ = none;  // that more may join
};

}  // namespace bandwright
