#include "simulator/closed_form/longest_path.h"

#include "simulator/closed_form/round_play.h"

namespace bandwright {
namespace {

// Does not note what is played.
struct NoRecord {
  static void execute(const round_play::Execution&) {}
  static std::size_t mark() { return 0; }
  static void leap(const round_play::Leap&) {}
};

// Notes executions in order, each with the one it started after, and leaps.
class Tape {
 public:
  explicit Tape(std::size_t nodes) : latest_(nodes, none), counts_(nodes, 0.0) {
    entries_.reserve(4 * nodes);
  }

  void execute(const round_play::Execution& each) {
    const std::uint32_t before = each.last == none ? none : latest_[each.last];
    latest_[each.node] = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({each.node, before, none});
  }
  [[nodiscard]] std::size_t mark() const { return entries_.size(); }
  void leap(const round_play::Leap& leap) {
    const auto index = static_cast<std::uint32_t>(leaps_.size());
    leaps_.push_back({leap, static_cast<std::uint32_t>(entries_.size())});
    for (std::uint32_t node = leap.first; node < leap.end; ++node) {
      entries_.push_back({node, latest_[node], index});
      latest_[node] = static_cast<std::uint32_t>(entries_.size()) - 1;
    }
  }

  // How often the path to a node's last execution takes each.
  std::vector<double> counts_to(std::uint32_t node) && {
    walk(latest_[node], 0, 1.0);
    return std::move(counts_);
  }

 private:
  static constexpr std::uint32_t none = ReducedStep::none;
  struct Entry {
    std::uint32_t node;
    std::uint32_t before;  // entry; of one that stands for executions leapt over, that of the round played
    std::uint32_t leap;    // `none` for an execution
  };
  struct Noted {
    round_play::Leap leap;
    std::uint32_t entries;  // where its nodes' begin
  };

  // Backwards from an entry to the first one before `floor`, which is returned.
  std::uint32_t walk(std::uint32_t entry, std::uint32_t floor, double weight) {
    while (entry != none && entry >= floor) {
      if (entries_[entry].leap != none) {
        entry = walk_leap(entry, weight);
      } else {
        counts_[entries_[entry].node] += weight;
        entry = entries_[entry].before;
      }
    }
    return entry;
  }

  // Through the rounds leapt over: in each the path goes back from a node to one of the round before. Returns
  // the entry before all of them.
  std::uint32_t walk_leap(std::uint32_t entry, double weight) {
    const Noted noted = leaps_[entries_[entry].leap];
    const auto floor = static_cast<std::uint32_t>(noted.leap.mark);
    std::uint32_t node = entries_[entry].node;
    std::uint32_t left = noted.leap.rounds;
    if (noted.leap.renewed != none) {
      if (node != noted.leap.renewed) {
        walk(played(noted, node), floor, weight);
        node = noted.leap.renewed;
        --left;
      }
      if (left > 0) walk(played(noted, node), floor, weight * left);
      return played(noted, node);
    }
    const std::uint32_t first = noted.leap.first;
    std::vector<std::uint32_t> earlier(noted.leap.end - first,
                                       none);  // of each node: that of the round before
    std::vector<double> taken(noted.leap.end - first, 0.0);
    for (; left > 0; --left) {
      std::uint32_t& before = earlier[node - first];
      if (before == none) before = node_before(noted, node);
      if (before == none) return walk(played(noted, node), floor, weight);
      taken[node - first] += before == node ? left : 1.0;
      if (before == node) break;
      node = before;
    }
    for (std::uint32_t each = first; each < noted.leap.end; ++each) {
      if (taken[each - first] > 0.0) walk(played(noted, each), floor, weight * taken[each - first]);
    }
    return played(noted, node);
  }

  // The entry of a node's execution in the round that repeats.
  [[nodiscard]] std::uint32_t played(const Noted& noted, std::uint32_t node) const {
    return entries_[noted.entries + node - noted.leap.first].before;
  }

  // Whose end of the round before the path to a node comes from; `none` when it comes from outside the block.
  std::uint32_t node_before(const Noted& noted, std::uint32_t node) {
    const auto floor = static_cast<std::uint32_t>(noted.leap.mark);
    const std::uint32_t entry = walk(played(noted, node), floor, 0.0);
    if (entry == none) return none;
    const std::uint32_t before = entries_[entry].node;
    return noted.leap.first <= before && before < noted.leap.end ? before : none;
  }

  std::vector<Entry> entries_;
  std::vector<Noted> leaps_;
  std::vector<std::uint32_t> latest_;  // entry of each node
  std::vector<double> counts_;
};

}  // namespace

double longest_path_ns(const ReducedStep& step, std::span<const double> ns) {
  if (step.nodes().empty()) return 0.0;
  NoRecord record;
  const round_play::Play play(step, ns, record);
  return play.ends()[play.last()];
}

std::vector<double> critical_counts(const ReducedStep& step, std::span<const double> ns) {
  if (step.nodes().empty()) return {};
  Tape tape(step.nodes().size());
  const round_play::Play play(step, ns, tape);
  return std::move(tape).counts_to(play.last());
}

}  // namespace bandwright
