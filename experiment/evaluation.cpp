#include "experiment/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <unordered_map>

#include "experiment/evaluate.h"
#include "experiment/runner.h"

namespace bandwright {
namespace {

using PointGroup = std::vector<const Point*>;

// Points without a result, those of one allocation together. Their costs differ by orders of magnitude and
// lie side by side in an experiment; shuffled, whatever is done is a fair sample, and so is the time it says
// is left.
std::vector<PointGroup> missing_groups(const Experiment& experiment, const std::vector<bool>& known) {
  std::vector<PointGroup> groups;
  std::unordered_map<std::string, std::size_t> group_of;
  for (std::size_t i = 0; i < experiment.points.size(); ++i) {
    if (known[i]) continue;
    const Point& point = experiment.points[i];
    const auto [group, is_new] = group_of.emplace(point.allocation_key, groups.size());
    if (is_new) groups.emplace_back();
    groups[group->second].push_back(&point);
  }
  std::shuffle(groups.begin(), groups.end(), std::mt19937_64(1));  // the same every time
  return groups;
}

std::vector<std::string> cells(const Row& row) {
  std::vector<std::string> cells;
  for (const Column& column : columns()) cells.push_back(cell_text(row, column));
  return cells;
}

// A bound that is not known yet is no number.
std::string bound_text(double bound) {
  return std::isfinite(bound) ? fmt::format("{}", bound) : std::string();
}

}  // namespace

Evaluation evaluate_missing(const Experiment& experiment, ResultStore& store,
                            const EvaluationOptions& options) {
  std::vector<std::string> ids;
  for (const Point& point : experiment.points) ids.push_back(point.asked.id);
  const std::vector<Kept> kept = options.force ? std::vector<Kept>(ids.size()) : store.find(ids);
  std::vector<bool> known;
  for (const Kept each : kept) known.push_back(each == Kept::Yes);
  const std::vector<PointGroup> groups = missing_groups(experiment, known);

  Evaluation evaluation{
      .points = ids.size(),
      .damaged = static_cast<std::size_t>(std::count(kept.begin(), kept.end(), Kept::Damaged))};
  for (const PointGroup& group : groups) evaluation.missing += group.size();
  RunOptions run{.threads = options.jobs, .stop = options.stop};
  if (options.on_progress) {
    run.on_progress = [&](std::size_t done) { options.on_progress(done, evaluation.missing); };
  }
  evaluation.complete = run_jobs(
      groups.size(), [&](std::size_t job) { return evaluate(groups[job], options.stop); },
      [&](const std::vector<Result>& batch) { store.add(batch); }, run);
  store.list(ids);
  return evaluation;
}

CsvRows result_rows(const std::vector<Result>& results) {
  CsvRows rows(1);
  for (const Column& column : columns()) rows[0].emplace_back(column.name);
  for (const Result& result : results) rows.push_back(cells(result.row));
  return rows;
}

CsvRows convergence_rows(const std::vector<Result>& results) {
  CsvRows rows = {{"id", "view", "network", "model", "loop", "budget_gb_per_s", "allocation", "target",
                   "iteration", "objective", "lower_bound", "evaluations"}};
  for (const auto& [row, trace] : results) {
    for (const Iteration& step : trace) {
      rows.push_back({row.id, row.view, row.network, row.model, row.loop,
                      fmt::format("{}", row.budget_gb_per_s), row.allocation, row.target,
                      fmt::format("{}", step.number), fmt::format("{}", step.objective),
                      bound_text(step.lower_bound), fmt::format("{}", step.evaluations)});
    }
  }
  return rows;
}

}  // namespace bandwright
