#include "answers/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/io/csv.h"
#include "report/unit.h"
#include "validation/fit.h"

namespace bandwright {
namespace {

constexpr int fit_evaluations = 1500;  // per stage

constexpr std::size_t worst_shown = 10;

// One of the rows that are furthest off.
struct WorstRow {
  const ScoredSet* scored = nullptr;
  std::size_t row = 0;

  [[nodiscard]] const Measurement& measurement() const { return scored->set->rows[row]; }
  [[nodiscard]] double error() const { return scored->errors[row]; }
  [[nodiscard]] double predicted() const { return measurement().measured * (1.0 + error()); }
  [[nodiscard]] std::string why(const Calibration& calibration) const {
    return explain(*scored->set, scored->errors, row, calibration);
  }
};

std::vector<WorstRow> worst_rows(const ValidationAnswer& answer) {
  std::vector<WorstRow> rows;
  for (const ScoredSet& each : answer.scored) {
    for (std::size_t r = 0; r < each.errors.size(); ++r) rows.push_back({&each, r});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const WorstRow& a, const WorstRow& b) {
    return std::abs(a.error()) > std::abs(b.error());
  });
  rows.resize(std::min(rows.size(), worst_shown));
  return rows;
}

Table sets_table(const ValidationAnswer& answer) {
  Table table = Table::of("sets");
  table.main = true;
  for (const char* key : {"name", "what", "rows", "not_run", "mape_percent", "bias_percent", "median_percent",
                          "worst_percent", "target_percent"}) {
    table.column(key);
  }
  table.column("metric", "", Shown::ToPrograms).column("too_large", "", Shown::ToPrograms);
  table.column("too_large_unstated", "", Shown::ToPrograms);
  for (const ScoredSet& each : answer.scored) {
    const auto& rows = each.set->rows;
    const auto too_large =
        std::count_if(rows.begin(), rows.end(), [](auto& row) { return row.filled > 1.0; });
    const auto unstated = std::count_if(rows.begin(), rows.end(),
                                        [](auto& row) { return row.filled > 1.0 && row.memory_unstated; });
    const ErrorSummary summary = summarize(each.errors);
    const auto known = [&](double percent) { return each.errors.empty() ? Value() : Value(percent); };
    table.rows.push_back({each.set->name, measured_name(each.set->what), each.errors.size(),
                          each.set->not_run.size(), known(summary.mape_percent), known(summary.bias_percent),
                          known(summary.median_percent), known(summary.worst_percent),
                          each.set->target_percent, each.set->metric, too_large, unstated});
  }
  return table;
}

Verdict verdict_of(const ValidationAnswer& answer) {
  std::size_t met = 0;
  std::size_t all = 0;
  double least = 0.0;
  double most = 0.0;
  for (const ScoredSet& each : answer.scored) {
    if (each.errors.empty()) continue;
    const double mean = summarize(each.errors).mape_percent;
    if (mean <= each.set->target_percent) ++met;
    least = all == 0 ? mean : std::min(least, mean);
    most = std::max(most, mean);
    ++all;
  }
  if (all == 0) return {"no row could be run"};
  return {fmt::format("mean errors of {:.1f} to {:.1f} % per set; {} of {} sets within their target", least,
                      most, met, all),
          met == all ? Verdict::Mood::Good : Verdict::Mood::Plain};
}

// The rows that were not run, a reason in common said once: "12 rows: reason (file.csv:3, file.csv:8, ...)".
std::vector<std::string> not_run_lines(const ValidationAnswer& answer) {
  constexpr std::size_t named = 3;
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
  for (const ScoredSet& each : answer.scored) {
    for (const NotRun& row : each.set->not_run) {
      auto known = std::find_if(reasons.begin(), reasons.end(),
                                [&](const auto& reason) { return reason.first == row.reason; });
      if (known == reasons.end()) known = reasons.insert(known, {row.reason, {}});
      known->second.push_back(row.row);
    }
  }
  std::vector<std::string> lines;
  for (auto& [reason, rows] : reasons) {
    const std::size_t all = rows.size();
    rows.resize(std::min(all, named));
    lines.push_back(fmt::format("{} row{}: {} ({}{})", all, all == 1 ? "" : "s", reason,
                                fmt::join(rows, ", "), all > named ? ", ..." : ""));
  }
  return lines;
}

Table not_run_table(const ValidationAnswer& answer) {
  Table table = Table::of("not_run");
  table.shown = Shown::ToPrograms;
  table.column("set").column("what").column("row").column("reason");
  for (const ScoredSet& each : answer.scored) {
    for (const NotRun& row : each.set->not_run) {
      table.rows.push_back({each.set->name, measured_name(each.set->what), row.row, row.reason});
    }
  }
  return table;
}

}  // namespace

