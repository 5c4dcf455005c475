#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "simulator/closed_form/repetition.h"

// How reduced steps are played, round by round until rounds repeat: for longest_path.cpp and
// waiting.cpp alone.
namespace bandwright::round_play {

// An execution of an operation: what recorders are told.
struct Execution {
  std::uint32_t node;
  std::uint32_t last;  // node whose end it started at; `none` at time 0
  double start;
  double ns;
};
// Rounds that are leapt over: they repeat the last, each `advance` later.
struct Leap {
  std::uint32_t first;  // nodes of the block
  std::uint32_t end;
  std::uint32_t renewed;  // what all of a round comes after, where the round repeats for that; else `none`
  std::uint32_t rounds;   // above 0
  double advance;
  double begin;      // what repeats was later than this
  std::size_t mark;  // the recorder's mark() where the round that repeats began
};

// Ends of nodes' last executions, 0 where there was none.
//
// When rounds repeat: simulator/closed_form/repetition.h. Until then they are played.
template <class Recorder>
class Play {
 public:
  Play(const ReducedStep& step, std::span<const double> ns, Recorder& recorder)
      : step_(step), nodes_(step.nodes()), ns_(ns), recorder_(recorder), ends_(nodes_.size(), 0.0) {
    run(0, static_cast<std::uint32_t>(nodes_.size()));
  }

  [[nodiscard]] std::span<const double> ends() const { return ends_; }
  // The step ends with this node's last execution.
  [[nodiscard]] std::uint32_t last() const {
    return static_cast<std::uint32_t>(std::max_element(ends_.begin(), ends_.end()) - ends_.begin());
  }

 private:
  void run(std::uint32_t begin, std::uint32_t end) {
    for (std::uint32_t node = begin; node < end; ++node) {
      if (nodes_[node].times == 0) {
        execute(node);
      } else {
        repeat(node);
        node += nodes_[node].length;
      }
    }
  }

  void execute(std::uint32_t node) {
    double start = 0.0;
    std::uint32_t last = none;
    for (const std::uint32_t each : step_.waits_for(nodes_[node])) {
      if (ends_[each] > start) {
        start = ends_[each];
        last = each;
      }
    }
    ends_[node] = start + ns_[node];
    recorder_.execute({node, last, start, ns_[node]});
  }

  void repeat(std::uint32_t head) {
    const std::uint32_t first = head + 1;
    const std::uint32_t end = first + nodes_[head].length;
    const ReducedStep::Round& round = step_.round_of(nodes_[head]);
    double advance_before = -1.0;
    for (std::uint32_t left = nodes_[head].times; left-- > 0;) {
      if (left == 0) return run(first, end);
      const std::size_t mark = recorder_.mark();
      const double begun = begin_of(step_, round, ends_);
      double advance = -1.0;
      bool repeats = false;
      if (begun >= 0.0) {
        run(first, end);
        advance = ends_[round.renewed] - begun;
        repeats = leads(step_, round, ends_);
        advance_before = -1.0;
      } else {
        const bool free = round.mixed && outside_is_past(step_, round, {first, end}, ends_);
        advance = played_advance(first, end);
        repeats = advance >= 0.0 && (free || same(advance, advance_before, ends_[end - 1]));
        advance_before = advance;
      }
      if (!repeats) continue;
      recorder_.leap(
          {first, end, begun >= 0.0 ? round.renewed : none, left, advance, std::max(begun, 0.0), mark});
      return shift(first, end, advance * left);
    }
  }

  void shift(std::uint32_t first, std::uint32_t end, double later) {
    for (std::uint32_t node = first; node < end; ++node) {
      if (nodes_[node].times == 0) ends_[node] += later;
    }
  }

  // Plays a round. The common advance of all operations, or a negative number when they moved by different
  // times.
  double played_advance(std::uint32_t first, std::uint32_t end) {
    const std::size_t saved = saved_.size();
    saved_.insert(saved_.end(), ends_.begin() + first, ends_.begin() + end);
    run(first, end);
    const double advance = common_advance(step_, {first, end}, std::span(saved_).subspan(saved), ends_);
    saved_.resize(saved);
    return advance;
  }

  const ReducedStep& step_;
  std::span<const ReducedStep::Node> nodes_;
  std::span<const double> ns_;
  Recorder& recorder_;
  std::vector<double> ends_;
  std::vector<double> saved_;  // of the blocks that are being repeated
};

}  // namespace bandwright::round_play
