#pragma once
#include <tbb/task_arena.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runner/checkpoint.h"
#include "runner/ranks.h"

namespace bandwright {

// Pieces of work that do not depend on each other, numbered from 0. A piece leaves what it computes where the
// caller wants it, by its number; how it is written is needed where there are ranks, or a checkpoint.
struct NumberedWork {
  std::size_t pieces = 0;
  std::function<void(std::size_t piece)> compute;  // by any thread of any rank, several at once
  std::function<std::string(std::size_t piece)> pack;
  std::function<void(std::size_t piece, std::string_view packed)> unpack;
  // At the first rank, one at a time, when a piece is there; may be empty.
  std::function<void(std::size_t piece)> finished;
  bool everywhere = false;  // every rank gets all pieces at the end; else the first alone
  // Asked before each piece: begins no more; a piece that asks, too, throws Stopped, and is not finished.
  // Where it is empty, a thread that is asked to end throws Stopped out of run().
  std::function<bool()> stopped;
};

// Who does the work: threads of this process, or of all ranks that a launcher started. Pieces are handed out
// from a counter, so that whoever is free takes the next one. Every rank runs the same program with the same
// inputs and meets the others in the calls below.
class Crew {
 public:
  explicit Crew(int threads = 0);                   // 0: one per core
  Crew(int threads, std::unique_ptr<Ranks> ranks);  // of each rank; no ranks: of this process alone
  ~Crew();                                          // leaves
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Of the first rank, which alone writes and speaks; true for a process by itself.
  [[nodiscard]] bool leads() const { return !ranks_ || ranks_->rank() == 0; }
  [[nodiscard]] bool alone() const { return !ranks_; }

  // The first rank's text, at every rank.
  std::string from_first(std::string text);

  // True when all pieces were computed, false when it was stopped; the same at every rank. The first
  // exception stops the others and is thrown on once what was begun is finished; ranks that it was not thrown
  // in are dismissed.
  bool run(const NumberedWork& work);

  // What runs from now on is kept, where it can be written, and what was kept is not computed again: an
  // unpacked piece must leave all that a computed one does. At every rank; the first alone has the file.
  // The program must be the same up to where it was ended: the runs are numbered.
  void go_on_from(std::unique_ptr<Checkpoint> checkpoint);

  // With as many threads as the crew has here, for algorithms of TBB.
  template <class Function>
  void in_threads(Function function) {
    arena_.execute(function);
  }

  // Ends it at this rank, with what went wrong here, if anything did. Waits for the others.
  void leave(const std::string& problem = {});

 private:
  bool run_all(const NumberedWork& work);
  bool run_rest(const NumberedWork& work);
  void run_in_threads(const NumberedWork& work, std::atomic<bool>& stopped);

  std::unique_ptr<Ranks> ranks_;
  int threads_;
  tbb::task_arena arena_;
  std::unique_ptr<Checkpoint> checkpoint_;
  bool goes_on_ = false;
  std::uint32_t runs_ = 0;     // that a checkpoint has
  std::uint32_t meeting_ = 0;  // how often the ranks have met
  int left_ = 0;               // ranks that have ended
};

// Thrown at a rank when the first one ended before the work was done: nothing is left to do here.
struct Dismissed {};

}  // namespace bandwright
