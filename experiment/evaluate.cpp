#include "experiment/evaluate.h"

#include <fmt/format.h>

#include "cost_model/bill.h"
#include "optimizer/solver.h"
#include "simulator/closed_form/closed_form.h"
#include "study/job/bandwidths.h"
#include "study/job/job_step.h"
#include "study/outcome.h"
#include "study/simulate.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

// A budget divided over the dimensions.
struct DividedBudget {
  Status status = Status::Optimal;
  std::vector<double> bandwidth;   // in the point's unit
  std::optional<double> bound_ns;  // of the sum of the targets' step times, in closed form
  std::vector<Iteration> trace;
};

bool is_own(const Point& point) { return point.rule->goal == Goal::Own; }

// The order of traces is recorded at an equal split of the budget, whatever its division.
FileBandwidth recorded_at(const Point& point) {
  FileBandwidth at{.in_system_unit = true};
  const double budget = point.asked.budget_gb_per_s;
  if (is_own(point)) {
    at.fixed = given_bandwidths(point.job, *point.network);
  } else {
    at.budget = budget > 0.0 ? budget : usual_gb_per_s;
  }
  return at;
}

// The step of one of the workloads that a point is about. In closed form groups have their own links only,
// of the network as it is played.
JobStep step_of_point(const Point& point, const Workload* workload, bool closed_form) {
  Job job = point.job;
  if (workload == nullptr) {
    return step_on_network(job, nullptr, *point.played, *point.library, {.own_links = closed_form});
  }
  job.model = workload_name(*workload);
  if (point.machine != nullptr) return step_on_machine(job, *workload, *point.machine);
  if (const auto* files = std::get_if<WorkloadFiles>(workload)) {
    job.workload = files->path;
    return step_of(job, {.recorded = recorded_at(point)});
  }
  job.tables = "split";  // a table has been laid out as it is asked for
  return step_on_network(job, workload, *point.played, *point.library, {.own_links = closed_form});
}

// That a budget is divided by: as if all NPUs and links were alike.
ClosedForm step_form(const Point& point, const Workload* workload) {
  const JobStep step = step_of_point(point, workload, true);
  return {step.graph, step.network, step.library.all_alike()};
}

// In what unit bandwidths are divided and billed: on a network in the library's, of a machine in GB/s.
double unit_gb_per_s(const Point& point) {
  return point.machine != nullptr ? 1.0 : point.library->unit_gb_per_s();
}

std::vector<double> scaled(std::span<const double> values, double factor) {
  std::vector<double> products;
  for (const double value : values) products.push_back(value * factor);
  return products;
}

// The step time's cut as a function of bandwidths in such a unit.
Cut cut_in_unit(const ClosedForm& step, std::span<const double> bandwidths, double unit) {
  Cut cut = step.cut(scaled(bandwidths, unit));
  for (Load& load : cut.loads) load.bytes /= unit;
  return cut;
}

Problem problem_of(const Point& point) {
  Problem problem;
  problem.dimensions = point.network->size();
  for (const Workload* target : point.targets) {
    problem.step_times.push_back(
        {1.0, [step = step_form(point, target), unit = unit_gb_per_s(point)](std::span<const double> b) {
           return cut_in_unit(step, b, unit);
         }});
  }
  const bool in_dollars = point.asked.budget_usd > 0.0;
  if (in_dollars || point.rule->goal == Goal::PerfPerCost) {
    problem.price = unit_prices(*point.network, *point.prices);
  }
  if (in_dollars) {  // for given money the best performance is the best performance per cost
    problem.constraints = {dollar_budget(problem, point.asked.budget_usd)};
  } else {
    problem.constraints = {total_budget(problem.dimensions, point.asked.budget_gb_per_s)};
    if (point.rule->goal == Goal::PerfPerCost) problem.target = Target::PerfPerCost;
  }
  return problem;
}

DividedBudget optimized(const Point& point, const std::stop_token& stop) {
  Options options;
  options.stop = stop;
  Summary summary = optimize(problem_of(point), options);
  DividedBudget division{summary.status, std::move(summary.gb_per_s), std::nullopt, std::move(summary.trace)};
  if (point.rule->goal == Goal::Perf && point.library->symmetric()) division.bound_ns = summary.lower_bound;
  return division;
}

// Shares of one GB/s, for the allocations that are known as such.
std::vector<double> shares_of(const Point& point) {
  const int dimensions = point.network->size();
  if (point.shares == nullptr) return std::vector(static_cast<std::size_t>(dimensions), 1.0 / dimensions);
  return point.shares->divide(1.0, point.asked.network, dimensions, point.asked.allocation,
                              point.asked.target);
}

