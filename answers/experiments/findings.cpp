#include "answers/experiments/findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/render.h"
#include "report/unit.h"

namespace bandwright {
namespace {

std::string percent(double share) { return fmt::format("{:.2f} %", 100.0 * share); }

const Slowdown* find(const std::vector<Slowdown>& all, const std::string& view, const std::string& source) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Slowdown& slowdown) {
    return slowdown.view == view && slowdown.source == source;
  });
  return found == all.end() ? nullptr : &*found;
}

std::string slowdown_sentence(const Slowdown& s, bool group) {
  return fmt::format(
      "{}: training {} on the {} network made for {} takes at most {:.2f} times as long as on its own "
      "({:g} GB/s per NPU, {} shares).",
      group ? "One network for all" : "One network for another model", s.model, s.network,
      group ? "all models" : s.target, s.factor, s.budget_gb_per_s, s.source);
}

std::string backfire_sentence(const Slowdown& s) {
  return fmt::format(
      "{} PerfOptBW shares can be worse than EqualBW: {} on {} takes up to {:.3f} times as long ({:g} GB/s "
      "per NPU).",
      s.source, s.model, s.network, s.factor, s.budget_gb_per_s);
}

// One per source of shares.
void add_loss_sentences(const std::vector<TableLoss>& losses, const std::string& view,
                        std::vector<std::string>& text) {
  std::vector<std::string> sources;
  for (const TableLoss& loss : losses) {
    const bool known = std::find(sources.begin(), sources.end(), loss.source) != sources.end();
    if (loss.view == view && !known) sources.push_back(loss.source);
  }
  for (const std::string& source : sources) {
    double sum = 0.0;
    int count = 0;
    const TableLoss* worst = nullptr;
    for (const TableLoss& loss : losses) {
      if (loss.view != view || loss.source != source) continue;
      sum += loss.mean;
      ++count;
      if (worst == nullptr || loss.largest > worst->largest) worst = &loss;
    }
    text.push_back(fmt::format(
        "The {} PerfPerCostOptBW shares, which are the same at every budget, lose {} of performance per "
        "cost on average against shares optimized at each budget, and at most {} ({} on {}).",
        source, percent(sum / count), percent(worst->largest), worst->model, worst->network));
  }
}

Value cell_of(const Row& row, const Column& column) {
  return std::visit([&](auto field) { return Value(row.*field); }, column.field);
}

// What all rows have, and of the rest what one of them has.
template <class Rows, class RowOf>
std::vector<const Column*> used_columns(const Rows& rows, RowOf row_of) {
  std::vector<const Column*> used;
  for (const Column& column : columns()) {
    const bool wanted = column.always || std::any_of(rows.begin(), rows.end(), [&](const auto& each) {
                          return !cell_text(row_of(each), column).empty();
                        });
    if (wanted) used.push_back(&column);
  }
  return used;
}

}  // namespace

std::vector<std::string> views_of(const std::vector<Result>& results) {
  std::vector<std::string> views;
  for (const auto& [row, trace] : results) {
    if (std::find(views.begin(), views.end(), row.view) == views.end()) views.push_back(row.view);
  }
  return views;
}

std::vector<std::string> sentences_of(const std::vector<Result>& results, const std::string& view) {
  std::vector<std::string> text;
  for (const Aggregates& a : aggregates(results)) {
    if (a.view != view) continue;
    text.push_back(fmt::format(
        "PerfOptBW with {} shares trains {:.3f} times as fast as EqualBW of the same network and budget on "
        "average and at most {:.3f} times; PerfPerCostOptBW gives {:.2f} times its performance per dollar on "
        "average ({} points).",
        a.source, a.mean_speedup, a.largest_speedup, a.mean_perf_per_cost, a.points));
  }
  add_loss_sentences(table_losses(results), view, text);
  for (const bool group : {false, true}) {
    const std::vector<Slowdown> worst = worst_slowdowns(results, group);
    if (const Slowdown* slowdown = find(worst, view, "optimized")) {
      text.push_back(slowdown_sentence(*slowdown, group));
    }
  }
  for (const Slowdown& backfire : backfires(results)) {
    if (backfire.view == view) text.push_back(backfire_sentence(backfire));
  }
  const auto difference = largest_difference(results, view, "simulator-closed-form");
  if (difference && view != "simulator-closed-form") {
    text.push_back(
        fmt::format("Event by event a step differs from the closed form by at most {}: that is what "
                    "chunks, latencies and rounding add.",
                    percent(*difference)));
  }
  return text;
}

