#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/scale_fit.h"

namespace bandwright {
namespace {

std::string spell_parameters(const LawFit& fit) {
  const LawParameters p = fit.curve.parameters();
  std::string text = fmt::format("T1 {:.5g} s, serial part {:.4g}", p.t1_seconds, p.sigma);
  if (fit.curve.law->terms > 2) text += fmt::format(", kappa {:.4g}", p.kappa);
  return text;
}

std::string spell_candidate(const LawCandidate& candidate) {
  if (!candidate.fit) return fmt::format("  {:9}  refused: {}\n", candidate.law->name, candidate.refused);
  const LawFit& fit = *candidate.fit;
  return fmt::format("  {:9}  {}; {:.2f} % RMS, AICc {}\n", candidate.law->name, spell_parameters(fit),
                     100 * fit.rms, fit.aicc ? fmt::format("{:.1f}", *fit.aicc) : "none (too few points)");
}

std::string spell_prediction(const FittedSeries& fitted, const Prediction& prediction) {
  const ScalingSeries& series = fitted.series;
  const auto shown = [&](double seconds) {
    return fmt::format("{:.4g}", series.shown(prediction.workers, seconds));
  };
  std::string text = fmt::format("  {} workers: {} {}", prediction.workers, shown(prediction.seconds),
                                 series.is_rate ? series.value_name : "s");
  if (prediction.range) {
    const std::string a = shown(series.is_rate ? prediction.range->high : prediction.range->low);
    const std::string b = shown(series.is_rate ? prediction.range->low : prediction.range->high);
    text += fmt::format(" (95 %: {} to {})", a, b);
  }
  if (prediction.measured) {
    // The sign is that of the quantity shown.
    const double ratio = series.shown(prediction.workers, prediction.seconds) /
                         series.shown(prediction.workers, *prediction.measured);
    text += fmt::format(", measured {}: {:+.1f} %", shown(*prediction.measured), 100 * (ratio - 1));
  }
  return text + '\n';
}

TextTable points_table(const FittedSeries& fitted) {
  const ScalingSeries& series = fitted.series;
  TextTable table{.headings = {"workers", series.value_name, "speedup", "efficiency", "Karp-Flatt", "law",
                               "law error", ""}};
  for (const ScalingPoint& point : series.points) {
    const double n = point.workers;
    const double speedup = fitted.speedup(point);
    std::vector<std::string> row = {
        fmt::format("{}", point.workers), fmt::format("{:.5g}", series.shown(n, point.seconds)),
        fmt::format("{:.2f}", speedup), fmt::format("{:.1f} %", 100 * speedup / n),
        point.workers > 1 ? fmt::format("{:.4f}", karp_flatt(speedup, n)) : "-"};
    if (fitted.summary.chosen) {
      const double law = series.shown(n, fitted.summary.chosen->curve.seconds(n));
      row.push_back(fmt::format("{:.5g}", law));
      row.push_back(fmt::format("{:+.1f} %", 100 * (law / series.shown(n, point.seconds) - 1)));
    } else {
      row.insert(row.end(), {"-", "-"});
    }
    const std::string_view kind = fitted.kind(point);
    row.emplace_back(kind == "measured" ? "" : kind == "left_out" ? "left out" : "held out");
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string spell_answer(const FittedSeries& fitted) {
  const ScalingFit& summary = fitted.summary;
  if (!summary.chosen) return "No law.\n";
  std::string text =
      fmt::format("Law: {} ({}).\n", summary.chosen->curve.law->name, summary.chosen->curve.law->help);
  for (const LawCandidate& candidate : summary.candidates) text += spell_candidate(candidate);
  if (!summary.held_out.empty()) text += "Held out:\n";
  for (const Prediction& prediction : summary.held_out) text += spell_prediction(fitted, prediction);
  if (!summary.predictions.empty()) text += "Predicted:\n";
  for (const Prediction& prediction : summary.predictions) text += spell_prediction(fitted, prediction);
  if (summary.peak) text += fmt::format("Fastest at {:.1f} workers.\n", *summary.peak);
  text += summary.pays_until ? fmt::format("Pays until {} workers", *summary.pays_until)
                             : std::string("Nothing in these points says where it stops paying");
  return text + fmt::format(" (efficiency at least {:.0f} %).\n", 100 * fitted.efficiency_bound);
}

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

std::string fit_text(const std::vector<FittedSeries>& all) {
  std::string text;
  for (const FittedSeries& fitted : all) {
    if (!text.empty()) text += '\n';
    if (!fitted.series.name.empty()) text += fitted.series.name + '\n';
    text += aligned(points_table(fitted)) + spell_answer(fitted);
    for (const std::string& warning : fitted.summary.warnings) text += "warning: " + warning + '\n';
  }
  return text;
}

TextTable fit_csv(const std::vector<FittedSeries>& all) {
  TextTable table{
      .headings = {"series", "kind", "law", "n", "unit", "value", "low", "high", "speedup", "efficiency"}};
  for (const FittedSeries& fitted : all) {
    const ScalingSeries& series = fitted.series;
    const std::string law(fitted.summary.chosen ? fitted.summary.chosen->curve.law->name : "");
    const auto add = [&](std::string_view kind, double n, double seconds, std::optional<SecondsRange> range,
                         double speedup) {
      std::string low;
      std::string high;
      if (range) {
        low = fmt::format("{}", series.shown(n, series.is_rate ? range->high : range->low));
        high = fmt::format("{}", series.shown(n, series.is_rate ? range->low : range->high));
      }
      table.rows.push_back({series.name, std::string(kind), law, fmt::format("{:.0f}", n), series.value_name,
                            fmt::format("{}", series.shown(n, seconds)), low, high,
                            fmt::format("{}", speedup), fmt::format("{}", speedup / n)});
    };
    for (const ScalingPoint& point : series.points) {
      add(fitted.kind(point), point.workers, point.seconds, std::nullopt, fitted.speedup(point));
    }
    if (!fitted.summary.chosen) continue;
    const LawFit& fit = *fitted.summary.chosen;
    const auto add_law = [&](std::string_view kind, int n) {
      add(kind, n, fit.curve.seconds(n), prediction_range(fit, n), fit.curve.speedup(n));
    };
    for (const Prediction& prediction : fitted.summary.predictions) add_law("predicted", prediction.workers);
    for (const int n : curve_counts(fitted)) add_law("law", n);
    if (fitted.summary.pays_until) add_law("pays_until", *fitted.summary.pays_until);
  }
  return table;
}

}  // namespace bandwright
