#pragma once
#include <vector>

#include "collective/algorithm.h"
#include "simulator/transport/transport.h"

namespace bandwright {

// NPUs that run the phases of a collective together: a line of a grid, evenly spaced, or any list.
struct SeatLine {
  std::int64_t first = 0;
  std::int64_t stride = 1;
  const std::vector<int>* members = nullptr;  // of a list, in the order of their positions
  int npus = 0;
  int dimension = -1;  // in which alone they differ; -1: in several

  [[nodiscard]] std::int64_t npu_at(int position) const {
    return members == nullptr ? first + position * stride : (*members)[static_cast<std::size_t>(position)];
  }
};

// A program with what receivers need after each round.
struct SeatProgram {
  struct Part {
    Block block;
    std::uint32_t rounds = 0;
    Time reduction;  // of one message
  };
  std::vector<Part> parts;
  std::uint32_t rounds = 0;
};
SeatProgram seat_program(const Program& program, const Wire& wire);

// NPUs that play the programs of a line's phases message by message. An NPU has a seat at its position. A
// seat goes through the rounds of its program: it sends the round's messages, waits for those it is to
// receive, takes the endpoint delay and the reduction, and goes on. What it does after its last message has
// come is known at once, so it is never called in between; messages that come before their round are kept
// until then.
//
// Rounds are numbered by whoever begins a program, so that programs of a seat can follow each other without
// their messages being taken for one another's.
class Seats {
 public:
  Seats(Transport& transport, PlayEvents& events, Time endpoint_delay)
      : transport_(transport), events_(events), endpoint_delay_(endpoint_delay) {}

  // Seats for all positions of a line, numbered from the result on. The line must not move.
  std::uint32_t open(const SeatLine& line);
  // REQUIRES that no message to them is under way.
  void close(std::uint32_t first);

  // The seat begins a program now. Like arrive(), true when the seat has nothing more to wait for: it ends at
  // end(seat), now or later. The program must outlive that.
  bool begin(std::uint32_t seat, const SeatProgram& program, std::uint32_t first_round);
  bool arrive(std::uint32_t seat, std::uint32_t round);
  [[nodiscard]] Time end(std::uint32_t seat) const { return seats_[seat].begun; }

  [[nodiscard]] const SeatLine& line(std::uint32_t seat) const { return *seats_[seat].line; }
  [[nodiscard]] std::int64_t npu(std::uint32_t seat) const {
    return seats_[seat].line->npu_at(static_cast<int>(seats_[seat].position));
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Seat {
    Time begun;  // of its round: perhaps a little in the future
    const SeatLine* line = nullptr;
    const SeatProgram* program = nullptr;
    std::uint32_t position = 0;
    std::uint32_t part = 0;        // of the program
    std::uint32_t part_start = 0;  // its first round
    std::uint32_t round = 0;
    std::uint32_t missing = 0;   // messages of this round
    std::uint32_t early = none;  // list of messages of later rounds
  };
  struct Early {
    std::uint32_t round;
    std::uint32_t next;
  };

  bool go_on(std::uint32_t seat);
  void send(const Seat& seat, std::uint32_t id, const Block& block);
  void end_round(Seat& seat, const SeatProgram::Part& part, int received, Time now) const;
  [[nodiscard]] static int receives(const Seat& seat, const Block& block);
  void keep(Seat& seat, std::uint32_t round);
  [[nodiscard]] std::uint32_t take_early(Seat& seat);

  Transport& transport_;
  PlayEvents& events_;
  Time endpoint_delay_;
  std::vector<Seat> seats_;
  std::vector<std::vector<std::uint32_t>> closed_;  // first seats that can be opened again, by line length
  std::vector<Early> early_;
  std::uint32_t free_early_ = none;
};

}  // namespace bandwright
