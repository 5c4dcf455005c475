#pragma once
#include <chrono>

#include "formats/trace_set.h"

namespace bandwright {

// How far reading traces is, on standard error: on a terminal a bar that is redrawn ten times a second, and
// gone at the end; elsewhere a line every five seconds. Silent while reading takes no longer than that.
class TraceBar {
 public:
  TraceBar();
  ~TraceBar();
  TraceBar(const TraceBar&) = delete;
  TraceBar& operator=(const TraceBar&) = delete;

  void show(const TraceProgress& progress);

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point next_;
};

}  // namespace bandwright
