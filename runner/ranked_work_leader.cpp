#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/ranked_work.h"
#include "runner/workers.h"

namespace bandwright {
namespace {

// The first rank: has the counter, and gets what is computed.
class Leader {
 public:
  Leader(Ranks& ranks, std::uint32_t meeting, int threads, const NumberedWork& work, int& left)
      : ranks_(ranks), meeting_(meeting), threads_(threads), work_(work), left_(left) {}

  bool run() {
    workers_.start(
        threads_, work_, [this] { return take_one(); },
        [this](std::size_t piece, bool computed) { done(piece, computed); });
    serve();
    workers_.join();
    end();
    if (const std::exception_ptr problem = workers_.problem()) std::rethrow_exception(problem);
    return complete();
  }

 private:
  struct Pieces {
    std::size_t first = 0;
    std::size_t end = 0;
  };

  std::optional<std::size_t> take_one() {
    const Pieces pieces = hand_out(1);
    return pieces.first == pieces.end ? std::nullopt : std::optional(pieces.first);
  }

  Pieces hand_out(std::size_t most) {
    if (asked_to_stop(work_)) stop();
    const std::lock_guard lock(mutex_);
    const std::size_t first = next_;
    if (!stopping_) next_ += std::min(most, work_.pieces - next_);
    open_ += next_ - first;
    return {first, next_};
  }

  // As many that all still have some at the end: pieces may differ much.
  [[nodiscard]] std::size_t chunk() {
    const std::lock_guard lock(mutex_);
    const std::size_t left = work_.pieces - next_;
    const auto all = static_cast<std::size_t>(ranks_.size()) * static_cast<std::size_t>(threads_);
    return std::clamp<std::size_t>(left / (4 * all), 1, 64);
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }

  // Once nothing is open. A stop that came after the last piece stopped nothing.
  [[nodiscard]] bool complete() {
    const std::lock_guard lock(mutex_);
    return next_ == work_.pieces && undone_ == 0;
  }

  void fail(std::exception_ptr problem) {
    workers_.note(std::move(problem));
    stop();
  }

  void close(std::size_t pieces, bool computed) {
    const std::lock_guard lock(mutex_);
    open_ -= pieces;
    if (!computed) undone_ += pieces;
    if (open_ == 0) wake_.notify_all();
  }

  void done(std::size_t piece, bool computed) {
    if (computed) {
      finished(piece);
    } else {
      stop();
    }
    close(1, computed);
  }

  void finished(std::size_t piece) {
    if (!work_.finished) return;
    try {
      const std::lock_guard lock(one_at_a_time_);
      work_.finished(piece);
    } catch (...) {
      fail(std::current_exception());
    }
  }

  void serve() {
    Pause pause;
    for (;;) {
      while (std::optional<Ranks::Message> message = ranks_.receive()) {
        hear(*message);
        pause.reset();
      }
      std::unique_lock lock(mutex_);
      if (open_ == 0 && (stopping_ || next_ == work_.pieces)) return;
      wake_.wait_for(lock, pause.next());
    }
  }

  void hear(Ranks::Message& message) {
    std::string_view bytes = message.bytes;
    const auto talk = take<Talk>(bytes);
    const auto meeting = take<std::uint32_t>(bytes);
    if (talk == Talk::Left) {
      ++left_;
      return fail(problem_of(message.from, bytes.empty() ? "it ended" : bytes));
    }
    if (meeting != meeting_) return;
    if (talk == Talk::Ask) {
      std::string answer = begin_talk(Talk::Give, meeting_);
      put(answer, hand_out(chunk()));
      ranks_.send(message.from, answer);
    } else if (talk == Talk::Done) {
      take_done(message.from, bytes);
    } else if (talk == Talk::Undone) {
      const auto pieces = take<std::size_t>(bytes);
      if (bytes.empty()) stop();
      if (!bytes.empty()) fail(problem_of(message.from, bytes));
      close(pieces, false);
    }
  }

  static std::exception_ptr problem_of(int rank, std::string_view text) {
    return std::make_exception_ptr(InputError(fmt::format("rank {}: {}", rank, text)));
  }

  void take_done(int from, std::string_view bytes) {
    const auto piece = take<std::size_t>(bytes);
    try {
      work_.unpack(piece, bytes);
      if (work_.everywhere) packed_.push_back({from, piece, std::string(bytes)});
      finished(piece);
    } catch (...) {
      fail(std::current_exception());
    }
    close(1, true);
  }

  // Every rank gets what the others have computed, where it is wanted.
  void end() {
    const std::exception_ptr problem = workers_.problem();
    std::vector<bool> from_others(work_.pieces);
    for (const Packed& each : packed_) from_others[each.piece] = true;
    const bool stopped = !complete();
    const bool share = work_.everywhere && !stopped && !problem;
    for (std::size_t piece = 0; share && piece < work_.pieces; ++piece) {
      if (!from_others[piece]) packed_.push_back({0, piece, work_.pack(piece)});
    }
    for (int rank = 1; rank < ranks_.size(); ++rank) {
      std::string bytes = begin_talk(Talk::End, meeting_);
      put(bytes, stopped);
      put(bytes, problem != nullptr);
      for (const Packed& each : packed_) {
        if (!share || each.from == rank) continue;
        put(bytes, each.piece);
        put(bytes, std::string_view(each.bytes));
      }
      ranks_.send(rank, bytes);
    }
  }

  struct Packed {
    int from;
    std::size_t piece;
    std::string bytes;
  };

  Ranks& ranks_;
  const std::uint32_t meeting_;
  const int threads_;
  const NumberedWork& work_;
  int& left_;
  Workers workers_;
  std::mutex one_at_a_time_;  // finished()
  std::mutex mutex_;          // of what follows
  std::condition_variable wake_;
  std::size_t next_ = 0;
  std::size_t open_ = 0;    // handed out, not yet back
  std::size_t undone_ = 0;  // back without what they would have computed
  bool stopping_ = false;
  std::vector<Packed> packed_;  // of others, where all want it
};

}  // namespace

bool lead_work(Ranks& ranks, std::uint32_t meeting, int threads, const NumberedWork& work, int& left) {
  return Leader(ranks, meeting, threads, work, left).run();
}

}  // namespace bandwright
