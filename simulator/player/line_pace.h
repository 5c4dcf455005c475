#pragma once
#include <map>
#include <optional>
#include <vector>

#include "core/stopping.h"
#include "simulator/player/pace.h"
#include "simulator/player/queue_lines.h"
#include "simulator/player/secluded_lines.h"
#include "simulator/ready_queue.h"

namespace bandwright {

// NPUs that all do the same go through a collective with their lines: a phase of a chunk starts on a line
// when all NPUs of the line have come to it and the line is free, and ends for all when the last is done. A
// free line takes the collective of the highest rank first, then the smallest phase (if the library says so),
// then the first that came. Lines of a logical dimension (scenario.h) do not share ports with those of
// others.
//
// On a transport each phase is played message by message, and once only on a line whose messages can meet no
// others (secluded_lines.h), as it takes as long again; without one, where only ports are shared, a line's
// ports are all free when a phase begins, so that its time is known then: it is worked out once for each
// phase and kind of line (collective/phase_time.h).
//
// Memory: O(NPUs x logical dimensions + lines x chunks x phases of the collectives under way).
class LinePace final : public Pace {
 public:
  explicit LinePace(const PaceInputs& inputs);

  void join(std::uint32_t npu, OperationId id) override;
  void handle(const PlayEvent& event) override;
  void settle() override;  // every idle line takes its next job
  [[nodiscard]] std::vector<QueueUse> uses() const override;

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct TimedPhase {
    const Program* program = nullptr;
    std::uint32_t queue = 0;
    Time duration;  // of NPUs that are alike
    CollectiveKind kind = CollectiveKind::AllReduce;
    SeatProgram seats;
    std::uint32_t same = 0;                  // the first phase of the queue with this program
    std::vector<std::optional<Time>> times;  // by kind of line, as far as worked out
    std::vector<Time> played;                // by line of the queue: as it took before; below 0: not yet
  };
  // A phase of a chunk of a collective under way, on whichever line.
  struct Job {
    OperationId operation = 0;
    std::uint32_t chunk = 0;
    std::uint32_t phase = 0;
    std::size_t first_arrival = 0;  // NPUs that have come, by line of its logical dimension
    bool last = false;              // of its chunk; else the next job is the chunk's next phase
    int rank = 0;
    std::uint32_t call = 0;
  };
  struct Call {  // of a collective by an operation; reused when it has ended on all NPUs
    std::uint32_t first_job = 0;
    std::vector<std::uint32_t> chunks_left;  // by exit and line
    std::vector<std::uint32_t> exits_left;   // by NPU
    std::int64_t npus_left = 0;
  };
  // Lines next to each other that begin a job together and end it together: one event for all of them.
  struct Run {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t job = 0;
    Time end;
  };
  struct LineState {
    ReadyQueue waiting;
    std::uint32_t job = 0;
    bool busy = false;
    bool secluded = false;  // when it began what it plays
    Time started;
    std::uint32_t first_seat = 0;
    int unfinished = 0;
    Time end;
  };

  void flatten_plans();
  void make_lines();
  void tell_lines_apart();
  std::uint32_t open_call(OperationId id);
  void create_jobs(std::uint32_t call, const CollectivePlan& plan, std::uint32_t collective);
  void come(std::uint32_t npu, std::uint32_t job);
  void all_come(std::span<const SeatLine> lines, std::uint32_t queue, std::uint32_t job);
  void line_has_come(const Job& job, std::uint32_t id, std::uint32_t line);
  void begin(std::uint32_t line, std::uint32_t phase);
  void begin_together(std::uint32_t line, std::uint32_t phase);
  void push_run();
  Time time_on(std::uint32_t line, std::uint32_t phase);
  void look(std::uint32_t line, std::uint32_t phase);
  Time* played_on(std::uint32_t line, std::uint32_t phase);
  void seat_ends(std::uint32_t seat);
  void end_phase(std::uint32_t first, std::uint32_t count);
  void end_chunk(std::uint32_t first, std::uint32_t count, const Job& job);
  void end_call(std::uint32_t npu, const Job& job);

  PaceInputs in_;
  std::int64_t npus_;
  std::vector<QueueLines> lines_of_queue_;
  std::vector<std::uint32_t> lines_apart_;  // of each logical dimension and each other
  std::vector<Wire> wires_;                 // by logical dimension
  std::vector<SeatLine> lines_;
  std::vector<LineState> states_;
  std::vector<std::uint32_t> idle_;  // lines that may have something to start
  Run run_;                          // of the lines that have just begun
  std::vector<TimedPhase> phases_;
  std::vector<std::vector<std::uint32_t>> first_phase_;  // of each collective and plan
  std::vector<std::vector<Entrance>> entrances_;         // of each collective
  std::vector<std::vector<Exit>> exits_;                 // likewise
  std::vector<std::uint32_t> kind_of_line_;              // empty: all alike
  std::vector<std::vector<double>> speeds_;              // of ports, by kind of line and position
  std::optional<Seats> seats_;
  std::vector<std::uint32_t> line_of_seat_;
  std::vector<std::int64_t> calls_left_;  // by logical dimension: collectives that have not ended everywhere
  std::vector<bool> secluded_;            // by line; empty: not looked at yet, or none
  std::int64_t messages_ = 0;             // played so far
  std::int64_t look_at_ = 0;              // so many: then lines are looked at; below 0: they have been
  std::vector<Job> jobs_;
  std::vector<std::uint32_t> arrivals_;
  // Sums of times at which lines began less those at which their NPUs had come, modulo 2^64, by queue.
  std::vector<std::uint64_t> queueing_;
  std::vector<Call> calls_;
  std::vector<std::uint32_t> call_of_;              // of each operation
  std::vector<std::vector<std::uint32_t>> unused_;  // calls to use again, by collective
  IssueOrder order_;
  std::vector<QueueUse> uses_;
  StopCheck stop_;
};

}  // namespace bandwright
