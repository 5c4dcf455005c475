#include "simulator/closed_form/waiting.h"

#include "simulator/closed_form/round_play.h"

namespace bandwright {
namespace {

// Charges the moments of the compute stream to nodes.
class Charges {
 public:
  explicit Charges(const ReducedStep& step) : step_(step), latest_(step.nodes().size(), none) {
    entries_.reserve(4 * latest_.size());
    charges_.reserve(4 * latest_.size());
    marks_.reserve(32);
  }

  void execute(const round_play::Execution& each) {
    const ReducedStep::Node& node = step_.nodes()[each.node];
    if (node.holds) {
      charge_gap(each.start, step_.waits_for(node));
      charge(each.node, each.start, each.ns);
      stream_ = each.start + each.ns;
      held_ = entries_.size() + 1;
    }
    note({each.node, each.start, each.start + each.ns, each.last == none ? none : latest_[each.last],
          node.host});
  }

  [[nodiscard]] std::size_t mark() {
    marks_.push_back({charges_.size(), entries_.size()});
    return marks_.size() - 1;
  }

  // Each round charges what the last did, and what the stream waits from the end of one round to the begin of
  // the next. What was executed last was executed later by as much; what it waited for then is not known.
  void leap(const round_play::Leap& leap) {
    const Mark mark = marks_[leap.mark];
    const std::size_t charged = charges_.size();
    for (std::size_t i = mark.charges; i < charged; ++i) {
      const Charge once = charges_[i];
      const double before = std::max(0.0, leap.begin - once.begin);
      charge(once.node, once.begin + before, once.ns - before);
    }
    const bool held = held_ > mark.entries;  // in the round
    if (held && leap.renewed != none) {
      charge_gap(entries_[latest_[leap.renewed]].end, std::span(&leap.renewed, 1));
    }
    for (std::size_t i = charged; i < charges_.size(); ++i) {
      charges_[i].ns *= leap.rounds;
    }
    const double later = leap.advance * leap.rounds;
    if (held) stream_ += later;
    for (std::uint32_t node = leap.first; node < leap.end; ++node) {
      if (latest_[node] == none) continue;
      const Entry last = entries_[latest_[node]];
      note({node, last.start + later, last.end + later, none, last.host});
    }
  }

  // The step ends with its last operation.
  std::vector<double> of_nodes(double end) && {
    std::vector<std::uint32_t> all(step_.nodes().size());
    for (std::uint32_t node = 0; node < all.size(); ++node) all[node] = node;
    charge_gap(end, all);
    std::vector<double> sums(all.size(), 0.0);
    for (const Charge& each : charges_) sums[each.node] += each.ns;
    return sums;
  }

 private:
  static constexpr std::uint32_t none = ReducedStep::none;
  struct Entry {  // an execution
    std::uint32_t node;
    double start;
    double end;
    std::uint32_t before;  // the one it started after
    bool host;
  };
  struct Charge {
    std::uint32_t node;
    double begin;
    double ns;
  };
  struct Mark {
    std::size_t charges;
    std::size_t entries;
  };

  void charge(std::uint32_t node, double begin, double ns) {
    if (ns > 0.0) charges_.push_back({node, begin, ns});
  }
  void note(const Entry& entry) {
    latest_[entry.node] = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back(entry);
  }

  // The compute stream stands still until `end`, for these nodes: each moment goes to the first issued of the
  // operations that run then, of those that are waited for and those they waited for; to the host where it
  // alone runs.
  void charge_gap(double end, std::span<const std::uint32_t> nodes) {
    double begin = stream_;
    if (end <= begin) return;
    waited_for_.clear();
    for (const std::uint32_t node : nodes) {
      std::uint32_t each = latest_[node];
      for (; each != none && entries_[each].end > begin; each = entries_[each].before)
        waited_for_.push_back(each);
    }
    std::sort(waited_for_.begin(), waited_for_.end());
    while (begin < end) {
      double until = end;
      std::uint32_t running = none;
      for (const std::uint32_t each : waited_for_) {
        const Entry& entry = entries_[each];
        if (entry.start > begin) until = std::min(until, entry.start);
        if (entry.end > begin) until = std::min(until, entry.end);
        const bool runs = entry.start <= begin && entry.end > begin;
        if (runs && (running == none || (entries_[running].host && !entry.host))) running = each;
      }
      // After a leap what an execution waited for is not known: the moments before it are its own.
      charge(entries_[running == none ? waited_for_.front() : running].node, begin, until - begin);
      begin = until;
    }
  }

  const ReducedStep& step_;
  std::vector<std::uint32_t> latest_;  // entry of each node
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> waited_for_;  // in a gap, in the order they were issued
  std::vector<Charge> charges_;
  std::vector<Mark> marks_;
  double stream_ = 0.0;   // the compute stream is held until then
  std::size_t held_ = 0;  // entries up to who holds it
};

}  // namespace

std::vector<double> exposed_ns(const ReducedStep& step, std::span<const double> ns) {
  if (step.nodes().empty()) return {};
  Charges charges(step);
  const round_play::Play play(step, ns, charges);
  return std::move(charges).of_nodes(play.ends()[play.last()]);
}

}  // namespace bandwright
