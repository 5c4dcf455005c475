#pragma once
#include <chrono>
#include <string>

namespace bandwright {

// How far an evaluation is, on standard error: a bar with rate and time left on a terminal, elsewhere a plain
// line every five seconds.
//
//   full [##########------------------] 812/2,052  1,204 points/s  1 s left
class PointProgress {
 public:
  explicit PointProgress(std::string name);
  ~PointProgress();
  PointProgress(const PointProgress&) = delete;
  PointProgress& operator=(const PointProgress&) = delete;

  void show(std::size_t done, std::size_t total);
  [[nodiscard]] double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  std::string name_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
};

// The line, without colours or line ends.
std::string progress_line(const std::string& name, std::size_t done, std::size_t total, double seconds,
                          bool with_bar);

}  // namespace bandwright
