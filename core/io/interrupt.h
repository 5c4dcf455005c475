#pragma once
#include <atomic>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/stopping.h"

namespace bandwright {

constexpr int interrupted_status = 130;  // 128 + SIGINT, as shells report it

// Ctrl-C ends the program with interrupted_status wherever nothing watches for it (unless it is to be
// ignored, as under nohup), so that the status is the same for all commands.
void end_on_interrupt();

// Turns Ctrl-C (SIGINT) into a stop request for as long as it lives, so that a slow solver can end with the
// best it has found, and what has nothing to show with Stopped. The second Ctrl-C ends the program at once.
// One at a time, on the main thread, before other threads start (they inherit its blocked SIGINT). Where
// somebody else says when to stop (`asked`), those requests are passed on instead.
class InterruptWatch {
 public:
  explicit InterruptWatch(std::optional<std::stop_token> asked);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  [[nodiscard]] std::stop_token token() const { return asked_ ? *asked_ : stop_.get_token(); }

 private:
  void wait();

  std::optional<std::stop_token> asked_;
  std::stop_source stop_;
  StopScope scope_;
  std::atomic<bool> over_ = false;
  std::thread waiter_;
};

}  // namespace bandwright
