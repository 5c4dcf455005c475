#include "simulator/mark_paths.h"

#include <algorithm>

#include "simulator/mark_play.h"

namespace bandwright {
namespace {

using namespace mark_play;

// Does not note what it plays.
struct NoTape {
  static void operation(const Played&) {}
  static std::size_t round() { return 0; }
  static void leap(const Leap&) {}
};

// Notes the operations in the order they were played, each with the mark it waited for, and the leaps.
class Tape {
 public:
  void operation(const Played& played) {
    entries_.push_back({static_cast<std::uint32_t>(played.index), 0, played.waited_for.mark});
  }
  [[nodiscard]] std::size_t round() const { return entries_.size(); }
  void leap(const Leap& leap) {
    entries_.push_back({static_cast<std::uint32_t>(leap.first), leap.rounds, 0});
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