DividedBudget divide(const Point& point, const std::stop_token& stop) {
  if (!point.refused.empty()) throw InputError(point.refused);
  if (is_own(point)) return {};
  if (point.shares == nullptr && point.rule->goal != Goal::Equal) return optimized(point, stop);
  const std::vector<double> shares = shares_of(point);
  double total = point.asked.budget_gb_per_s;
  if (point.asked.budget_usd > 0.0) {
    total = point.asked.budget_usd / make_bill(*point.network, *point.prices, shares).total().value();
  }
  return {Status::Optimal, scaled(shares, total), {}, {}};
}

// The quotient, unlike a product with 1e-12, is the number nearest to the whole picoseconds.
double seconds(Time time) { return static_cast<double>(time.value()) / 1e12; }

// Only models have the two groups; with none of one, nobody waits for it.
void fill(Row& row, const StepResult& step, bool of_model) {
  row.step_time_s = seconds(step.step_time);
  row.compute_time_s = seconds(step.compute_time);
  row.exposed_communication_s = seconds(step.exposed_communication);
  if (of_model) row.exposed_tp_s = row.exposed_dp_s = 0.0;
  for (const GroupExposure& group : step.groups) {
    if (group.group == axis_name(Axis::Tensor)) row.exposed_tp_s = seconds(group.exposed);
    if (group.group == axis_name(Axis::Data)) row.exposed_dp_s = seconds(group.exposed);
  }
  for (const DimensionUse& use : step.dimensions) row.utilization.push_back(use.utilization);
}

// A job that does not fit has its step time all the same, as in `estimate`.
void fill_memory(Row& row, const JobStep& step, const Npu& npu) {
  constexpr double gib = 1073741824.0;
  std::string remedy;
  if (step.job) {
    const MemoryFit fit = memory_fit(*step.job);
    row.memory_bytes = fit.memory.total();
    row.memory_capacity_bytes = fit.memory_capacity;
    if (!fit.remedy.empty()) remedy = "; it would fit with " + fit.remedy;
  } else if (step.memory) {
    row.memory_bytes = step.memory->total();
    row.memory_capacity_bytes = npu.memory_bytes;
  }
  if (!row.memory_bytes || *row.memory_bytes <= *row.memory_capacity_bytes) return;
  row.status = "does-not-fit";
  row.reason = fmt::format("needs {:.1f} of {:.0f} GiB per NPU{}", *row.memory_bytes / gib,
                           *row.memory_capacity_bytes / gib, remedy);
}

// At the step's own bandwidths where none are given.
void play(Row& row, const Point& point, std::vector<double>& bandwidth) {
  const SimulationOptions options{
      .closed_form = point.engine == Engine::ClosedForm, .fidelity = point.fidelity, .explain = false};
  JobStep step = step_of_point(point, point.model, options.closed_form);
  if (point.machine != nullptr) fill_memory(row, step, point.machine->npu);
  if (bandwidth.empty()) bandwidth = bandwidth_of(point.job, step);
  const SimulationAnswer answer = simulate(std::move(step), bandwidth, options);
  const bool of_model = point.model != nullptr && !std::holds_alternative<WorkloadFiles>(*point.model);
  fill(row, answer.result, of_model);
  if (!answer.job) return;
  const TrainingRate rate = training_rate(*answer.job, to_ns(answer.result.step_time));
  row.tokens_per_s = rate.tokens_per_s;
  row.mfu = rate.mfu;
}

Result result_of(const Point& point, const DividedBudget& division) {
  Result result{.row = point.asked};
  Row& row = result.row;
  if (division.status == Status::Infeasible) {
    row.status = "infeasible";
    row.reason = "no allocation satisfies the constraints";
    return result;
  }
  row.status = "ok";
  std::vector<double> bandwidth = division.bandwidth;
  play(row, point, bandwidth);
  row.bandwidth_gb_per_s = scaled(bandwidth, unit_gb_per_s(point));
  row.cost_usd = network_cost(*point.network, *point.prices, bandwidth);
  if (point.traced) {
    if (division.bound_ns) row.step_time_bound_s = *division.bound_ns / 1e9;
    result.trace = division.trace;
  }
  return result;
}

// What a point that cannot be comes to.
Result refused_result(const Point& point, const std::string& reason) {
  Result result{.row = point.asked};
  result.row.status = "infeasible";
  result.row.reason = reason;
  return result;
}

}  // namespace

std::vector<Result> evaluate(std::span<const Point* const> points, const std::stop_token& stop) {
  const Outcome<DividedBudget> division = outcome_of([&] { return divide(*points.front(), stop); });
  std::vector<Result> results;
  for (const Point* point : points) {
    if (stop.stop_requested()) return {};
    Outcome<Result> outcome{std::nullopt, division.reason};
    if (division.answer) outcome = outcome_of([&] { return result_of(*point, *division.answer); });
    results.push_back(outcome.answer ? std::move(*outcome.answer) : refused_result(*point, outcome.reason));
  }
  return results;
}

}  // namespace bandwright
