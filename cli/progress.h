#pragma once
#include <chrono>
#include <string>

#include "answers/design.h"
#include "optimizer/summary.h"

namespace bandwright {

// Shows a solver's iterations on standard error while it runs: with `trace` every one it reports, a line
// each; without, and only on a terminal, one line that is redrawn once a solver has taken half a second.
class Progress {
 public:
  Progress(ObjectiveUnit unit, bool trace);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const Iteration& iteration);

 private:
  using Clock = std::chrono::steady_clock;
  void trace_line(const Iteration& iteration) const;
  void redraw(const Iteration& iteration);

  ObjectiveUnit unit_;
  bool trace_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_ + std::chrono::milliseconds(500);
};

}  // namespace bandwright
