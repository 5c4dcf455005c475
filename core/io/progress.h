#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace bandwright {

// How far a piece of work is, on standard error: on a terminal a bar that is drawn over ten times a second
// and gone at the end, elsewhere a plain line every five seconds. Work that ends sooner is not mentioned.
//
//   full [##########------------------] 812/2,052 points  1,204 points/s  1 s left
class ProgressBar {
 public:
  explicit ProgressBar(std::string name = {}, std::string unit = {});
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::size_t done, std::size_t total);    // counted work, with its rate and the time left
  void show(double share, std::string_view text);    // any other; no bar for a share below 0
  void line(double share, const std::string& text);  // at once: a line that stays, on a terminal the bar
  [[nodiscard]] double seconds() const;              // since it began
  [[nodiscard]] bool on_terminal() const { return terminal_; }

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] bool due();
  void draw(double share, std::string_view text);

  std::string name_;
  std::string unit_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
};

// The text of counted work, without bar and name.
std::string progress_text(std::size_t done, std::size_t total, std::string_view unit, double seconds);
// "12 s left" of work of which a share was done in `seconds`; empty before anything was.
std::string left_text(double share, double seconds);

// The same for work that tells nothing itself while it runs and has a limit of time: it is watched from a
// thread.
class ProgressClock {
 public:
  explicit ProgressClock(double limit_seconds);
  ~ProgressClock();
  ProgressClock(const ProgressClock&) = delete;
  ProgressClock& operator=(const ProgressClock&) = delete;

  void begin(const std::string& what);  // starts the clock of the next piece

 private:
  void watch();

  const double limit_seconds_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::string what_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  ProgressBar bar_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace bandwright
