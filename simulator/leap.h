#pragma once
#include "simulator/scenario.h"

namespace bandwright {

// Plays a step with blocks as simulate_folded does its operations written out, but leaps over rounds of its
// largest block (the micro-batches of a pipeline, say) once these repeat: once the state of the engine,
// relative to its time, is one that it was in before (round_watch.h). From there on each period adds the same
// to every result, so that a step of N rounds takes
//
//   R(N) = R(m) + (N - m) / p  x  (R(m) - R(m - p)),      m - p well behind the first period, p | N - m
//
// to the picosecond, from steps of some dozens of rounds. Where rounds do not repeat, they are all played.
//
// `critical_path` has one entry per operation of the step, with all the time that the path spends in it.
// Cost: that of the rounds until they repeat, a few times; memory likewise.
struct LeapingResult {
  StepResult result;
  std::int64_t rounds_leapt = 0;
};
LeapingResult simulate_leaping(const Scenario& scenario);
// The same with every round played.
LeapingResult simulate_rounds(const Scenario& scenario);

}  // namespace bandwright
