#pragma once
#include <deque>
#include <map>
#include <tuple>
#include <vector>

#include "simulator/player/call_order.h"
#include "simulator/player/pace.h"

namespace bandwright {

// NPUs that do not all do the same go through a collective each at its own pace: an NPU begins a phase when
// its own chunk has come to it and its phase before on that dimension has ended, sends, and waits only for
// the messages it receives.
//
//   NPU 0  [chunk 0    ][chunk 1    ]         the message from 3 to 0 is long under way: 0 waits for it,
//   NPU 1    [chunk 0    ][chunk 1    ]       1 a little later, and nobody else
//
// The order of phases on a dimension is fixed (call_order.h), as no NPU sees what the others do.
// REQUIRES that an NPU is in one collective at a time.
// Memory: O(NPUs x (groups + chunks) + members of the collectives under way).
class OwnPace final : public Pace {
 public:
  explicit OwnPace(const PaceInputs& inputs);

  void join(std::uint32_t npu, OperationId id) override;
  void handle(const PlayEvent& event) override;
  void settle() override {}
  [[nodiscard]] std::vector<QueueUse> uses() const override;

 private:
  struct Place {  // of an NPU
    std::uint32_t line = 0;
    std::uint32_t position = 0;
  };
  struct Meet {  // of a line's NPUs in one collective
    std::uint32_t meeting = 0;
    std::uint32_t first_seat = 0;
    int left = 0;  // NPUs that have not ended it
  };
  struct TeamLine {
    SeatLine line;
    std::uint32_t part = 0;   // of the group's dimensions
    std::vector<Meet> meets;  // under way
  };
  struct Track {  // of an NPU in a collective, on one dimension
    std::uint32_t seat = 0;
    std::uint32_t line = 0;
    std::uint32_t job = 0;
    bool busy = false;
    Time started;
  };
  struct Npu {
    OperationId operation = RankedStep::nothing;  // the collective it is in
    std::uint32_t chunks_left = 0;
    std::vector<Track> tracks;            // by part
    std::vector<std::uint32_t> progress;  // by chunk: its phase
    std::vector<Time> ready;              // by chunk: when it came to its phase
  };

  void place_group(std::uint32_t group, std::uint32_t part);
  void add_line(std::vector<int> members, std::uint32_t part, std::map<int, Place>& places);
  std::uint32_t seat_in(std::uint32_t line, std::uint32_t meeting, std::uint32_t position);
  void begin_job(std::uint32_t npu, std::uint32_t part);
  void end_job(std::uint32_t npu, std::uint32_t part);
  void end_collective(std::uint32_t npu);
  void note(std::uint32_t npu, std::uint32_t part, const CallOrder::Job& job);
  void seat_ends(std::uint32_t seat) {
    in_.events.push(seats_.end(seat), play_event(PlayEvent::PhaseEnds, seat));
  }
  [[nodiscard]] const CallOrder& call_of(const Npu& npu) const {
    return orders_[in_.step.graph.operations[npu.operation].collective];
  }

  PaceInputs in_;
  std::vector<CallOrder> orders_;
  std::deque<std::vector<int>> members_;  // of lines
  std::deque<TeamLine> lines_;
  std::vector<std::uint32_t> place_in_kind_;             // by NPU
  std::vector<std::vector<std::vector<Place>>> places_;  // by group, part, and NPU's place in its kind
  std::vector<std::uint32_t> part_of_seat_;
  // Places of a team's members on its lines; by team, part and dimension.
  std::map<std::tuple<std::uint32_t, std::uint32_t, int>, std::map<int, Place>> teams_;
  Seats seats_;
  std::vector<Npu> npus_;
  std::vector<QueueUse> uses_;  // sums over the NPUs of the kind that uses it
};

}  // namespace bandwright
