#include "simulator/mark_waits.h"

#include <algorithm>

#include "simulator/mark_play.h"

namespace bandwright {
namespace {

using namespace mark_play;

// Charges the moments of the compute stream to steps.
class Charges {
 public:
  void operation(const Played& played) {
    const double start = played.waited_for.time;
    if (contains(played.step.sets, Mark::Compute)) {
      charge_gap(played.times[compute_index], start, played.step.waits);
      charge(played.index, played.ns);
    }
    hold(played.step.sets, {played.index, start, start + played.ns, holders_[played.waited_for.mark],
                            played.step.sets == marks(Mark::Host)});
  }

  [[nodiscard]] std::size_t round() const { return charges_.size(); }

  // Each round charges what the last did. Who holds a mark holds it later by as much.
  void leap(const Leap& leap) {
    const std::size_t end = charges_.size();
    for (std::size_t i = leap.first; i < end; ++i) charge(charges_[i].step, charges_[i].ns * leap.rounds);
    for (std::size_t mark = 0; mark < mark_count; ++mark) {
      const double later = leap.after[mark] - leap.before[mark];
      if (later == 0.0 || holders_[mark] == nobody) continue;
      const Holder& holder = held_[holders_[mark]];
      hold(marks(static_cast<Mark>(mark)),
           {holder.step, holder.start + later, holder.end + later, nobody, holder.host});
    }
  }

  // The step ends when its last mark has passed.
  std::vector<double> of_steps(std::size_t steps, const Times& times) && {
    charge_gap(times[compute_index], *std::max_element(times.begin(), times.end()),
               static_cast<MarkSet>(~marks(Mark::Compute)));
    std::vector<double> sums(steps, 0.0);
    for (const Charge& each : charges_) sums[each.step] += each.ns;
    return sums;
  }

 private:
  static constexpr std::size_t nobody = ~std::size_t{0};
  struct Holder {  // an operation that set a mark
    std::size_t step;
    double start;
    double end;
    std::size_t before;  // the operation it waited for
    bool host;
  };
  struct Charge {
    std::size_t step;
    double ns;
  };

  void charge(std::size_t step, double ns) {
    if (ns > 0.0) charges_.push_back({step, ns});
  }

  // The compute stream stands still from `begin` to `end`, until marks have passed: each moment goes to the
  // first issued of the operations that run then, of those that hold the marks and those they waited for; to
  // the host where it alone runs.
  void charge_gap(double begin, double end, MarkSet waits) {
    if (end <= begin) return;
    waited_for_.clear();
    for (unsigned rest = waits; rest != 0; rest &= rest - 1) {
      std::size_t each = holders_[static_cast<std::size_t>(std::countr_zero(rest))];
      for (; each != nobody && held_[each].end > begin; each = held_[each].before)
        waited_for_.push_back(each);
    }
    std::sort(waited_for_.begin(), waited_for_.end());
    while (begin < end) {
      double until = end;
      std::size_t running = nobody;
      for (const std::size_t each : waited_for_) {
        const Holder& holder = held_[each];
        for (const double boundary : {holder.start, holder.end}) {
          if (boundary > begin) until = std::min(until, boundary);
        }
        const bool runs = holder.start <= begin && holder.end > begin;
        if (runs && (running == nobody || (held_[running].host && !holder.host))) running = each;
      }
      // After a leap what a holder waited for is not known: the moments before it are its own.
      charge(held_[running == nobody ? waited_for_.front() : running].step, until - begin);
      begin = until;
    }
  }

  void hold(MarkSet sets, const Holder& holder) {
    held_.push_back(holder);
    for (unsigned rest = sets; rest != 0; rest &= rest - 1) {
      holders_[static_cast<std::size_t>(std::countr_zero(rest))] = held_.size() - 1;
    }
  }

  std::vector<Holder> held_;
  std::array<std::size_t, mark_count> holders_{nobody, nobody, nobody, nobody,
                                               nobody, nobody, nobody, nobody};
  std::vector<std::size_t> waited_for_;  // of a gap, in the order they were issued
  std::vector<Charge> charges_;
};

}  // namespace

std::vector<double> exposed_ns(std::span<const MarkStep> steps, std::span<const double> ns) {
  Times times{};
  Charges charges;
  play(steps, 0, steps.size(), ns, times, charges);
  return std::move(charges).of_steps(steps.size(), times);
}

}  // namespace bandwright
