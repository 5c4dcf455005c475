#include "cli/findings_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace bandwright {
namespace {

std::string percent(double share) { return fmt::format("{:.2f} %", 100.0 * share); }

const Slowdown* find(const std::vector<Slowdown>& all, const std::string& view, const std::string& source) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Slowdown& slowdown) {
    return slowdown.view == view && slowdown.source == source;
  });
  return found == all.end() ? nullptr : &*found;
}

std::string factor(const Slowdown* slowdown) {
  return slowdown == nullptr ? "" : fmt::format("{:.3f}", slowdown->factor);
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
      "In the view {}, {} PerfOptBW shares can be worse than EqualBW: {} on {} takes up to {:.3f} times as "
      "long "
      "({:g} GB/s per NPU).",
      s.view, s.source, s.model, s.network, s.factor, s.budget_gb_per_s);
}

// Of each model, in the order of the results, the fastest job that fits.
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
      if (fastest == nullptr || *row.step_time_us < *fastest->step_time_us) fastest = &row;
    }
    text.push_back(fmt::format("{}: {} of {} jobs can be and fit", model, fitting, jobs));
    if (fastest == nullptr) continue;
    text.back() +=
        fmt::format("; the fastest takes {:.4f} s: {}", *fastest->step_time_us * 1e-6, point_name(*fastest));
  }
  return text;
}

std::string loss_sentence(const std::vector<TableLoss>& losses, const std::string& view) {
  double sum = 0.0;
  int count = 0;
  const TableLoss* worst = nullptr;
  for (const TableLoss& loss : losses) {
    if (loss.view != view) continue;
    sum += loss.mean;
    ++count;
    if (worst == nullptr || loss.largest > worst->largest) worst = &loss;
  }
  if (worst == nullptr) return {};
  return fmt::format(
      "The {} PerfPerCostOptBW shares, which are the same at every budget, lose {} of performance per "
      "cost on average against shares optimized at each budget, and at most {} ({} on {}).",
      worst->source, percent(sum / count), percent(worst->largest), worst->model, worst->network);
}

}  // namespace

TextTable aggregates_table(const std::vector<Result>& results) {
  const std::vector<Slowdown> slowdowns = worst_slowdowns(results, false);
  TextTable table{{"view", "shares", "points", "PerfOpt speedup, mean", "largest", "PerfPerCost gain, mean",
                   "worst slowdown"},
                  {}};
  for (const Aggregates& a : aggregates(results)) {
    table.rows.push_back({a.view, a.source, fmt::format("{}", a.points),
                          fmt::format("{:.3f}", a.mean_speedup), fmt::format("{:.3f}", a.largest_speedup),
                          fmt::format("{:.3f}", a.mean_perf_per_cost),
                          factor(find(slowdowns, a.view, a.source))});
  }
  return table;
}

TextTable losses_table(const std::vector<Result>& results) {
  TextTable table{{"view", "shares", "network", "model", "lost on average", "at most"}, {}};
  for (const TableLoss& loss : table_losses(results)) {
    table.rows.push_back(
        {loss.view, loss.source, loss.network, loss.model, percent(loss.mean), percent(loss.largest)});
  }
  return table;
}

TextTable optima_table(const std::vector<Result>& results) {
  TextTable table{
      {"model", "loop", "optimal GB/s per NPU, innermost first", "step, ms", "EqualBW, ms", "speedup"}, {}};
  for (const auto& [best, equal] : optima(results)) {
    const Row& row = *best;
    table.rows.push_back({row.model, row.loop, fmt::format("{:.2f}", fmt::join(row.bandwidth_gb_per_s, "  ")),
                          fmt::format("{:.4f}", *row.step_time_us * 1e-3),
                          fmt::format("{:.3f}", *equal->step_time_us * 1e-3),
                          fmt::format("{:.4f}", *equal->step_time_us / *row.step_time_us)});
  }
  return table;
}

TextTable jobs_table(const std::vector<Result>& results) {
  TextTable table{{"model", "machine", "NPUs", "job", "step, s", "GiB per NPU", "status"}, {}};
  constexpr double gib = 1073741824.0;
  for (const auto& [row, trace] : results) {
    if (row.machine.empty()) continue;
    table.rows.push_back({row.model, row.machine, fmt::format("{}", row.npus), row.options,
                          row.step_time_us ? fmt::format("{:.4f}", *row.step_time_us * 1e-6) : "",
                          row.memory_bytes ? fmt::format("{:.1f}", *row.memory_bytes / gib) : "",
                          row.reason.empty() ? row.status : row.status + ": " + row.reason});
  }
  return table;
}

std::vector<std::string> sentences(const std::vector<Result>& results) {
  if (results.empty()) return {};
  std::vector<std::string> text = job_sentences(results);
  const std::string view = results.front().row.view;
  for (const Aggregates& a : aggregates(results)) {
    if (a.view != view) continue;
    text.push_back(fmt::format(
        "PerfOptBW with {} shares trains {:.3f} times as fast as EqualBW of the same network and budget on "
        "average "
        "and at most {:.3f} times; PerfPerCostOptBW gives {:.2f} times its performance per dollar on average "
        "({} points).",
        a.source, a.mean_speedup, a.largest_speedup, a.mean_perf_per_cost, a.points));
  }
  const std::string loss = loss_sentence(table_losses(results), view);
  if (!loss.empty()) text.push_back(loss);
  for (const bool group : {false, true}) {
    const std::vector<Slowdown> worst = worst_slowdowns(results, group);
    if (const Slowdown* slowdown = find(worst, view, "optimized")) {
      text.push_back(slowdown_sentence(*slowdown, group));
    }
  }
  for (const Slowdown& backfire : backfires(results)) text.push_back(backfire_sentence(backfire));
  const auto difference = largest_difference(results, view, "simulator-closed-form");
  if (difference) {
    text.push_back(
        fmt::format("Event by event a step differs from the closed form by at most {}: that is what "
                    "chunks, latencies and rounding add.",
                    percent(*difference)));
  }
  return text;
}

}  // namespace bandwright
