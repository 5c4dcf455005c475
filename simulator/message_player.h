#pragma once
#include <memory>
#include <vector>

#include "simulator/event_queue.h"
#include "simulator/link_network.h"
#include "simulator/scenario.h"

namespace bandwright {

// An event of the full-fidelity engine.
struct FullEvent {
  enum Kind : std::uint32_t {
    OperationEnds,   // subject: NPU, detail: operation
    PhaseEnds,       // subject: line
    MessageArrives,  // subject: seat of the receiver, detail: round
    MessageDeparts,  // subject: index of a packet (network of links only)
    HeadArrives,     // subject: index of a packet, at its next link
  };
  std::uint32_t subject;
  std::uint32_t kind : 3;
  std::uint32_t detail : 29;
};
using FullEvents = EventQueue<FullEvent>;
constexpr std::uint32_t max_detail = (std::uint32_t{1} << 29) - 1;
constexpr FullEvent full_event(FullEvent::Kind kind, std::uint32_t subject, std::uint32_t detail = 0) {
  return {subject, static_cast<std::uint32_t>(kind) & 7U, detail & max_detail};
}

// A program with its times on one logical dimension.
struct TimedProgram {
  struct TimedBlock {
    Block block;
    std::uint32_t first_round = 0;  // of the program's rounds
    Time occupancy;                 // of the sender's port, for one message
    Time reduction;
  };
  std::vector<TimedBlock> blocks;
};

// The lines of one logical dimension among all NPUs of the network: every NPU has one seat, at a position of
// one line. Lines and seats of all logical dimensions are numbered through.
class Lines {
 public:
  Lines(const Scenario& scenario, const LogicalDimension& queue, std::uint32_t first_line,
        std::uint32_t first_seat);

  [[nodiscard]] const Wire& wire() const { return wire_; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] std::uint32_t first_line() const { return first_line_; }
  [[nodiscard]] std::uint32_t line_of(std::int64_t npu) const;
  [[nodiscard]] std::int64_t npu_at(std::uint32_t line, int position) const;
  [[nodiscard]] std::uint32_t seat_of(std::uint32_t line) const {  // of position 0
    return first_seat_ + (line - first_line_) * static_cast<std::uint32_t>(wire_.npus());
  }
  [[nodiscard]] int dimension() const { return dimension_; }

 private:
  Wire wire_;
  int dimension_;
  std::int64_t stride_;
  std::uint32_t count_;
  std::uint32_t first_line_;
  std::uint32_t first_seat_;
};

// Plays phases message by message, each NPU and port by itself. A seat goes through the rounds of its line's
// program: it sends the round's messages one after the other through its port (or each through the port of
// its peer), waits for those it is to receive, takes the endpoint delay and the reduction, and goes on. What
// it will do after its last message has come is known at once, so a message is a single event: its arrival.
// Messages that come before their round are kept until then.
class MessagePlayer {
 public:
  MessagePlayer(const Scenario& scenario, const std::vector<LogicalDimension>& queues, FullEvents& events);

  [[nodiscard]] const Lines& lines(std::uint32_t queue) const { return lines_[queue]; }
  [[nodiscard]] std::uint32_t line_count() const { return static_cast<std::uint32_t>(busy_.size()); }
  [[nodiscard]] TimedProgram timed(const Program& program, std::uint32_t queue) const;

  // All seats of a line start a program, which must outlive the phase; a PhaseEnds event tells the end.
  void begin(std::uint32_t queue, std::uint32_t line, const TimedProgram& program);
  // REQUIRES an event of a message.
  void handle(const FullEvent& event);

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Seat {
    Time begun;  // of its round: perhaps a little in the future
    Time port_free;
    std::uint32_t line = 0;
    std::uint32_t round = 0;
    std::uint32_t missing = 0;   // messages of this round
    std::uint32_t early = none;  // list of messages of later rounds
    std::uint32_t block = 0;
    float speed = 1.0F;  // of the NPU's port
  };
  struct Early {
    std::uint32_t round;
    std::uint32_t next;
  };
  struct BusyLine {
    const TimedProgram* program = nullptr;
    std::uint32_t queue = 0;
    std::uint32_t first_seat = 0;
    int unfinished = 0;
    Time end;
  };

  void arrive(std::uint32_t seat, std::uint32_t round);
  void go_on(std::uint32_t seat, Time begun);
  void send(const BusyLine& line, std::uint32_t seat, const TimedProgram::TimedBlock& block);
  [[nodiscard]] std::uint32_t take_early(Seat& seat);
  void finish(std::uint32_t seat, Time end);
  [[nodiscard]] Time& port(std::uint32_t seat, const BusyLine& line, int peer);

  FullEvents& events_;
  std::vector<Lines> lines_;  // of each logical dimension
  std::vector<BusyLine> busy_;
  std::vector<Seat> seats_;
  std::vector<Early> early_;
  std::uint32_t free_early_ = none;
  std::vector<Time> peer_ports_;              // of seats with a port per peer
  std::vector<std::size_t> first_peer_port_;  // of each logical dimension
  std::unique_ptr<LinkNetwork> links_;        // nothing when only ports are shared
};

}  // namespace bandwright
