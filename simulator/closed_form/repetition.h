#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "simulator/closed_form/reduced_step.h"

// When the rounds of a block repeat: for round_play.h alone.
//
// Rounds repeat, from one round on, when a node that all of the round comes after is the latest of all that
// the round waits for, before the round and again after it: then the others never matter, and each round is
// as long as this one. Else when a round moves the end of every node by the same time: a round is a linear
// map in max-plus algebra of what the round before left and of what it waits for outside the block. That does
// not move: it must be earlier than all the round before left, or the next round move by the same again.
// Until then rounds are played. Source: Baccelli et al., Synchronization and Linearity (1992), theorem 3.23.
namespace bandwright::round_play {

constexpr std::uint32_t none = ReducedStep::none;

struct Nodes {  // of a block: [first, end)
  std::uint32_t first;
  std::uint32_t end;
  [[nodiscard]] bool have(std::uint32_t node) const { return first <= node && node < end; }
};

// When the round begins, where something that all of it comes after is the latest of what it waits for; else
// a negative number.
inline double begin_of(const ReducedStep& step, const ReducedStep::Round& round,
                       std::span<const double> ends) {
  if (round.renewed == none) return -1.0;
  double begin = 0.0;
  for (const std::uint32_t each : step.common(round)) begin = std::max(begin, ends[each]);
  for (const std::uint32_t each : step.others(round)) {
    if (ends[each] > begin) return -1.0;
  }
  return begin;
}

// Whether what is renewed is the latest of what the next round waits for.
inline bool leads(const ReducedStep& step, const ReducedStep::Round& round, std::span<const double> ends) {
  const auto earlier = [&](std::uint32_t each) { return ends[each] <= ends[round.renewed]; };
  const auto others = step.others(round);
  const auto common = step.common(round);
  return std::all_of(others.begin(), others.end(), earlier) &&
         std::all_of(common.begin(), common.end(), earlier);
}

// Whether what is outside the block can't bind any more: all of it is earlier than all of the round before.
inline bool outside_is_past(const ReducedStep& step, const ReducedStep::Round& round, Nodes block,
                            std::span<const double> ends) {
  double outside = 0.0;
  double inside = std::numeric_limits<double>::infinity();
  for (const auto& nodes : {step.common(round), step.others(round)}) {
    for (const std::uint32_t each : nodes) {
      if (block.have(each)) {
        inside = std::min(inside, ends[each]);
      } else {
        outside = std::max(outside, ends[each]);
      }
    }
  }
  return outside <= inside;
}

// But for the rounding of sums as large as `end`.
inline bool same(double a, double b, double end) { return std::abs(a - b) <= 1e-14 * end; }

// The common advance of all operations of a block since `before`, or a negative number when they moved by
// different times.
inline double common_advance(const ReducedStep& step, Nodes block, std::span<const double> before,
                             std::span<const double> ends) {
  double advance = -1.0;
  for (std::uint32_t node = block.first; node < block.end; ++node) {
    if (step.nodes()[node].times > 0) continue;
    const double moved = ends[node] - before[node - block.first];
    if (advance < 0.0) advance = moved;
    if (!same(moved, advance, ends[node])) return -1.0;
  }
  return advance;
}

}  // namespace bandwright::round_play
