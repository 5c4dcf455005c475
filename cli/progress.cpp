#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <utility>

namespace bandwright {
namespace {

double relative_gap(const Iteration& iteration) {
  return (iteration.objective - iteration.lower_bound) / iteration.objective;
}

}  // namespace

Progress::Progress(ObjectiveUnit unit, bool trace)
    : unit_(std::move(unit)), trace_(trace), terminal_(::isatty(STDERR_FILENO) != 0) {
  if (trace_) {
    fmt::print(stderr, "{:>9}  {:>18}  {:>18}  {:>9}\n", "iteration", "best, " + unit_.name,
               "proved, " + unit_.name, "gap");
  }
}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void Progress::show(const Iteration& iteration) {
  if (trace_) return trace_line(iteration);
  if (!terminal_ || Clock::now() < next_) return;
  next_ = Clock::now() + std::chrono::milliseconds(100);
  redraw(iteration);
}

void Progress::trace_line(const Iteration& iteration) const {
  const bool proved = std::isfinite(iteration.lower_bound);
  fmt::print(stderr, "{:>9}  {:>18.10g}  {:>18}  {:>9}\n", iteration.number,
             iteration.objective * unit_.factor,
             proved ? fmt::format("{:.10g}", iteration.lower_bound * unit_.factor) : "-",
             proved ? fmt::format("{:.2g}", relative_gap(iteration)) : "-");
}

void Progress::redraw(const Iteration& iteration) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  fmt::print(stderr, "\r\033[K{:.0f} s, iteration {}: best {:.6g} {} (Ctrl-C ends with the best so far)",
             seconds, iteration.number, iteration.objective * unit_.factor, unit_.name);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace bandwright