Table constants_table(const Calibration& calibration) {
  Table table = Table::of("", "Fitted constants, and what they were fitted on");
  table.column("kind").column("constants").column("source", "fitted on");
  for (const auto& [name, npu] : calibration.npus) {
    table.rows.push_back(
        {name,
         fmt::format(
             "matrix units {:.2f}, memory {:.2f}, kernel {:.1f} us, slice {:.0f} ns, sustained {:.2f}, "
             "host {:.0f} us",
             npu.gemm_efficiency, npu.memory_efficiency, npu.kernel_overhead_us, npu.slice_ns, npu.sustained,
             npu.host_us),
         npu.source});
  }
  for (const auto& [name, fabric] : calibration.fabrics) {
    table.rows.push_back({name,
                          fmt::format("links {:.2f}, call {:.0f} us, step {:.1f} us", fabric.efficiency,
                                      fabric.latency_us, fabric.step_us),
                          fabric.source});
  }
  return table;
}

Document validation_document(const ValidationAnswer& answer) {
  Document document{.title = fmt::format("Predictions against measurements, constants: {}", answer.constants),
                    .verdict = verdict_of(answer)};
  document.data("constants", answer.constants);
  document.add(sets_table(answer));
  Table worst = Table::of("worst_rows");
  for (const char* key : {"set", "row", "metric", "measured", "predicted", "error", "why"}) worst.column(key);
  worst.shown = Shown::ToPrograms;
  List sentences = List::of("", "the worst rows, and why", {});
  for (const WorstRow& row : worst_rows(answer)) {
    const std::string why = row.why(answer.calibration);
    const Measurement& measurement = row.measurement();
    const std::string& metric = row.scored->set->metric;
    worst.rows.push_back({row.scored->set->name, measurement.label, metric, measurement.measured,
                          row.predicted(), row.error(), why});
    sentences.items.push_back(fmt::format(
        "{}: {}: measured {}, predicted {} {} ({:+.0f} %): {}", row.scored->set->name, measurement.label,
        significant(measurement.measured), significant(row.predicted()), metric, 100.0 * row.error(), why));
  }
  document.add(std::move(sentences)).add(std::move(worst));
  document.add(List::of("", "not run", not_run_lines(answer))).add(not_run_table(answer));
  return document;
}

Chart accuracy_chart(const ValidationAnswer& answer) {
  Chart chart{.name = "accuracy",
              .caption = "predicted against measured, in each set's unit",
              .x = {"measured", true},
              .y = {"predicted", true},
              .panels = {}};
  for (const ScoredSet& each : answer.scored) {
    Chart::Series rows{.name = "a measured run", .x = {}, .y = {}, .mark = Chart::Mark::Dots};
    for (std::size_t r = 0; r < each.errors.size(); ++r) {
      const double measured = each.set->rows[r].measured;
      const double predicted = measured * (1.0 + each.errors[r]);
      if (measured <= 0.0 || predicted <= 0.0) continue;
      rows.x.push_back(measured);
      rows.y.push_back(predicted);
    }
    if (rows.x.empty()) continue;
    const auto [low, high] = std::minmax_element(rows.x.begin(), rows.x.end());
    const Chart::Series perfect{.name = "no error", .x = {*low, *high}, .y = {*low, *high}};
    chart.panels.push_back({fmt::format("{}, {}", each.set->name, each.set->metric), {rows, perfect}});
  }
  return chart;
}

