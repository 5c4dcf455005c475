#include "cli/point_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "cli/progress_bar.h"

namespace bandwright {
namespace {

// "1,204"
std::string grouped(std::size_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string duration(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

}  // namespace

std::string progress_line(const std::string& name, std::size_t done, std::size_t total, double seconds,
                          bool with_bar) {
  const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  std::string line = name + " ";
  if (with_bar) {
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar_width));
    line += fmt::format("[{}{}] ", std::string(filled, '#'), std::string(bar_width - filled, '-'));
  }
  line += fmt::format("{}/{}", grouped(done), grouped(total));
  if (done == 0 || seconds <= 0.0) return line;
  const double rate = static_cast<double>(done) / seconds;
  const std::string speed =
      rate >= 10.0 ? grouped(static_cast<std::size_t>(std::llround(rate))) : fmt::format("{:.1f}", rate);
  return line +
         fmt::format("  {} points/s  {} left", speed, duration(static_cast<double>(total - done) / rate));
}

PointProgress::PointProgress(std::string name)
    : name_(std::move(name)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      next_(start_ + (terminal_ ? Clock::duration(redraw_every) : Clock::duration(line_every))) {}

PointProgress::~PointProgress() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

double PointProgress::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void PointProgress::show(std::size_t done, std::size_t total) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  const std::string line = progress_line(name_, done, total, seconds(), terminal_);
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
    drawn_ = true;
    next_ = now + redraw_every;
  } else {
    fmt::print(stderr, "{}\n", line);
    next_ = now + line_every;
  }
  std::fflush(stderr);
}

}  // namespace bandwright
