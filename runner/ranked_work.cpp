#include "runner/ranked_work.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace bandwright {
namespace {

// How long to sleep until MPI is asked again: short after a message, longer while none comes.
class Pause {
 public:
  void reset() { length_ = shortest; }
  [[nodiscard]] std::chrono::microseconds next() {
    const std::chrono::microseconds length = length_;
    length_ = std::min(length_ * 2, longest);
    return length;
  }

 private:
  static constexpr std::chrono::microseconds shortest{20};
  static constexpr std::chrono::microseconds longest{1000};
  std::chrono::microseconds length_ = shortest;
};

// What both sides have: threads that compute pieces, and the first thing that went wrong in them.
class Workers {
 public:
  // take: the number of the next piece, waited for; nothing ends the thread. done: the piece is computed.
  template <class Take, class Done>
  void start(int threads, const NumberedWork& work, Take take, Done done) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, &work, take, done] {
        while (const std::optional<std::size_t> piece = take()) {
          bool computed = false;
          try {
            work.compute(*piece);
            computed = true;
          } catch (...) {
            note(std::current_exception());
          }
          done(*piece, computed);
        }
      });
    }
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  void note(std::exception_ptr problem) {
    const std::lock_guard lock(mutex_);
    if (!problem_) problem_ = std::move(problem);
  }
  [[nodiscard]] std::exception_ptr problem() {
    const std::lock_guard lock(mutex_);
    return problem_;
  }

 private:
  std::mutex mutex_;
  std::exception_ptr problem_;
  std::vector<std::thread> threads_;
};

std::string text_of(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown";
  }
}

