#include "core/io/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/io/tell.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr std::size_t bar_width = 28;
constexpr std::chrono::milliseconds redraw_every(100);  // on a terminal
constexpr std::chrono::seconds line_every(5);           // in a file
constexpr std::string_view clear_line = "\r\033[K";

// "1,204"
std::string grouped(std::size_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string time_left(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

}  // namespace

std::string progress_text(std::size_t done, std::size_t total, std::string_view unit, double seconds) {
  std::string text = fmt::format("{}/{} {}", grouped(done), grouped(total), unit);
  if (done == 0 || seconds <= 0.0) return text;
  const double rate = static_cast<double>(done) / seconds;
  const std::string speed =
      rate >= 10.0 ? grouped(static_cast<std::size_t>(std::llround(rate))) : fmt::format("{:.1f}", rate);
  const double left = static_cast<double>(total - std::min(done, total)) / rate;
  return text + fmt::format("  {} {}/s  {} left", speed, unit, time_left(left));
}

std::string left_text(double share, double seconds) {
  if (!(share > 0.0) || seconds <= 0.0) return {};
  return time_left(seconds * (1.0 / std::min(share, 1.0) - 1.0)) + " left";
}

ProgressBar::ProgressBar(std::string name, std::string unit)
    : name_(std::move(name)),
      unit_(std::move(unit)),
      terminal_(tells_a_terminal()),
      next_(start_ + (terminal_ ? Clock::duration(redraw_every) : Clock::duration(line_every))) {}

ProgressBar::~ProgressBar() {
  if (drawn_) tell_text(clear_line);
}

double ProgressBar::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

bool ProgressBar::due() {
  const Clock::time_point now = Clock::now();
  if (now < next_) return false;
  next_ = now + (terminal_ ? Clock::duration(redraw_every) : Clock::duration(line_every));
  return true;
}

void ProgressBar::draw(double share, std::string_view text) {
  std::string line = name_.empty() ? "" : name_ + " ";
  if (terminal_ && share >= 0.0) {
    const auto filled =
        static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(bar_width));
    line += fmt::format("[{}{}] ", std::string(filled, '#'), std::string(bar_width - filled, '-'));
  }
  line = printable(line.append(text));
  tell_text(terminal_ ? std::string(clear_line) + line : line + '\n');
  drawn_ = terminal_;
}

void ProgressBar::show(std::size_t done, std::size_t total) {
  if (!due()) return;
  const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  draw(share, progress_text(done, total, unit_, seconds()));
}

void ProgressBar::show(double share, std::string_view text) {
  if (!due()) return;
  std::string percent = share < 0.0 ? "" : fmt::format("{:.0f} % ", 100.0 * std::clamp(share, 0.0, 1.0));
  draw(share, percent.append(text));
}

void ProgressBar::line(double share, const std::string& text) { draw(share, text); }

ProgressClock::ProgressClock(double limit_seconds)
    : limit_seconds_(limit_seconds), thread_([this] { watch(); }) {}

ProgressClock::~ProgressClock() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ProgressClock::begin(const std::string& what) {
  const std::lock_guard lock(mutex_);
  what_ = what;
  start_ = std::chrono::steady_clock::now();
}

void ProgressClock::watch() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::milliseconds(500), [this] { return done_; })) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    if (what_.empty() || seconds < 1.0) continue;
    bar_.show(seconds / limit_seconds_,
              fmt::format("{}: {:.0f} s of at most {:.0f} s", what_, seconds, limit_seconds_));
  }
}

}  // namespace bandwright
