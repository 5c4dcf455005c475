#include "experiment/evaluate.h"

#include "cost_model/bill.h"
#include "optimizer/solver.h"
#include "simulator/closed_form.h"

namespace bandwright {
namespace {

// A budget divided over the dimensions.
struct Division {
  Status status = Status::Optimal;
  std::vector<double> gb_per_s;
  std::optional<double> bound_ns;  // of the sum of the targets' step times, in closed form
  std::vector<Iteration> trace;
};

ClosedForm closed_form(const Point& point, const Model& model) {
  return {build_step(model, *point.network, *point.loop, point.options), point.network->size()};
}

Problem problem_of(const Point& point) {
  Problem problem;
  problem.dimensions = point.network->size();
  for (const Model* target : point.targets) {
    problem.step_times.push_back(
        {1.0, [step = closed_form(point, *target)](std::span<const double> b) { return step.cut(b); }});
  }
  problem.constraints = {total_budget(problem.dimensions, point.asked.budget_gb_per_s)};
  if (point.rule->goal == Goal::PerfPerCost) {
    problem.target = Target::PerfPerCost;
    problem.price = unit_prices(*point.network, *point.prices);
  }
  return problem;
}

Division optimized(const Point& point, const std::stop_token& stop) {
  Options options;
  options.stop = stop;
  Summary summary = optimize(problem_of(point), options);
  Division division{summary.status, std::move(summary.gb_per_s), std::nullopt, std::move(summary.trace)};
  if (point.rule->goal == Goal::Perf) division.bound_ns = summary.lower_bound;
  return division;
}

Division divide(const Point& point, const std::stop_token& stop) {
  const double budget = point.asked.budget_gb_per_s;
  const int dimensions = point.network->size();
  if (point.shares != nullptr) {
    return {Status::Optimal, point.shares->divide(budget, point.asked.network, dimensions,
                                                  point.asked.allocation, point.asked.target)};
  }
  if (point.rule->goal == Goal::Equal) {
    return {Status::Optimal, std::vector(static_cast<std::size_t>(dimensions), budget / dimensions)};
  }
  return optimized(point, stop);
}

StepResult simulate(const Point& point, const std::vector<double>& gb_per_s) {
  return closed_form(point, *point.model).evaluate(gb_per_s);
}

// The quotient, unlike a product with 1e-6, is the number nearest to the whole picoseconds.
double microseconds(Time time) { return static_cast<double>(time.value()) / 1e6; }

void fill(Row& row, const StepResult& step) {
  row.step_time_us = microseconds(step.step_time);
  row.compute_time_us = microseconds(step.compute_time);
  row.exposed_us = microseconds(step.exposed_communication);
  row.exposed_tp_us = row.exposed_dp_us = 0.0;
  for (const GroupExposure& group : step.groups) {
    if (group.group == axis_name(Axis::Tensor)) row.exposed_tp_us = microseconds(group.exposed);
    if (group.group == axis_name(Axis::Data)) row.exposed_dp_us = microseconds(group.exposed);
  }
  for (const DimensionUse& use : step.dimensions) row.utilization.push_back(use.utilization);
}

Result result_of(const Point& point, const Division& division) {
  Result result{.row = point.asked};
  Row& row = result.row;
  if (division.status == Status::Infeasible) {
    row.status = "infeasible";
    return result;
  }
  row.status = "ok";
  row.bandwidth_gb_per_s = division.gb_per_s;
  fill(row, simulate(point, division.gb_per_s));
  if (missing_prices(*point.network, *point.prices).empty()) {
    row.cost_usd = make_bill(*point.network, *point.prices, division.gb_per_s).total().value();
  }
  if (point.traced) {
    if (division.bound_ns) row.bound_us = *division.bound_ns * 1e-3;
    result.trace = division.trace;
  }
  return result;
}

}  // namespace

std::vector<Result> evaluate(std::span<const Point* const> points, const std::stop_token& stop) {
  const Division division = divide(*points.front(), stop);
  std::vector<Result> results;
  for (const Point* point : points) {
    if (stop.stop_requested()) return {};
    results.push_back(result_of(*point, division));
  }
  return results;
}

}  // namespace bandwright
