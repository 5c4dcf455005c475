#include "experiment/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
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

bool is_empty(const Row& row, const Column& column) { return cell_text(row, column).empty(); }

// What a CSV of these results shows: a column for each word of the jobs in place of all in one.
struct CsvColumns {
  std::vector<const Column*> of_rows;
  std::vector<std::string> of_options;
};

CsvColumns csv_columns(const std::vector<Result>& results) {
  CsvColumns shown;
  for (const Column& column : columns()) {
    const bool used = column.always || std::any_of(results.begin(), results.end(), [&](const Result& result) {
                        return !is_empty(result.row, column);
                      });
    if (used && column.name != "options") shown.of_rows.push_back(&column);
  }
  std::set<std::string> known;
  for (const Result& result : results) {
    for (const auto& [name, word] : split_options(result.row.options)) {
      if (known.insert(name).second) shown.of_options.push_back(name);
    }
  }
  return shown;
}

std::vector<std::string> cells(const Row& row, const CsvColumns& shown) {
  std::vector<std::string> cells;
  for (const Column* column : shown.of_rows) cells.push_back(cell_text(row, *column));
  const auto options = split_options(row.options);
  for (const std::string& name : shown.of_options) {
    const auto found =
        std::find_if(options.begin(), options.end(), [&](const auto& each) { return each.first == name; });
    cells.push_back(found == options.end() ? "" : found->second);
  }
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
  const CsvColumns shown = csv_columns(results);
  CsvRows rows(1);
  for (const Column* column : shown.of_rows) rows[0].emplace_back(column->name);
  rows[0].insert(rows[0].end(), shown.of_options.begin(), shown.of_options.end());
  for (const Result& result : results) rows.push_back(cells(result.row, shown));
  return rows;
}

CsvRows convergence_rows(const std::vector<Result>& results) {
  CsvRows rows = {{"id", "view", "network", "model", "loop", "budget_gb_per_s", "allocation", "target",
                   "iteration", "objective", "lower_bound", "evaluations", "engine", "library", "wiring",
                   "recompute", "tables", "compute_scale", "prices"}};
  for (const auto& [row, trace] : results) {
    for (const Iteration& step : trace) {
      rows.push_back(
          {row.id, row.view, row.network, row.model, row.loop, fmt::format("{}", row.budget_gb_per_s),
           row.allocation, row.target, fmt::format("{}", step.number), fmt::format("{}", step.objective),
           bound_text(step.lower_bound), fmt::format("{}", step.evaluations), row.engine, row.library,
           row.wiring, row.recompute, row.tables, fmt::format("{}", row.compute_scale), row.prices});
    }
  }
  return rows;
}

}  // namespace bandwright
