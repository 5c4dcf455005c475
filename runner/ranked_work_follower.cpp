#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "runner/ranked_work.h"
#include "runner/workers.h"

namespace bandwright {
namespace {

std::string text_of(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown";
  }
}

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
