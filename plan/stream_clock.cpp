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

// Moves a time, whose bytes stay.
void shift(double& value, double ns) { value += ns; }
void shift(PathTime& value, double ns) { value.ns += ns; }
// Begins to count bytes.
void begin_bytes(double& /*value*/) {}
void begin_bytes(PathTime& value) { value.bytes.fill(0.0); }
// So many times the bytes of the other besides.
void add_bytes(double /*times*/, double /*other*/, double& /*value*/) {}
void add_bytes(double times, const PathTime& other, PathTime& value) {
  for (std::size_t d = 0; d < value.bytes.size(); ++d) value.bytes[d] += times * other.bytes[d];
}

}  // namespace

// Compute, data, prefetch and pipeline as bits 0 to 3.
template <class Value>
unsigned BasicStreamClock<Value>::known(StreamSet set) {
  return (contains(set, Stream::Compute) ? 1U : 0U) | (contains(set, Stream::Data) ? 2U : 0U) |
         (contains(set, Stream::Prefetch) ? 4U : 0U) | (contains(set, Stream::Pipeline) ? 8U : 0U);
}

template <class Value>
typename BasicStreamClock<Value>::Mark BasicStreamClock<Value>::latest(unsigned set) const {
  const Mark* last = nullptr;
  std::uint8_t reaches = 0;
  for (std::size_t s = 0; s < streams; ++s) {
    if ((set >> s & 1U) == 0) continue;
    reaches = static_cast<std::uint8_t>(reaches | now_[s].reaches);
    if (last == nullptr || ns(now_[s]) > ns(*last)) last = &now_[s];
  }
  Mark latest{{}, 0, 0};
  if (last != nullptr) latest = *last;
  if (last == nullptr) shift(latest.at, -std::numeric_limits<double>::infinity());
  latest.reaches = reaches;
  return latest;
}

template <class Value>
void BasicStreamClock<Value>::compute(Label /*label*/, Time duration) {
  if (duration > Time(0)) shift(now_[0].at, to_ns(duration));
}

template <class Value>
void BasicStreamClock<Value>::join(StreamSet waits) {
  foreign_ = foreign_ || (waits & ~all_known) != 0;
  now_[0] = latest(known(waits) | 1U);
}

template <class Value>
void BasicStreamClock<Value>::collective(const Value& time, StreamSet waits, StreamSet occupies) {
  foreign_ = foreign_ || ((waits | occupies) & ~all_known) != 0;
  const unsigned occupied = known(occupies);
  Mark end = latest(known(waits) | occupied);
  end.at += time;
  for (std::size_t s = 0; s < streams; ++s) {
    if ((occupied >> s & 1U) != 0) now_[s] = end;
  }
}

template <class Value>
typename BasicStreamClock<Value>::Marks BasicStreamClock<Value>::begun(const Marks& marks, double begin) {
  Marks fresh = marks;
  for (std::size_t s = 0; s < streams; ++s) {
    shift(fresh[s].at, -begin);
    begin_bytes(fresh[s].at);
    fresh[s].from = static_cast<std::uint8_t>(s);
    fresh[s].reaches = static_cast<std::uint8_t>(1U << s);
  }
  return fresh;
}

// The times of `round`, which began when `before` ended, with where both together come from.
template <class Value>
typename BasicStreamClock<Value>::Marks BasicStreamClock<Value>::composed(const Marks& before,
                                                                          const Marks& round) {
  Marks both = round;
  for (std::size_t s = 0; s < streams; ++s) {
    both[s].from = before[round[s].from].from;
    add_bytes(1.0, before[round[s].from].at, both[s].at);
    both[s].reaches = 0;
    for (std::size_t y = 0; y < streams; ++y) {
      if ((round[s].reaches >> y & 1U) != 0) both[s].reaches |= before[y].reaches;
    }
  }
  return both;
}

// Whether a round that began at 0 with these marks moved the compute stream alone, which waited for no other.
template <class Value>
bool BasicStreamClock<Value>::compute_alone(const Marks& before) const {
  if (now_[0].reaches != 1) return false;
  for (std::size_t s = 1; s < streams; ++s) {
    if (ns(now_[s]) != ns(before[s]) || now_[s].reaches != before[s].reaches) return false;
  }
  return true;
}

// Times of a round are taken from its beginning on, so that long steps round their sums no more than short
// ones.
template <class Value>
void BasicStreamClock<Value>::repeat(std::int64_t times, Rounds write) {
  if (times <= 0) return;
  if (times == 1) return write();
  Marks whole = now_;  // all rounds so far
  while (times > 0) {
    const double begin = ns(now_[0]);
    now_ = begun(now_, begin);
    const Marks before = now_;
    write();
    --times;
    if (compute_alone(before)) {  // as most blocks of layers
      const auto rounds = static_cast<double>(times + 1);
      shift(whole[0].at, rounds * ns(now_[0]));
      add_bytes(rounds, now_[0].at, whole[0].at);
      break;
    }
    std::array<double, streams> advance;
    std::array<double, streams> noise;
    for (std::size_t s = 0; s < streams; ++s) {
      advance[s] = ns(now_[s]) - ns(before[s]);
      noise[s] = slack(std::abs(ns(now_[s])) + std::abs(ns(before[s])));
      shift(now_[s].at, begin);
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
      for (std::size_t s = 0; s < streams; ++s) shift(now_[s].at, static_cast<double>(rounds) * next[s]);
      whole = composed(whole, now_);
      if (rounds > 1) {  // each but the last by way of where it goes to
        whole = composed(whole, now_);
        for (std::size_t s = 0; s < streams; ++s) {
          add_bytes(static_cast<double>(rounds - 2), now_[now_[s].from].at, whole[s].at);
        }
      }
      advance = next;
      times -= rounds;
    }
  }
  now_ = whole;
}

template <class Value>
Value BasicStreamClock<Value>::end() const {
  const Mark* last = &now_[0];
  for (const Mark& mark : now_) {
    if (ns(mark) > ns(*last)) last = &mark;
  }
  return last->at;
}

template class BasicStreamClock<double>;
template class BasicStreamClock<PathTime>;

}  // namespace bandwright
