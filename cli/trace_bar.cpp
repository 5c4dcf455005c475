#include "cli/trace_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/progress_bar.h"

namespace bandwright {

TraceBar::TraceBar()
    : terminal_(::isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + (terminal_ ? Clock::duration(redraw_every) : Clock::duration(line_every))) {}

TraceBar::~TraceBar() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void TraceBar::show(const TraceProgress& progress) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  const auto filled =
      static_cast<std::size_t>(bar_width * (progress.files / static_cast<double>(progress.total)));
  if (terminal_) {
    fmt::print(stderr, "\r\033[Ktraces [{:-<{}}] {}/{} files", std::string(filled, '#'), bar_width,
               progress.files, progress.total);
    drawn_ = true;
    next_ = now + redraw_every;
  } else {
    fmt::print(stderr, "traces: {} of {} files\n", progress.files, progress.total);
    next_ = now + line_every;
  }
  std::fflush(stderr);
}

}  // namespace bandwright
