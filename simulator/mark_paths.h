#pragma once
#include <span>
#include <vector>

#include "workload/step_program.h"

namespace bandwright {

// An instruction of a step program, stripped to what timing needs.
struct MarkStep {
  std::uint32_t times = 0;   // of a repeated block; 0 for an operation
  std::uint32_t length = 0;  // steps of the block, which follow
  // Of a block, where all its operations wait for the compute mark: what they wait for, and set, together;
  // else empty.
  MarkSet waits = 0;
  MarkSet sets = 0;
};

// Plays a step program on the times of its marks, without writing repetition out.
//
// A block is a linear map A of the marks in max-plus algebra, so a repeated one has seen enough when two
// successive rounds both move every mark it sets by the same time: then the marks are an eigenvector of A and
// every later round repeats the last. (In one such round a mark the block does not set may still bind; in the
// second it cannot.) Until then rounds are played. Source: Baccelli et al. (1992), theorem 3.23. One round is
// enough when all operations wait for the compute mark, and no mark of the block is later than it before and
// after the round: what the others are then never matters.
//
// `ns` are the durations of the steps, once each. Cost: O(steps x rounds until they repeat), 1 round for
// blocks without overlap beyond them and 3 for most others, whatever the counts.

// When the last mark has passed.
double play_marks(std::span<const MarkStep> steps, std::span<const double> ns);

// How often each step lies on the longest path to that time.
std::vector<double> critical_counts(std::span<const MarkStep> steps, std::span<const double> ns);

}  // namespace bandwright
