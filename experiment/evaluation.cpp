#include "experiment/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <random>
#include <set>
#include <unordered_map>

#include "core/stopping.h"
#include "experiment/evaluate.h"
#include "experiment/packed_results.h"

namespace bandwright {
namespace {

using PointGroup = std::vector<const Point*>;

// Points without a result, those of one allocation together. Their costs differ by orders of magnitude and
// lie side by side in an experiment; shuffled, whatever is done is a fair sample, and so is the time it says
// is left.
std::vector<PointGroup> missing_groups(const Experiment& experiment, std::string_view known) {
  std::vector<PointGroup> groups;
  std::unordered_map<std::string, std::size_t> group_of;
  for (std::size_t i = 0; i < experiment.points.size(); ++i) {
    if (known[i] == '1') continue;
    const Point& point = experiment.points[i];
    const auto [group, is_new] = group_of.emplace(point.allocation_key, groups.size());
    if (is_new) groups.emplace_back();
    groups[group->second].push_back(&point);
  }
  std::shuffle(groups.begin(), groups.end(), std::mt19937_64(1));  // the same every time
  return groups;
}

std::vector<std::string> ids_of(const Experiment& experiment) {
  std::vector<std::string> ids;
  for (const Point& point : experiment.points) ids.push_back(point.asked.id);
  return ids;
}

std::string all_ids(const std::vector<std::string>& ids) { return fmt::format("{}\n", fmt::join(ids, " ")); }

// Finished results on their way to the store.
class Outbox {
 public:
  Outbox(ResultStore& store, const EvaluationOptions& options, std::size_t total)
      : store_(store), options_(options), total_(total) {}

  void add(std::vector<Result> results) {
    finished_ += results.size();
    std::move(results.begin(), results.end(), std::back_inserter(waiting_));
    const std::chrono::duration<double> waited = Clock::now() - delivered_;
    if (waited.count() >= options_.batch_seconds) flush();
    if (options_.on_progress) options_.on_progress(finished_, total_);
  }

  // False where a piece was begun and stopped.
  [[nodiscard]] bool has_all() const { return finished_ == total_; }

  void flush() {
    const std::vector<Result> batch = std::exchange(waiting_, {});
    if (!batch.empty()) store_.add(batch);
    delivered_ = Clock::now();
  }

 private:
  using Clock = std::chrono::steady_clock;

  ResultStore& store_;
  const EvaluationOptions& options_;
  const std::size_t total_;
  std::vector<Result> waiting_;
  std::size_t finished_ = 0;
  Clock::time_point delivered_ = Clock::now();
};

// What the first rank has an outbox for.
bool run_groups(const std::vector<PointGroup>& groups, Crew& crew, const EvaluationOptions& options,
                Outbox* outbox) {
  std::vector<std::vector<Result>> results(groups.size());
  return crew.run({.pieces = groups.size(),
                   .compute =
                       [&](std::size_t i) {
                         try {
                           results[i] = evaluate(groups[i], options.stop);
                         } catch (const Stopped&) {  // in the middle of a step: as if it had not begun
                         }
                       },
                   .pack = [&](std::size_t i) { return packed(std::exchange(results[i], {})); },
                   .unpack = [&](std::size_t i, std::string_view bytes) { results[i] = unpacked(bytes); },
                   .finished = [&](std::size_t i) { outbox->add(std::exchange(results[i], {})); },
                   .stopped = [&] { return options.stop.stop_requested(); }});
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

Evaluation evaluate_missing(const Experiment& experiment, ResultStore& store, Crew& crew,
                            const EvaluationOptions& options) {
  const std::vector<std::string> ids = ids_of(experiment);
  const std::vector<Kept> kept = options.force ? std::vector<Kept>(ids.size()) : store.find(ids);
  std::string known;
  for (const Kept each : kept) known += each == Kept::Yes ? '1' : '0';
  static_cast<void>(crew.from_first(all_ids(ids) + known));
  const std::vector<PointGroup> groups = missing_groups(experiment, known);

  Evaluation evaluation{
      .points = ids.size(),
      .damaged = static_cast<std::size_t>(std::count(kept.begin(), kept.end(), Kept::Damaged))};
  for (const PointGroup& group : groups) evaluation.missing += group.size();
  Outbox outbox(store, options, evaluation.missing);
  try {
    evaluation.complete = run_groups(groups, crew, options, &outbox) && outbox.has_all();
  } catch (const Stopped&) {  // in the midst of a point
    evaluation.complete = false;
  } catch (...) {
    outbox.flush();
    throw;
  }
  outbox.flush();
  store.list(ids);
  return evaluation;
}

Evaluation evaluate_missing(const Experiment& experiment, ResultStore& store,
                            const EvaluationOptions& options) {
  Crew crew;
  return evaluate_missing(experiment, store, crew, options);
}

void help_evaluate(const Experiment& experiment, Crew& crew, const EvaluationOptions& options) {
  const std::string mine = all_ids(ids_of(experiment));
  const std::string told = crew.from_first({});
  if (!told.starts_with(mine) || told.size() != mine.size() + experiment.points.size()) {
    throw InputError("the first rank has other points: is every rank given the same file?");
  }
  static_cast<void>(run_groups(missing_groups(experiment, told.substr(mine.size())), crew, options, nullptr));
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