Document validation_rows(const ValidationAnswer& answer) {
  Document document{.title = "Every row with its prediction"};
  Table table = Table::of("rows");
  table.main = true;
  for (const char* key :
       {"set", "row", "metric", "measured", "predicted", "error", "target_error", "memory_filled"}) {
    table.column(key);
  }
  for (const ScoredSet& each : answer.scored) {
    for (std::size_t r = 0; r < each.errors.size(); ++r) {
      const Measurement& row = each.set->rows[r];
      table.rows.push_back(
          {each.set->name, row.label, each.set->metric, row.measured, row.measured * (1.0 + each.errors[r]),
           each.errors[r], each.set->target_percent / 100.0, row.filled > 0.0 ? Value(row.filled) : Value()});
    }
  }
  document.add(std::move(table));
  return document;
}

std::string step_errors(const ValidationAnswer& answer) {
  const auto yes = [](bool value) { return std::string(value ? "yes" : "no"); };
  std::string text =
      "run,configuration,npu,experts,parameters,npus,tokens_per_npu,tensor,pipeline,weights_divided,"
      "precision,error\n";
  for (const ScoredSet& each : answer.scored) {
    if (each.set->name == "megatron_lm_golden" || each.set->name == "training_steps" ||
        each.set->name == "published_runs") {
      continue;
    }
    // Where a rate was measured, the time is off the other way.
    const bool time = each.set->metric == "s" || each.set->metric == "ms";
    for (std::size_t r = 0; r < each.errors.size(); ++r) {
      const Measurement& row = each.set->rows[r];
      if (!row.kind) continue;
      const StepKind& kind = *row.kind;
      const double error = (time ? 1.0 : -1.0) * std::log1p(each.errors[r]);
      append_csv_row(
          text, std::vector<std::string>{
                    fmt::format("{}: {}", each.set->name, row.label), row.configuration,
                    std::string(kind.npu), yes(kind.experts), fmt::format("{:.4g}", kind.parameters),
                    fmt::to_string(kind.npus), fmt::format("{:.6g}", kind.tokens_per_npu), yes(kind.tensor),
                    yes(kind.pipeline), yes(kind.weights_divided),
                    std::string(precision_name(kind.precision)), fmt::format("{:.4f}", error)});
    }
  }
  return text;
}

ValidationAnswer score(const Constants& constants, std::vector<DataSet>& sets) {
  ValidationAnswer result{.calibration = shipped_calibration(), .constants = "shipped"};
  if (constants.split) {
    Halves halves = fit_half(sets, result.calibration, *constants.split, fit_evaluations);
    sets = std::move(halves.held);
    result.calibration = std::move(halves.calibration);
    result.constants = fmt::format("fitted on the other half of each set's rows, seed {}", *constants.split);
  } else if (constants.without_each_row || constants.on_all_rows) {
    result.calibration = fit(sets, result.calibration, fit_evaluations);
    result.constants = constants.without_each_row ? "fitted without each row" : "fitted on these rows";
  }
  for (std::size_t s = 0; s < sets.size(); ++s) {
    ScoredSet& each = result.scored.emplace_back(ScoredSet{.set = &sets[s]});
    if (constants.without_each_row) {
      each.errors = leave_one_out(sets, s, result.calibration);
      continue;
    }
    for (const Measurement& row : sets[s].rows) {
      each.errors.push_back(relative_error(row, result.calibration));
    }
  }
  return result;
}

Document validation_page(const ValidationAnswer& answer) {
  Document answer_page = validation_document(answer);
  answer_page.add(accuracy_chart(answer)).add(constants_table(answer.calibration));
  return answer_page;
}

}  // namespace bandwright
