#include "plan/stream_clock.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bandwright {
namespace {

constexpr StreamSet all_known =
    bandwright::streams(Stream::Compute, Stream::Data, Stream::Prefetch, Stream::Pipeline);

// Rounding of the sums that times are.
double slack(double ns) { return 4e-15 * ns; }

}  // namespace

// Compute, data, prefetch and pipeline as bits 0 to 3.
unsigned StreamClock::known(StreamSet set) {
  return (contains(set, Stream::Compute) ? 1U : 0U) | (contains(set, Stream::Data) ? 2U : 0U) |
         (contains(set, Stream::Prefetch) ? 4U : 0U) | (contains(set, Stream::Pipeline) ? 8U : 0U);
}

StreamClock::Mark StreamClock::latest(unsigned set) const {
  Mark latest{-std::numeric_limits<double>::infinity(), 0, 0};
  for (std::size_t s = 0; s < streams; ++s) {
    if ((set >> s & 1U) == 0) continue;
    const auto reaches = static_cast<std::uint8_t>(latest.reaches | now_[s].reaches);
    if (now_[s].ns > latest.ns) latest = now_[s];
    latest.reaches = reaches;
  }
  return latest;
}

void StreamClock::compute(Label /*label*/, Time duration) {
  if (duration > Time(0)) take(to_ns(duration));
}

void StreamClock::join(StreamSet waits) {
  foreign_ = foreign_ || (waits & ~all_known) != 0;
  now_[0] = latest(known(waits) | 1U);
}

void StreamClock::collective(double ns, StreamSet waits, StreamSet occupies) {
  foreign_ = foreign_ || ((waits | occupies) & ~all_known) != 0;
  const unsigned occupied = known(occupies);
  Mark end = latest(known(waits) | occupied);
  end.ns += ns;
  for (std::size_t s = 0; s < streams; ++s) {
    if ((occupied >> s & 1U) != 0) now_[s] = end;
  }
}

StreamClock::Marks StreamClock::begun(const Marks& marks, double begin) {
  Marks fresh = marks;
  for (std::size_t s = 0; s < streams; ++s) {
    fresh[s].ns -= begin;
    fresh[s].from = static_cast<std::uint8_t>(s);
    fresh[s].reaches = static_cast<std::uint8_t>(1U << s);
  }
  return fresh;
}

// The times of `round`, which began when `before` ended, with where both together come from.
StreamClock::Marks StreamClock::composed(const Marks& before, const Marks& round) {
  Marks both = round;
  for (std::size_t s = 0; s < streams; ++s) {
    both[s].from = before[round[s].from].from;
    both[s].reaches = 0;
    for (std::size_t y = 0; y < streams; ++y) {
      if ((round[s].reaches >> y & 1U) != 0) both[s].reaches |= before[y].reaches;
    }
  }
  return both;
}

// Whether a round that began at 0 with these marks moved the compute stream alone, which waited for no other.
bool StreamClock::compute_alone(const Marks& before) const {
  if (now_[0].reaches != 1) return false;
  for (std::size_t s = 1; s < streams; ++s) {
    if (now_[s].ns != before[s].ns || now_[s].reaches != before[s].reaches) return false;
  }
  return true;
}

// Times of a round are taken from its beginning on, so that long steps round their sums no more than short
// ones.
void StreamClock::repeat(std::int64_t times, Rounds write) {
  if (times <= 0) return;
  if (times == 1) return write();
  Marks whole = now_;  // all rounds so far
  while (times > 0) {
    const double begin = now_[0].ns;
    now_ = begun(now_, begin);
    const Marks before = now_;
    write();
    --times;
    if (compute_alone(before)) {  // as most blocks of layers
      whole[0].ns += static_cast<double>(times + 1) * now_[0].ns;
      break;
    }
    std::array<double, streams> advance;
    std::array<double, streams> noise;
    for (std::size_t s = 0; s < streams; ++s) {
      advance[s] = now_[s].ns - before[s].ns;
      noise[s] = slack(std::abs(now_[s].ns) + std::abs(before[s].ns));
      now_[s].ns += begin;
    }
    whole = composed(whole, now_);
    // Rounds that go the same way.
    while (times > 0) {
      bool same_way = true;
      bool steady = true;
      bool settled = true;  // where a round goes to, the next goes to
      std::array<double, streams> next;
      for (std::size_t s = 0; s < streams; ++s) {
        const std::uint8_t from = now_[s].from;
        next[s] = advance[from];
        steady = steady && next[s] == advance[s];
        settled = settled && now_[from].from == from;
        for (std::size_t y = 0; y < streams; ++y) {
          const bool reached = (now_[s].reaches >> y & 1U) != 0;
          same_way = same_way && (!reached || next[s] >= advance[y] - noise[y]);
        }
      }
      if (!same_way) break;
      const std::int64_t rounds = steady && settled ? times : 1;
      for (std::size_t s = 0; s < streams; ++s) now_[s].ns += static_cast<double>(rounds) * next[s];
      whole = composed(whole, now_);
      if (rounds > 1) whole = composed(whole, now_);
      advance = next;
      times -= rounds;
    }
  }
  now_ = whole;
}

double StreamClock::end_ns() const { return std::max({now_[0].ns, now_[1].ns, now_[2].ns, now_[3].ns}); }

}  // namespace bandwright
