#pragma once
#include <span>

#include "simulator/scenario.h"
#include "workload/step_program.h"

namespace bandwright {

// What a program is played on.
struct ProgramScenario {
  const StepProgram& program;
  const Network& network;
  const System& system;
  std::span<const double> bandwidth;  // as Scenario's
  Time after_collective;
};

// Plays a program as simulate_folded does its operations written out, but leaps over rounds of its largest
// block (the micro-batches of a pipeline, say) once these repeat: once the state of the engine, relative to
// its time, is one that it was in before (repetition.h). From there on each period adds the same to every
// result, so that a program of N rounds gives
//
//   R(N) = R(m) + (N - m) / p  x  (R(m) - R(m - p)),      m - p well behind the first period, p | N - m
//
// to the picosecond, from programs of some dozens of rounds. Where rounds do not repeat, they are all played.
//
// `critical_path` has one entry per instruction of the program, with all the time that the path spends in it;
// `graph` is the shorter program, written out, which these refer to.
// Cost: that of the rounds until they repeat, three times; memory likewise.
struct LeapingResult {
  StepResult result;
  Step graph;
  std::int64_t rounds_leapt = 0;
};
LeapingResult simulate_leaping(const ProgramScenario& scenario);
// The same with every round played.
LeapingResult simulate_rounds(const ProgramScenario& scenario);

}  // namespace bandwright
