#pragma once
#include <span>
#include <string_view>

#include "optimizer/problem.h"
#include "optimizer/summary.h"

namespace bandwright {

// A method of solving a Problem. Every one reports the certified gap of its answer: those that prove nothing
// themselves have it proved afterwards from cuts around their answer.
struct Solver {
  std::string_view name;
  std::string_view help;
  Summary (*solve)(const Problem& problem, const Options& options);
};

// The first is the default.
std::span<const Solver> solvers();
// Throws InputError naming the choices.
const Solver& find_solver(std::string_view name);

// Validates and solves. Throws InputError for a malformed problem; an infeasible one is a Summary.
Summary optimize(const Problem& problem, const Options& options = {}, const Solver& solver = solvers()[0]);

}  // namespace bandwright
