#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/place.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

bool solved(const PlaceRow& row) { return row.summary.found(); }
double ms(double ns) { return ns * 1e-6; }

Json milliseconds(double ns) { return std::isfinite(ns) ? Json(ms(ns)) : Json(nullptr); }

double linear_error_percent(const PlaceReport& report) { return report.linear_error * 100.0; }

std::string model_line(const PlaceReport& report) {
  if (report.problem.graph.measured) {
    return fmt::format(
        "kernel times: measured (the linear tier model would miss them by a median {:.1f} %)\n",
        linear_error_percent(report));
  }
  return fmt::format(
      "kernel times: linear tier model, median error {:.1f} % against 21,181 kernels measured on DRAM and\n"
      "persistent memory; unmeasured on other tiers\n",
      linear_error_percent(report));
}

Json row_json(const PlaceRow& row) {
  const PlacementSummary& summary = row.summary;
  Json json;
  json["policy"] = summary.policy;
  json["ratio"] = row.ratio;
  json["time_ms"] = milliseconds(summary.ns);
  json["slowdown"] = solved(row) && row.slowdown > 0.0 ? Json(row.slowdown) : Json(nullptr);
  json["bytes_to_slow"] = summary.to_slow.value();
  json["bytes_to_fast"] = summary.to_fast.value();
  json["peak_fast_bytes"] = summary.peak_fast.value();
  json["peak_slow_bytes"] = summary.replay ? Json(summary.replay->peak_slow.value()) : Json(nullptr);
  json["gap"] = solved(row) ? Json(summary.gap()) : Json(nullptr);
  json["placed_time_ms"] = summary.placed ? Json(to_ms(summary.placed->replay.total)) : Json(nullptr);
  json["status"] = status_name(summary.status);
  if (!summary.reason.empty()) json["reason"] = summary.reason;
  if (summary.policy == "cache") json["model"] = "idealised";
  json["fast_limit_bytes"] = row.fast_limit.value();
  json["memory_cost_usd"] = row.memory_cost.value();
  json["relative_memory_cost"] = row.relative_cost > 0.0 ? Json(row.relative_cost) : Json(nullptr);
  json["pareto"] = row.pareto;
  if (summary.replay) {
    json["replay"] = {{"time_ms", to_ms(summary.replay->total)},
                      {"kernels_ms", to_ms(summary.replay->kernels)},
                      {"copy_stall_ms", to_ms(summary.replay->copy_stall)},
                      {"overlap_stall_ms", to_ms(summary.replay->overlap_stall)},
                      {"fault", summary.replay->fault.empty() ? Json(nullptr) : Json(summary.replay->fault)}};
  }
  if (summary.binaries > 0) {
    json["program"] = {
        {"binaries", summary.binaries}, {"rows", summary.rows}, {"solve_seconds", summary.seconds}};
    if (summary.window > 0) json["program"]["window"] = summary.window;
    if (summary.placed) json["program"]["tightened"] = summary.placed->rounds;
  }
  return json;
}

std::string number(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "";
}

std::vector<std::string> text_row(const PlaceRow& row) {
  const PlacementSummary& s = row.summary;
  if (!solved(row))
    return {std::string(s.policy),
            row.ratio,
            format_bytes(row.fast_limit),
            "none",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            ""};
  return {std::string(s.policy),
          row.ratio,
          format_bytes(row.fast_limit),
          number(ms(s.ns), 1),
          row.slowdown > 0.0 ? number(row.slowdown, 3) : "",
          s.placed ? number(to_ms(s.placed->replay.total), 1) : "",
          format_bytes(s.to_slow),
          format_bytes(s.to_fast),
          format_bytes(s.peak_fast),
          fmt::format("{:.2g}%", 100.0 * s.gap()),
          row.relative_cost > 0.0 ? number(row.relative_cost, 3) : "",
          row.pareto ? "*" : ""};
}

