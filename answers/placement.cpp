#include "answers/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/unit.h"

namespace bandwright {
namespace {

std::optional<double> seconds(double ns) {
  return std::isfinite(ns) ? std::optional(ns / 1e9) : std::nullopt;
}

std::optional<double> unless_zero(double value) { return value > 0.0 ? std::optional(value) : std::nullopt; }

std::optional<std::int64_t> unless_none(int count) {
  return count > 0 ? std::optional<std::int64_t>(count) : std::nullopt;
}

Table results_table(bool timing) {
  Table table = Table::of("results");
  table.main = true;
  table.column("policy")
      .column("ratio")
      .column("fast_limit_bytes")
      .column("policy_time_s")
      .column("slowdown");
  table.column("placed_time_s").column("to_slow_bytes").column("to_fast_bytes").column("peak_fast_bytes");
  table.column("gap").column("relative_memory_cost").column("pareto");
  for (const char* key : {"peak_slow_bytes", "memory_cost_usd", "fast_access_share", "status", "reason",
                          "idealised", "replay_time_s", "kernels_s", "copy_stall_s", "overlap_stall_s",
                          "fault", "binaries", "program_rows", "window", "tightened"}) {
    table.column(key, "", Shown::ToPrograms);
  }
  if (timing) table.column("solve_time_s");
  return table;
}

// The cells for programs alone, in the order of the columns.
void append_details(const PlaceRow& row, bool timing, std::vector<Value>& cells) {
  const PlacementSummary& s = row.summary;
  const auto replay = [&](auto field) { return s.replay ? Value(field(*s.replay)) : Value(); };
  cells.push_back(replay([](const Replay& r) { return r.peak_slow; }));
  cells.emplace_back(row.memory_cost);
  cells.push_back(replay([](const Replay& r) { return r.fast_share; }));
  cells.emplace_back(status_name(s.status));
  cells.push_back(s.reason.empty() ? Value() : Value(s.reason));
  cells.emplace_back(s.policy == "cache");
  cells.push_back(replay([](const Replay& r) { return r.total; }));
  cells.push_back(replay([](const Replay& r) { return r.kernels; }));
  cells.push_back(replay([](const Replay& r) { return r.copy_stall; }));
  cells.push_back(replay([](const Replay& r) { return r.overlap_stall; }));
  cells.push_back(s.replay && !s.replay->fault.empty() ? Value(s.replay->fault) : Value());
  cells.emplace_back(unless_none(s.binaries));
  cells.emplace_back(unless_none(s.rows));
  cells.emplace_back(unless_none(s.window));
  cells.push_back(s.placed ? Value(s.placed->rounds) : Value());
  if (timing) cells.emplace_back(s.seconds);
}

std::vector<Value> cells_of(const PlaceRow& row, bool timing) {
  const PlacementSummary& s = row.summary;
  const bool found = s.found();
  std::vector<Value> cells = {s.policy,
                              row.ratio,
                              row.fast_limit,
                              seconds(s.ns),
                              found ? unless_zero(row.slowdown) : std::nullopt,
                              s.placed ? Value(s.placed->replay.total) : Value(),
                              s.to_slow,
                              s.to_fast,
                              s.peak_fast,
                              found ? Value(s.gap()) : Value(),
                              unless_zero(row.relative_cost),
                              row.pareto};
  append_details(row, timing, cells);
  return cells;
}

std::vector<std::string> remarks(const PlaceReport& report) {
  std::vector<std::string> notes = {
      "time: the policy's own; placed: after address assignment; slowdown and cost: against all-fast; front: "
      "no "
      "other line is both cheaper and faster"};
  bool cache = false;
  for (const PlaceRow& row : report.rows) {
    const PlacementSummary& s = row.summary;
    const std::string what = fmt::format("{} at {}: ", s.policy, row.ratio);
    if (!s.reason.empty()) notes.push_back(what + s.reason);
    if (s.found() && (s.status == PlacementStatus::TimeLimit || s.status == PlacementStatus::Interrupted)) {
      notes.push_back(
          fmt::format("{}{}; within {:.2g} % of the best possible", what,
                      s.status == PlacementStatus::TimeLimit ? "stopped by the time limit" : "interrupted",
                      100.0 * s.gap()));
    }
    if (s.replay && !s.replay->fault.empty()) notes.push_back(what + "the replay fails: " + s.replay->fault);
    cache = cache || s.policy == "cache";
  }
  if (cache) notes.emplace_back("cache: an idealised model; real caches in hardware are slower");
  return notes;
}

std::string kernel_times_text(const PlaceReport& report) {
  const std::string error = quantity(report.linear_error, Unit::Share);
  if (report.problem.graph.measured) {
    return fmt::format("measured (the linear tier model would miss them by a median {})", error);
  }
  return fmt::format(
      "linear tier model, median error {} against 21,181 kernels measured on DRAM and persistent memory; "
      "unmeasured on other tiers",
      error);
}

Verdict verdict_of(const PlaceReport& report) {
  const PlaceRow* best = nullptr;
  for (const PlaceRow& row : report.rows) {
    const bool scheduled = row.summary.found() && row.summary.replay && row.summary.policy != "all-fast";
    if (scheduled && (best == nullptr || row.summary.ns < best->summary.ns)) best = &row;
  }
  if (best == nullptr) return {};
  std::string text = fmt::format("fastest: {} at {}, {}", best->summary.policy, best->ratio,
                                 quantity(best->summary.ns / 1e9, Unit::Seconds));
  if (best->slowdown > 0.0) text += fmt::format(", {:.3f} times all-fast", best->slowdown);
  return {text};
}

}  // namespace

Document placement_document(const PlaceReport& report, bool timing) {
  const PlacementProblem& problem = report.problem;
  const TrainingGraph& graph = problem.graph;
  Document document{.title = fmt::format("{} in {} (fast) and {} (slow)", graph.name, problem.tiers.fast.name,
                                         problem.tiers.slow.name),
                    .verdict = verdict_of(report)};
  document.data("model", graph.name)
      .data("tiers", problem.tiers.name)
      .fact("kernels", graph.kernels.size())
      .fact("tensors", graph.tensors.size())
      .fact("peak_live_bytes", report.peak_live)
      .fact("kernel_times", graph.measured ? "measured" : "linear tier model", kernel_times_text(report))
      .data("linear_model_median_error", report.linear_error);
  Table table = results_table(timing);
  for (const PlaceRow& row : report.rows) table.rows.push_back(cells_of(row, timing));
  document.add(std::move(table));
  document.notes = remarks(report);
  return document;
}

}  // namespace bandwright
