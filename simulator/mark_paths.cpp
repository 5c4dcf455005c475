#include "simulator/mark_paths.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace bandwright {
namespace {

using Times = std::array<double, mark_count>;

// The common advance of all marks that moved, or a negative number when they moved by different times.
double uniform_advance(const Times& before, const Times& after) {
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

constexpr auto compute = static_cast<std::size_t>(Mark::Compute);

// Whether no mark of a block whose operations all wait for compute is later than compute.
bool follow_compute(const MarkStep& block, const Times& times) {
  for (unsigned rest = block.waits; rest != 0; rest &= rest - 1) {
    if (times[static_cast<std::size_t>(std::countr_zero(rest))] > times[compute]) return false;
  }
  return block.waits != 0;
}

void shift(Times& times, MarkSet sets, double ns) {
  for (unsigned rest = sets; rest != 0; rest &= rest - 1) {
    times[static_cast<std::size_t>(std::countr_zero(rest))] += ns;
  }
}

// The mark of a set that passes last, and when.
struct Latest {
  std::uint8_t mark = 0;
  double time = 0.0;
};
Latest latest(const Times& times, MarkSet set) {
  Latest last{static_cast<std::uint8_t>(std::countr_zero(static_cast<unsigned>(set)))};
  for (unsigned rest = set; rest != 0; rest &= rest - 1) {
    const auto mark = static_cast<std::uint8_t>(std::countr_zero(rest));
    if (times[mark] > last.time) last = {mark, times[mark]};
  }
  return last;
}

void advance(Times& times, MarkSet sets, double end) {
  for (unsigned rest = sets; rest != 0; rest &= rest - 1) {
    times[static_cast<std::size_t>(std::countr_zero(rest))] = end;
  }
}

// Does not note what it plays.
struct NoTape {
  static void operation(std::size_t, std::uint8_t) {}
  static std::size_t round() { return 0; }
  static void leap(std::size_t, std::uint32_t) {}
};

// Notes the operations in the order they were played, each with the mark it waited for, and the leaps.
class Tape {
 public:
  void operation(std::size_t step, std::uint8_t waited_for) {
    entries_.push_back({static_cast<std::uint32_t>(step), 0, waited_for});
  }
  [[nodiscard]] std::size_t round() const { return entries_.size(); }
  // Over rounds that repeat the one that began at entry `first`.
  void leap(std::size_t first, std::uint32_t rounds) {
    if (rounds > 0) entries_.push_back({static_cast<std::uint32_t>(first), rounds, 0});
  }

  // Adds to `counts` how often the path that made the time of `mark` takes each step.
  void count(std::span<const MarkStep> steps, std::size_t mark, std::vector<double>& counts) const {
    walk({steps, counts}, 0, entries_.size(), mark, 1.0);
  }

 private:
  struct Entry {
    std::uint32_t step;   // of a leap: the entry its round began at
    std::uint32_t leaps;  // rounds; 0 for an operation
    std::uint8_t waited_for;
  };
  struct Walk {
    std::span<const MarkStep> steps;
    std::vector<double>& counts;
  };

  // Backwards through entries [begin, end) along the path to `mark`; returns the mark it starts from.
  std::size_t walk(Walk to, std::size_t begin, std::size_t end, std::size_t mark, double weight) const {
    for (std::size_t i = end; i-- > begin;) {
      const Entry& entry = entries_[i];
      if (entry.leaps > 0) {
        mark = walk_leap(to, i, mark, weight);
      } else if ((to.steps[entry.step].sets >> mark & 1U) != 0) {
        to.counts[entry.step] += weight;
        mark = entry.waited_for;
      }
    }
    return mark;
  }

  // Every mark follows its predecessor once per round.
  std::size_t walk_leap(Walk to, std::size_t leap, std::size_t mark, double weight) const {
    const std::size_t first = entries_[leap].step;
    std::array<double, mark_count> taken{};
    for (std::uint32_t left = entries_[leap].leaps; left > 0; --left) {
      const std::size_t before = walk(to, first, leap, mark, 0.0);
      taken[mark] += before == mark ? left : 1.0;
      if (before == mark) break;
      mark = before;
    }
    for (std::size_t via = 0; via < mark_count; ++via) {
      if (taken[via] > 0.0) walk(to, first, leap, via, weight * taken[via]);
    }
    return mark;
  }

  std::vector<Entry> entries_;
};

template <class Recorder>
void play(std::span<const MarkStep> steps, std::size_t begin, std::size_t end, std::span<const double> ns,
          Times& times, Recorder& tape) {
  for (std::size_t i = begin; i < end; ++i) {
    const MarkStep& step = steps[i];
    if (step.times == 0) {
      const Latest last = latest(times, step.waits);
      tape.operation(i, last.mark);
      advance(times, step.sets, last.time + ns[i]);
      continue;
    }
    Repetition repetition;
    for (std::uint32_t round = 1; round <= step.times; ++round) {
      const Times before = times;
      const std::size_t first = tape.round();
      play(steps, i + 1, i + 1 + step.length, ns, times, tape);
      const std::uint32_t rounds = step.times - round;
      if (follow_compute(step, before) && follow_compute(step, times)) {
        shift(times, step.sets, (times[compute] - before[compute]) * rounds);
      } else if (repetition.seen(before, times)) {
        repetition.leap(before, times, rounds);
      } else {
        continue;
      }
      tape.leap(first, rounds);
      break;
    }
    i += step.length;
  }
}

}  // namespace

double play_marks(std::span<const MarkStep> steps, std::span<const double> ns) {
  Times times{};
  NoTape none;
  play(steps, 0, steps.size(), ns, times, none);
  return *std::max_element(times.begin(), times.end());
}

std::vector<double> critical_counts(std::span<const MarkStep> steps, std::span<const double> ns) {
  Times times{};
  Tape tape;
  play(steps, 0, steps.size(), ns, times, tape);
  const auto last = std::max_element(times.begin(), times.end()) - times.begin();
  std::vector<double> counts(steps.size(), 0.0);
  tape.count(steps, static_cast<std::size_t>(last), counts);
  return counts;
}

}  // namespace bandwright
