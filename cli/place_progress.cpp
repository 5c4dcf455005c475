#include "cli/place_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/progress_bar.h"

namespace bandwright {

PlaceProgress::PlaceProgress(double limit_seconds)
    : limit_seconds_(limit_seconds), terminal_(::isatty(STDERR_FILENO) != 0), thread_([this] { watch(); }) {}

PlaceProgress::~PlaceProgress() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  thread_.join();
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void PlaceProgress::begin(const std::string& what) {
  const std::lock_guard lock(mutex_);
  what_ = what;
  start_ = std::chrono::steady_clock::now();
}

void PlaceProgress::watch() {
  std::unique_lock lock(mutex_);
  const auto pause = terminal_ ? std::chrono::milliseconds(500) : std::chrono::milliseconds(10'000);
  while (!wake_.wait_for(lock, pause, [this] { return done_; })) show();
}

void PlaceProgress::show() {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  if (what_.empty() || seconds < 1.0) return;
  const std::string text = fmt::format("{}: {:.0f} s of at most {:.0f} s", what_, seconds, limit_seconds_);
  if (terminal_) {
    const double part = std::clamp(seconds / limit_seconds_, 0.0, 1.0);
    const auto full = static_cast<std::size_t>(part * static_cast<double>(bar_width));
    fmt::print(stderr, "\r\033[K[{}{}] {}", std::string(full, '#'), std::string(bar_width - full, '.'), text);
    drawn_ = true;
  } else {
    fmt::print(stderr, "{}\n", text);
  }
  std::fflush(stderr);
}

}  // namespace bandwright