bool asked_to_stop(const NumberedWork& work) { return work.stopped && work.stopped(); }

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
    return !stopping_;
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

  void fail(std::exception_ptr problem) {
    workers_.note(std::move(problem));
    stop();
  }

  void close(std::size_t pieces) {
    const std::lock_guard lock(mutex_);
    open_ -= pieces;
    if (open_ == 0) wake_.notify_all();
  }

  void done(std::size_t piece, bool computed) {
    if (computed) {
      finished(piece);
    } else {
      stop();
    }
    close(1);
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
      close(pieces);
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
    close(1);
  }

  // Every rank gets what the others have computed, where it is wanted.
  void end() {
    const std::exception_ptr problem = workers_.problem();
    std::vector<bool> from_others(work_.pieces);
    for (const Packed& each : packed_) from_others[each.piece] = true;
    const bool share = work_.everywhere && !stopping_;
    for (std::size_t piece = 0; share && piece < work_.pieces; ++piece) {
      if (!from_others[piece]) packed_.push_back({0, piece, work_.pack(piece)});
    }
    for (int rank = 1; rank < ranks_.size(); ++rank) {
      std::string bytes = begin_talk(Talk::End, meeting_);
      put(bytes, stopping_);
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
  std::size_t open_ = 0;  // handed out, not yet back
  bool stopping_ = false;
  std::vector<Packed> packed_;  // of others, where all want it
};

// Another rank: keeps a few pieces ahead of its threads, so that they do not wait for messages.
class Follower {
 public:
  Follower(Ranks& ranks, std::uint32_t meeting, int threads, const NumberedWork& work, int& left)
      : ranks_(ranks), meeting_(meeting), threads_(threads), work_(work), left_(left) {}

  bool run() {
    workers_.start(
        threads_, work_, [this] { return take_one(); },
        [this](std::size_t piece, bool computed) { done(piece, computed); });
    const std::string end = follow();
    workers_.join();
    if (const std::exception_ptr problem = workers_.problem()) std::rethrow_exception(problem);
    if (end.empty()) throw Dismissed{};
    return take_end(end);
  }

 private:
  std::optional<std::size_t> take_one() {
    std::unique_lock lock(mutex_);
    taken_.wait(lock, [&] { return !stock_.empty() || over_; });
    if (stock_.empty()) return std::nullopt;
    const std::size_t piece = stock_.front();
    stock_.pop_front();
    if (stock_.size() <= static_cast<std::size_t>(threads_)) told_.notify_all();
    return piece;
  }

  void done(std::size_t piece, bool computed) {
    std::string bytes;
    if (computed) {
      try {
        bytes = begin_talk(Talk::Done, meeting_);
        put(bytes, piece);
        bytes += work_.pack(piece);
      } catch (...) {
        workers_.note(std::current_exception());
        computed = false;
      }
    }
    const std::lock_guard lock(mutex_);
    if (computed) {
      outgoing_.push_back(std::move(bytes));
    } else {
      ++undone_;
    }
    told_.notify_all();
  }

  // What the first rank says at the end; "" where it has left.
  std::string follow() {
    Pause pause;
    for (;;) {
      tell_first();
      while (std::optional<Ranks::Message> message = ranks_.receive()) {
        pause.reset();
        std::string_view bytes = message->bytes;
        const auto talk = take<Talk>(bytes);
        static_cast<void>(take<std::uint32_t>(bytes));
        if (talk == Talk::Give) take_chunk(bytes);
        if (talk == Talk::Leave) ++left_;
        if (talk == Talk::End || talk == Talk::Leave) {
          end_work();
          return talk == Talk::End ? std::string(bytes) : std::string();
        }
      }
      std::unique_lock lock(mutex_);
      if (outgoing_.empty()) told_.wait_for(lock, pause.next());
    }
  }

  void end_work() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    stock_.clear();  // of a first rank that has left
    taken_.notify_all();
  }

  void tell_first() {
    std::vector<std::string> messages;
    {
      const std::exception_ptr problem = workers_.problem();
      const bool stop = problem || asked_to_stop(work_);
      const std::lock_guard lock(mutex_);
      if (stop) {
        undone_ += stock_.size();
        stock_.clear();
      }
      messages.swap(outgoing_);
      if (undone_ > 0 || (stop && !told_stop_)) {
        std::string bytes = begin_talk(Talk::Undone, meeting_);
        put(bytes, std::exchange(undone_, 0));
        messages.push_back(bytes + (problem ? text_of(problem) : ""));
        told_stop_ = true;
      }
      if (!asked_ && !drained_ && !stop && stock_.size() <= static_cast<std::size_t>(threads_)) {
        messages.push_back(begin_talk(Talk::Ask, meeting_));
        asked_ = true;
      }
    }
    for (const std::string& message : messages) ranks_.send(0, message);
  }

  void take_chunk(std::string_view bytes) {
    const auto first = take<std::size_t>(bytes);
    const auto end = take<std::size_t>(bytes);
    const std::lock_guard lock(mutex_);
    asked_ = false;
    drained_ = first == end;
    for (std::size_t piece = first; piece < end; ++piece) stock_.push_back(piece);
    taken_.notify_all();
  }

  bool take_end(std::string_view bytes) {
    const auto stopped = take<bool>(bytes);
    if (take<bool>(bytes)) throw Dismissed{};
    while (!bytes.empty()) {
      const auto piece = take<std::size_t>(bytes);
      work_.unpack(piece, take_text(bytes));
    }
    return !stopped;
  }

  Ranks& ranks_;
  const std::uint32_t meeting_;
  const int threads_;
  const NumberedWork& work_;
  int& left_;
  Workers workers_;
  std::mutex mutex_;  // of what follows
  std::condition_variable taken_;
  std::condition_variable told_;
  std::deque<std::size_t> stock_;
  std::vector<std::string> outgoing_;
  std::size_t undone_ = 0;
  bool asked_ = false;
  bool drained_ = false;
  bool told_stop_ = false;
  bool over_ = false;
};

}  // namespace

bool lead_work(Ranks& ranks, std::uint32_t meeting, int threads, const NumberedWork& work, int& left) {
  return Leader(ranks, meeting, threads, work, left).run();
}

bool follow_work(Ranks& ranks, std::uint32_t meeting, int threads, const NumberedWork& work, int& left) {
  return Follower(ranks, meeting, threads, work, left).run();
}

Ranks::Message wait_for_message(Ranks& ranks) {
  Pause pause;
  for (;;) {
    if (std::optional<Ranks::Message> message = ranks.receive()) return std::move(*message);
    std::this_thread::sleep_for(pause.next());
  }
}

}  // namespace bandwright
