#include "plan/merit.h"

#include <array>
#include <cmath>
#include <limits>

#include "core/catalogue.h"

namespace bandwright {
namespace {

struct ObjectiveRow {
  PlanObjective objective;
  std::string_view name;
  std::string_view help;
};
constexpr std::array objectives = {
    ObjectiveRow{PlanObjective::StepTime, "time", "the time of a step"},
    ObjectiveRow{PlanObjective::CostPerToken, "cost-per-token", "NPU hours of a token"},
    ObjectiveRow{PlanObjective::PerfPerCost, "perf-per-cost", "step time x cost of the network"},
    ObjectiveRow{PlanObjective::NetworkCost, "network-cost", "cost of the network"}};

}  // namespace

PlanObjective plan_objective(std::string_view name) {
  return find_in_catalogue(std::span<const ObjectiveRow>(objectives), name, "objective").objective;
}
std::string_view plan_objective_name(PlanObjective objective) {
  return objectives[static_cast<std::size_t>(objective)].name;
}

bool needs_prices(PlanObjective objective) {
  return objective == PlanObjective::PerfPerCost || objective == PlanObjective::NetworkCost;
}

Merit merit_of(PlanObjective objective, double weight, double step_ps) {
  return {objective == PlanObjective::NetworkCost ? weight : weight * step_ps, step_ps};
}

Merit bound_merit(PlanObjective objective, double weight, double bound_ns) {
  return merit_of(objective, weight, std::floor(bound_ns * 1e3));
}

Merit last_merit(const DivisionSpace& space, const DivisionSearch& search, const RankedDivisions& found) {
  constexpr double unbounded = std::numeric_limits<double>::infinity();
  if (found.best.size() < search.best) return {unbounded, unbounded};
  const RankedDivision& last = found.best.back();
  double weight = 1.0;
  for (std::size_t i = 0; i < space.weights.size(); ++i) {
    if (space.npus[i] == last.parallelism.npus()) weight = space.weights[i];
  }
  return merit_of(search.objective, weight, std::round(last.step_ns * 1e3));
}

}  // namespace bandwright
