#pragma once
#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/stopping.h"
#include "runner/crew.h"

namespace bandwright {

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
          } catch (const Stopped&) {
            if (!work.stopped) note(std::current_exception());
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

inline bool asked_to_stop(const NumberedWork& work) { return work.stopped && work.stopped(); }

}  // namespace bandwright
