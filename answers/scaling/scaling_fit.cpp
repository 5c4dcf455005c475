#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "answers/scaling/scaling.h"
#include "report/unit.h"
#include "scaling/laws/laws.h"

namespace bandwright {
namespace {

// Worker counts for drawing the law: every one up to 64, then eight steps to each doubling.
std::vector<int> curve_counts(const FittedSeries& fitted) {
  int largest = fitted.series.points.back().workers;
  for (const Prediction& prediction : fitted.summary.predictions)
    largest = std::max(largest, prediction.workers);
  std::vector<int> counts;
  for (double n = 1; n < largest; n = n < 64 ? n + 1 : n * std::exp2(0.125))
    counts.push_back(static_cast<int>(n));
  counts.push_back(largest);
  return counts;
}

// A row of the table of points, of any kind.
struct PointRow {
  std::string_view kind;
  double workers = 0.0;
  double seconds = 0.0;  // for a unit of work
  std::optional<SecondsRange> range;
  double speedup = 0.0;
  std::optional<double> measured;  // seconds, beside what a law says
};

Table points_table(std::string_view key) {
  Table table = Table::of(key);
  for (const char* name : {"series", "kind", "law", "workers", "value_name", "shown", "low", "high",
                           "run_time_s", "speedup", "efficiency", "karp_flatt", "law_value", "error"}) {
    table.column(name);
  }
  return table;
}

void add_row(const FittedSeries& fitted, const PointRow& row, Table& table) {
  const ScalingSeries& series = fitted.series;
  const std::optional<LawFit>& law = fitted.summary.chosen;
  const double n = row.workers;
  const auto shown = [&](double seconds) { return series.shown(n, seconds); };
  const auto whole = static_cast<std::int64_t>(n);
  std::optional<double> low;
  std::optional<double> high;
  if (row.range) {
    low = shown(series.is_rate ? row.range->high : row.range->low);
    high = shown(series.is_rate ? row.range->low : row.range->high);
  }
  const bool is_point = row.kind == "measured" || row.kind == "left_out" || row.kind == "held_out";
  Value law_value;
  Value error;
  if (law && is_point) {
    const double value = shown(law->curve.seconds(n));
    law_value = value;
    error = value / shown(row.seconds) - 1.0;
  }
  table.rows.push_back({series.name, row.kind, law ? Value(law->curve.law->name) : Value(), whole,
                        series.value_name, shown(row.seconds), low, high,
                        series.is_rate ? row.seconds : shown(row.seconds), row.speedup, row.speedup / n,
                        is_point && whole > 1 ? Value(karp_flatt(row.speedup, n)) : Value(), law_value,
                        error});
}

// Everything programs may want, of all series.
void add_rows(const FittedSeries& fitted, Table& table) {
  for (const ScalingPoint& point : fitted.series.points) {
    add_row(fitted,
            {fitted.kind(point), static_cast<double>(point.workers), point.seconds, std::nullopt,
             fitted.speedup(point), std::nullopt},
            table);
  }
  if (!fitted.summary.chosen) return;
  const LawFit& fit = *fitted.summary.chosen;
  const auto add_law = [&](std::string_view kind, int n) {
    add_row(fitted,
            {kind, static_cast<double>(n), fit.curve.seconds(n), prediction_range(fit, n),
             fit.curve.speedup(n), std::nullopt},
            table);
  };
  for (const Prediction& prediction : fitted.summary.predictions) add_law("predicted", prediction.workers);
  for (const int n : curve_counts(fitted)) add_law("law", n);
  if (fitted.summary.pays_until) add_law("pays_until", *fitted.summary.pays_until);
}

// The measured points for people.
Table shown_points(const FittedSeries& fitted) {
  Table table = Table::of("", fitted.series.name);
  table.column("workers").column("shown", fitted.series.value_name).column("speedup").column("efficiency");
  table.column("karp_flatt").column("law_value").column("error", "law error").column("kind", " ");
  const std::optional<LawFit>& law = fitted.summary.chosen;
  for (const ScalingPoint& point : fitted.series.points) {
    const double n = point.workers;
    const double value = fitted.series.shown(n, point.seconds);
    const double speedup = fitted.speedup(point);
    Value of_law;
    Value error;
    if (law) {
      const double shown = fitted.series.shown(n, law->curve.seconds(n));
      of_law = shown;
      error = shown / value - 1.0;
    }
    const std::string_view kind = fitted.kind(point);
    table.rows.push_back({point.workers, value, speedup, speedup / n,
                          point.workers > 1 ? Value(karp_flatt(speedup, n)) : Value(), of_law, error,
                          kind == "measured"   ? ""
                          : kind == "left_out" ? "left out"
                                               : "held out"});
  }
  return table;
}

std::string spell_candidate(const LawCandidate& candidate) {
  if (!candidate.fit) return fmt::format("refused: {}", candidate.refused);
  const LawFit& fit = *candidate.fit;
  const LawParameters p = fit.curve.parameters();
  std::string text = fmt::format("T1 {}, serial part {:.4g}", quantity(p.t1_seconds, Unit::Seconds), p.sigma);
  if (fit.curve.law->terms > 2) text += fmt::format(", kappa {:.4g}", p.kappa);
  return text + fmt::format("; {:.2f} % RMS, AICc {}", 100 * fit.rms,
                            fit.aicc ? fmt::format("{:.1f}", *fit.aicc) : "none (too few points)");
}

std::string spell_prediction(const FittedSeries& fitted, const Prediction& prediction) {
  const ScalingSeries& series = fitted.series;
  const auto shown = [&](double seconds) { return significant(series.shown(prediction.workers, seconds)); };
  std::string text =
      fmt::format("{} {}", shown(prediction.seconds), series.is_rate ? series.value_name : "s");
  if (prediction.range) {
    text += fmt::format(" (95 %: {} to {})",
                        shown(series.is_rate ? prediction.range->high : prediction.range->low),
                        shown(series.is_rate ? prediction.range->low : prediction.range->high));
  }
  if (prediction.measured) {
    // The sign is that of the quantity shown.
    const double ratio = series.shown(prediction.workers, prediction.seconds) /
                         series.shown(prediction.workers, *prediction.measured);
    text += fmt::format(", measured {}: {:+.1f} %", shown(*prediction.measured), 100 * (ratio - 1));
  }
  return text;
}

std::string workers_text(int workers) { return fmt::format("{} workers", workers); }

// What was found out, for people.
Facts shown_answer(const FittedSeries& fitted) {
  const ScalingFit& summary = fitted.summary;
  Facts facts;
  if (!summary.chosen) return facts.line("law", "none"), facts;
  facts.line("law", fmt::format("{} ({})", summary.chosen->curve.law->name, summary.chosen->curve.law->help));
  for (const LawCandidate& candidate : summary.candidates) {
    facts.line(fmt::format("  {}", candidate.law->name), spell_candidate(candidate));
  }
  if (!summary.held_out.empty()) facts.line("held out", "predicted from the others");
  for (const Prediction& each : summary.held_out)
    facts.line("  " + workers_text(each.workers), spell_prediction(fitted, each));
  if (!summary.predictions.empty()) facts.line("predicted", "by the law");
  for (const Prediction& each : summary.predictions)
    facts.line("  " + workers_text(each.workers), spell_prediction(fitted, each));
  if (summary.peak) facts.line("fastest at", fmt::format("{:.1f} workers", *summary.peak));
  facts.line("pays until",
             (summary.pays_until ? workers_text(*summary.pays_until)
                                 : std::string("nothing in these points says where it stops paying")) +
                 fmt::format(" (efficiency at least {:.0f} %)", 100 * fitted.efficiency_bound));
  return facts;
}

std::vector<Value> law_row(const FittedSeries& fitted, const LawCandidate& candidate) {
  std::vector<Value> row = {fitted.series.name, candidate.law->name};
  if (!candidate.fit) {
    row.resize(7);
    row.emplace_back(candidate.refused);
    return row;
  }
  const LawParameters p = candidate.fit->curve.parameters();
  row.insert(row.end(), {p.t1_seconds, p.sigma, candidate.law->terms > 2 ? Value(p.kappa) : Value(),
                         candidate.fit->rms, candidate.fit->aicc, Value()});
  return row;
}

}  // namespace

double FittedSeries::one_worker_seconds() const {
  if (series.points[0].workers == 1 || !summary.chosen) {
    return series.points[0].seconds * series.points[0].workers;
  }
  return summary.chosen->curve.seconds(1.0);
}

double FittedSeries::speedup(const ScalingPoint& point) const { return one_worker_seconds() / point.seconds; }

std::string_view FittedSeries::kind(const ScalingPoint& point) const {
  const auto in = [&](const std::vector<ScalingPoint>& points) {
    return std::find(points.begin(), points.end(), point) != points.end();
  };
  if (in(summary.left_out)) return "left_out";
  return in(summary.used) ? "measured" : "held_out";
}

Document fit_document(const std::vector<FittedSeries>& all) {
  Document document;
  Table points = points_table("points");
  points.main = true;
  points.shown = Shown::ToPrograms;
  Table laws = Table::of("laws");
  for (const char* key : {"series", "law", "t1_s", "sigma", "kappa", "rms", "aicc", "refused"})
    laws.column(key);
  laws.shown = Shown::ToPrograms;
  Table series = Table::of("curves");
  for (const char* key : {"series", "scaling", "law", "peak_workers", "efficiency_bound", "pays_until"})
    series.column(key);
  series.shown = Shown::ToPrograms;
  std::vector<std::string> warnings;
  for (const FittedSeries& fitted : all) {
    const ScalingFit& summary = fitted.summary;
    document.add(shown_points(fitted)).add(shown_answer(fitted));
    add_rows(fitted, points);
    for (const LawCandidate& candidate : summary.candidates) laws.rows.push_back(law_row(fitted, candidate));
    series.rows.push_back({fitted.series.name, fitted.series.mode == ScalingMode::Weak ? "weak" : "strong",
                           summary.chosen ? Value(summary.chosen->curve.law->name) : Value(), summary.peak,
                           fitted.efficiency_bound, summary.pays_until});
    for (const std::string& warning : summary.warnings) {
      warnings.push_back(fitted.series.name.empty() ? warning : fitted.series.name + ": " + warning);
    }
  }
  document.add(std::move(series)).add(std::move(laws)).add(std::move(points));
  document.add(List::of("warnings", warnings.empty() ? "" : "warnings", warnings));
  return document;
}

}  // namespace bandwright