// Of each model, in the order of the results, the fastest job on a machine that fits.
std::vector<std::string> job_sentences(const std::vector<Result>& results) {
  std::vector<std::string> models;
  for (const auto& [row, trace] : results) {
    const bool fresh = std::find(models.begin(), models.end(), row.model) == models.end();
    if (!row.machine.empty() && fresh) models.push_back(row.model);
  }
  std::vector<std::string> text;
  for (const std::string& model : models) {
    int jobs = 0;
    int fitting = 0;
    const Row* fastest = nullptr;
    for (const auto& [row, trace] : results) {
      if (row.model != model || row.machine.empty()) continue;
      ++jobs;
      if (row.status != "ok") continue;
      ++fitting;
      if (fastest == nullptr || *row.step_time_s < *fastest->step_time_s) fastest = &row;
    }
    std::string& sentence =
        text.emplace_back(fmt::format("{}: {} of {} jobs can be and fit", model, fitting, jobs));
    if (fastest == nullptr) continue;
    sentence += fmt::format("; the fastest takes {}: {}", quantity(*fastest->step_time_s, Unit::Seconds),
                            point_name(*fastest));
  }
  return text;
}

Table aggregates_table(const std::vector<Result>& results) {
  const std::vector<Slowdown> slowdowns = worst_slowdowns(results, false);
  Table table = Table::of("aggregates", "Aggregates over all networks, models and budgets");
  for (const char* key : {"view", "source", "points", "mean_speedup", "largest_speedup",
                          "mean_perf_per_cost_gain", "worst_slowdown"}) {
    table.column(key);
  }
  for (const Aggregates& a : aggregates(results)) {
    const Slowdown* slowdown = find(slowdowns, a.view, a.source);
    table.rows.push_back({a.view, a.source, a.points, a.mean_speedup, a.largest_speedup, a.mean_perf_per_cost,
                          slowdown == nullptr ? Value() : Value(slowdown->factor)});
  }
  return table;
}

Table losses_table(const std::vector<Result>& results) {
  Table table = Table::of("losses", "Performance per cost lost with published shares");
  for (const char* key : {"view", "source", "network", "model", "mean_loss", "largest_loss"})
    table.column(key);
  for (const TableLoss& loss : table_losses(results)) {
    table.rows.push_back({loss.view, loss.source, loss.network, loss.model, loss.mean, loss.largest});
  }
  return table;
}

Table optima_table(const std::vector<Result>& results) {
  Table table = Table::of("optima");
  table.column("model").column("loop");
  table.column("name", "optimal GB/s per NPU, innermost first", Shown::ToPeople);
  table.column("value", "step, ms", Shown::ToPeople).column("fact", "EqualBW, ms", Shown::ToPeople);
  table.column("bandwidth_gb_per_s", "", Shown::ToPrograms).column("step_time_s", "", Shown::ToPrograms);
  table.column("equal_step_time_s", "", Shown::ToPrograms).column("speedup");
  for (const auto& [row, equal] : optima(results)) {
    const double speedup = *equal->step_time_s / *row->step_time_s;
    table.rows.push_back(
        {row->model, row->loop, fmt::format("{:.2f}", fmt::join(row->bandwidth_gb_per_s, "  ")),
         fmt::format("{:.4f}", *row->step_time_s * 1e3), fmt::format("{:.3f}", *equal->step_time_s * 1e3),
         row->bandwidth_gb_per_s, row->step_time_s, equal->step_time_s, speedup});
  }
  return table;
}

Table jobs_table(const std::vector<Result>& results) {
  Table table = Table::of("", "Jobs on machines");
  for (const char* key : {"model", "machine", "npus", "options", "allocation", "step_time_s", "memory_bytes",
                          "status", "reason"}) {
    table.column(key);
  }
  for (const auto& [row, trace] : results) {
    if (row.machine.empty()) continue;
    table.rows.push_back({row.model, row.machine, row.npus, row.options, row.allocation, row.step_time_s,
                          row.memory_bytes, row.status, row.reason});
  }
  return table;
}

std::vector<std::string> sentences(const std::vector<Result>& results) {
  std::vector<std::string> text = job_sentences(results);
  const std::vector<std::string> views = views_of(results);
  for (const std::string& view : views) {
    for (const std::string& sentence : sentences_of(results, view)) {
      text.push_back(views.size() > 1 ? fmt::format("In the view {}: {}", view, sentence) : sentence);
    }
  }
  return text;
}

Table rows_table(const std::vector<Result>& results) {
  Table table = Table::of("rows");
  table.shown = Shown::ToPrograms;
  const auto shown = used_columns(results, [](const Result& result) -> const Row& { return result.row; });
  for (const Column* column : shown) table.column(column->name);
  for (const auto& [row, trace] : results) {
    std::vector<Value>& cells = table.rows.emplace_back();
    for (const Column* column : shown) cells.push_back(cell_of(row, *column));
  }
  return table;
}

Table points_table(const std::vector<Point>& points) {
  Table table = Table::of("rows");
  auto shown = used_columns(points, [](const Point& point) -> const Row& { return point.asked; });
  std::erase_if(shown, [](const Column* column) { return !column->asked && column->name != "id"; });
  for (const Column* column : shown) table.column(column->name);
  for (const Point& point : points) {
    std::vector<Value>& cells = table.rows.emplace_back();
    for (const Column* column : shown) cells.push_back(cell_of(point.asked, *column));
  }
  return table;
}

}  // namespace bandwright