std::string remarks(const PlaceReport& report) {
  std::string text;
  for (const PlaceRow& row : report.rows) {
    const PlacementSummary& s = row.summary;
    if (!s.reason.empty()) text += fmt::format("{} at {}: {}\n", s.policy, row.ratio, s.reason);
    if (s.found() && s.status == PlacementStatus::TimeLimit) {
      text += fmt::format("{} at {}: stopped by the time limit; within {:.2g} % of the best possible\n",
                          s.policy, row.ratio, 100.0 * s.gap());
    }
    if (s.found() && s.status == PlacementStatus::Interrupted) {
      text += fmt::format("{} at {}: interrupted; within {:.2g} % of the best possible\n", s.policy,
                          row.ratio, 100.0 * s.gap());
    }
    if (s.replay && !s.replay->fault.empty()) {
      text += fmt::format("{} at {}: the replay fails: {}\n", s.policy, row.ratio, s.replay->fault);
    }
    if (s.policy == "cache" && text.find("idealised") == std::string::npos) {
      text += "cache: an idealised model; real caches in hardware are slower\n";
    }
  }
  return text;
}

}  // namespace

std::string place_text(const PlaceReport& report) {
  const PlacementProblem& problem = report.problem;
  TextTable table{{"policy", "slow:fast", "fast limit", "time ms", "slowdown", "placed ms", "to slow",
                   "to fast", "peak fast", "gap", "cost", "front"},
                  {}};
  for (const PlaceRow& row : report.rows) table.rows.push_back(text_row(row));
  return fmt::format(
      "{}: {} kernels, {} tensors, at most {} alive; {} (fast) and {} (slow)\n{}\n{}\n"
      "time: the policy's own; placed: after address assignment; slowdown and cost: against all-fast;\n"
      "front: no other line is both cheaper and faster\n{}",
      problem.graph.name, problem.graph.kernels.size(), problem.graph.tensors.size(),
      format_bytes(report.peak_live), problem.tiers.fast.name, problem.tiers.slow.name, model_line(report),
      aligned(table, 2), remarks(report));
}

std::string place_json(const PlaceReport& report) {
  const TrainingGraph& graph = report.problem.graph;
  Json root;
  root["schema_version"] = 1;
  root["graph"] = {{"name", graph.name},
                   {"kernels", graph.kernels.size()},
                   {"tensors", graph.tensors.size()},
                   {"peak_live_bytes", report.peak_live.value()}};
  root["tiers"] = report.problem.tiers.name;
  root["kernel_times"] = graph.measured ? "measured" : "linear tier model";
  root["linear_model_median_error"] = report.linear_error;
  root["results"] = Json::array();
  for (const PlaceRow& row : report.rows) root["results"].push_back(row_json(row));
  return root.dump(2) + '\n';
}

TextTable place_csv(const PlaceReport& report) {
  TextTable table{{"policy", "ratio", "fast_limit_bytes", "time_ms", "slowdown", "placed_time_ms",
                   "bytes_to_slow", "bytes_to_fast", "peak_fast_bytes", "gap", "memory_cost_usd",
                   "relative_memory_cost", "pareto", "status", "fast_access_share"},
                  {}};
  for (const PlaceRow& row : report.rows) {
    const PlacementSummary& s = row.summary;
    table.rows.push_back(
        {std::string(s.policy), row.ratio, std::to_string(row.fast_limit.value()), number(ms(s.ns), 6),
         solved(row) && row.slowdown > 0.0 ? number(row.slowdown, 6) : "",
         s.placed ? number(to_ms(s.placed->replay.total), 6) : "", std::to_string(s.to_slow.value()),
         std::to_string(s.to_fast.value()), std::to_string(s.peak_fast.value()),
         solved(row) ? fmt::format("{:.6g}", s.gap()) : "", number(row.memory_cost.value(), 6),
         number(row.relative_cost, 6), row.pareto ? "1" : "0", std::string(status_name(s.status)),
         s.replay ? number(s.replay->fast_share, 6) : ""});
  }
  return table;
}

}  // namespace bandwright
