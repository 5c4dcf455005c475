#pragma once
#include <array>
#include <bit>
#include <cmath>
#include <span>

#include "simulator/mark_paths.h"

// How step programs are played on the times of their marks: for mark_paths.cpp and mark_waits.cpp alone.
namespace bandwright::mark_play {

using Times = std::array<double, mark_count>;

// The common advance of all marks that moved, or a negative number when they moved by different times.
inline double uniform_advance(const Times& before, const Times& after) {
  double advance = 0.0;
  for (std::size_t mark = 0; mark < mark_count; ++mark) {
    const double moved = after[mark] - before[mark];
    if (moved == 0.0) continue;
    if (advance == 0.0) {
      advance = moved;
    } else if (std::abs(moved - advance) > 1e-9 * advance) {
      return -1.0;
    }
  }
  return advance;
}

// Whether rounds have begun to repeat: the second uniform advance in a row.
class Repetition {
 public:
  bool seen(const Times& before, const Times& after) {
    const double advance = uniform_advance(before, after);
    const bool repeats = advance >= 0.0 && std::abs(advance - last_) <= 1e-9 * advance;
    last_ = advance;
    return repeats;
  }
  // Leaps over rounds that repeat the last.
  void leap(const Times& before, Times& times, std::uint32_t rounds) const {
    for (std::size_t mark = 0; mark < mark_count; ++mark) {
      if (times[mark] != before[mark]) times[mark] += last_ * rounds;
    }
  }

 private:
  double last_ = -2.0;
};

constexpr auto compute_index = static_cast<std::size_t>(Mark::Compute);

// Whether no mark of a block whose operations all wait for compute is later than compute.
inline bool follow_compute(const MarkStep& block, const Times& times) {
  for (unsigned rest = block.waits; rest != 0; rest &= rest - 1) {
    if (times[static_cast<std::size_t>(std::countr_zero(rest))] > times[compute_index]) return false;
  }
  return block.waits != 0;
}

inline void shift(Times& times, MarkSet sets, double ns) {
  for (unsigned rest = sets; rest != 0; rest &= rest - 1) {
    times[static_cast<std::size_t>(std::countr_zero(rest))] += ns;
  }
}

// The mark of a set that passes last, and when.
struct Latest {
  std::uint8_t mark = 0;
  double time = 0.0;
};
inline Latest latest(const Times& times, MarkSet set) {
  Latest last{static_cast<std::uint8_t>(std::countr_zero(static_cast<unsigned>(set)))};
  for (unsigned rest = set; rest != 0; rest &= rest - 1) {
    const auto mark = static_cast<std::uint8_t>(std::countr_zero(rest));
    if (times[mark] > last.time) last = {mark, times[mark]};
  }
  return last;
}

inline void advance(Times& times, MarkSet sets, double end) {
  for (unsigned rest = sets; rest != 0; rest &= rest - 1) {
    times[static_cast<std::size_t>(std::countr_zero(rest))] = end;
  }
}

// An operation as it is played, and rounds of a block that are leapt over: what recorders are told.
struct Played {
  std::size_t index;
  const MarkStep& step;
  const Times& times;  // of the marks before it
  Latest waited_for;
  double ns;
};
struct Leap {
  std::size_t first;     // the recorder's round() where the round that repeats began
  std::uint32_t rounds;  // above 0
  const Times& before;
  const Times& after;
};

template <class Recorder>
void play(std::span<const MarkStep> steps, std::size_t begin, std::size_t end, std::span<const double> ns,
          Times& times, Recorder& recorder) {
  for (std::size_t i = begin; i < end; ++i) {
    const MarkStep& step = steps[i];
    if (step.times == 0) {
      const Latest last = latest(times, step.waits);
      recorder.operation({i, step, times, last, ns[i]});
      advance(times, step.sets, last.time + ns[i]);
      continue;
    }
    Repetition repetition;
    for (std::uint32_t round = 1; round <= step.times; ++round) {
      const Times before = times;
      const std::size_t first = recorder.round();
      play(steps, i + 1, i + 1 + step.length, ns, times, recorder);
      const Times played = times;
      const std::uint32_t rounds = step.times - round;
      if (follow_compute(step, before) && follow_compute(step, times)) {
        shift(times, step.sets, (times[compute_index] - before[compute_index]) * rounds);
      } else if (repetition.seen(before, times)) {
        repetition.leap(before, times, rounds);
      } else {
        continue;
      }
      if (rounds > 0) recorder.leap({first, rounds, played, times});
      break;
    }
    i += step.length;
  }
}

}  // namespace bandwright::mark_play
