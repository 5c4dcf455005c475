#include "optimizer/solver.h"

#include <array>

#include "core/catalogue.h"
#include "optimizer/solvers/adam.h"
#include "optimizer/solvers/cutting_plane.h"

namespace bandwright {
namespace {

constexpr std::array catalogue = {
    Solver{"cutting-plane", "cutting planes with a certificate of optimality (default)",
           solve_by_cutting_planes},
    Solver{"adam", "the LIBRA study's gradient method, to compare with: slow, no certificate of its own",
           solve_by_adam},
};

}  // namespace

std::span<const Solver> solvers() { return catalogue; }

const Solver& find_solver(std::string_view name) { return find_in_catalogue(solvers(), name, "solver"); }

Summary optimize(const Problem& problem, const Options& options, const Solver& solver) {
  validate(problem);
  if (solver.solve == solve_by_cutting_planes) return solver.solve(problem, options);
  Options quiet = options;
  quiet.on_iteration = nullptr;
  quiet.max_iterations = 0;
  Summary proof = solve_by_cutting_planes(problem, quiet);
  if (proof.status == Status::Infeasible) return proof;
  Summary summary = solver.solve(problem, options);
  summary.lower_bound = proof.lower_bound;
  summary.shadow_prices = std::move(proof.shadow_prices);
  summary.cuts = std::move(proof.cuts);
  return summary;
}

}  // namespace bandwright
