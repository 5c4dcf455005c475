#pragma once
#include <vector>

#include "simulator/event_queue.h"
#include "simulator/ranked_calls.h"
#include "simulator/ranked_network.h"

namespace bandwright {

// An event of the engine that plays NPUs which do not all do the same.
struct RankedEvent {
  enum Kind : std::uint32_t { OperationEnds, JobEnds, MessageArrives };
  std::uint32_t npu;
  std::uint32_t subject;  // the operation, or the meeting of a message
  std::uint32_t kind : 2;
  std::uint32_t part : 4;
  std::uint32_t round : 26;
};
constexpr RankedEvent ranked_event(RankedEvent::Kind kind, std::uint32_t npu, std::uint32_t subject,
                                   std::uint32_t part = 0, std::uint32_t round = 0) {
  return {npu, subject, static_cast<std::uint32_t>(kind) & 3U, part & 15U, round & 0x3FFFFFFU};
}

using RankedEvents = EventQueue<RankedEvent>;

// NPUs in collectives, each at its own pace. An NPU in a collective has a seat on each dimension, and a seat
// goes through the jobs of its dimension: it sends a round's messages, waits for those it is to receive,
// takes the endpoint delay and the reduction, and goes on. What it does after its last message has come is
// known at once; messages that come before their round are kept until then.
class RankedSeats {
 public:
  RankedSeats(const Scenario& scenario, const RankedStep& step, const std::vector<RankedCall>& calls,
              RankedEvents& events);

  // A job that has ended.
  struct Served {
    RankedCall::Job job;
    Time ready;  // when its chunk had come to it
    Time started;
    bool last = false;  // of all the NPU's jobs of this collective
  };

  // The NPU comes to a collective; REQUIRES that it is in none.
  void join(std::uint32_t npu, OperationId id);
  void leave(std::uint32_t npu) { npus_[npu].call = RankedStep::nothing; }
  [[nodiscard]] OperationId call(std::uint32_t npu) const { return npus_[npu].call; }
  void arrive(const RankedEvent& message);
  Served end_job(std::uint32_t npu, std::uint32_t part);

  [[nodiscard]] const RankedNetwork& network() const { return network_; }

 private:
  struct Seat {
    RankedNetwork::Place place;
    Time begun;  // of the round: perhaps a little in the future
    Time started;
    std::uint32_t job = 0;
    std::uint32_t block = 0;        // of the job's program
    std::uint32_t block_start = 0;  // its first round
    std::uint32_t round = 0;        // numbered through the jobs of the dimension
    std::uint32_t missing = 0;      // messages of this round
    bool busy = false;
  };
  struct Early {  // messages that came before their round
    std::uint32_t meeting;
    std::uint32_t part;
    std::uint32_t round;
    std::uint32_t count;
  };
  struct Npu {
    OperationId call = RankedStep::nothing;
    std::uint32_t meeting = 0;
    std::uint32_t chunks_left = 0;
    std::vector<Seat> seats;              // by part
    std::vector<std::uint32_t> progress;  // by chunk: its phase
    std::vector<Time> ready;              // by chunk: when it came to its phase
    std::vector<Early> early;
  };

  void begin_job(std::uint32_t npu, std::uint32_t part);
  void go_on(std::uint32_t npu, std::uint32_t part);
  void send(std::uint32_t npu, std::uint32_t part, const Block& block);
  void end_round(Seat& seat, const Block& block, int received) const;
  [[nodiscard]] int receives(const Seat& seat, const Block& block) const;
  static void keep(Npu& npu, const RankedEvent& message);
  static std::uint32_t take_early(Npu& npu, std::uint32_t part, std::uint32_t round);
  [[nodiscard]] const RankedCall& call_of(const Npu& npu) const {
    return calls_[step_.graph.operations[npu.call].collective];
  }

  const RankedStep& step_;
  const std::vector<RankedCall>& calls_;
  RankedNetwork network_;
  RankedEvents& events_;
  Time endpoint_delay_;
  std::vector<Npu> npus_;
};

}  // namespace bandwright
