#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/scale.h"
#include "scaling/fit.h"
#include "scaling/worker_counts.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

struct FitCommandOptions {
  std::string file;
  std::string predict;
  std::string series;
  bool weak = false;
  FitOptions fit;
  OutputOptions output;
};

// A series with what was found out about it.
struct FittedSeries {
  ScalingSeries series;
  FitSummary summary;
  double efficiency_bound = 0.5;

  // Measured speedups are over the measured time of one worker, or the law's where one worker was not
  // measured.
  [[nodiscard]] double one_worker_seconds() const {
    if (series.points[0].workers == 1 || !summary.chosen)
      return series.points[0].seconds * series.points[0].workers;
    return summary.chosen->curve.seconds(1.0);
  }
  [[nodiscard]] double speedup(const ScalingPoint& point) const {
    return one_worker_seconds() / point.seconds;
  }
  [[nodiscard]] bool contains(const std::vector<ScalingPoint>& points, const ScalingPoint& point) const {
    return std::find(points.begin(), points.end(), point) != points.end();
  }
  [[nodiscard]] std::string_view kind(const ScalingPoint& point) const {
    if (contains(summary.left_out, point)) return "left_out";
    return contains(summary.used, point) ? "measured" : "held_out";
  }
};

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
  const FitSummary& summary = fitted.summary;
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

std::string table(const std::vector<FittedSeries>& all) {
  std::string text;
  for (const FittedSeries& fitted : all) {
    if (!text.empty()) text += '\n';
    if (!fitted.series.name.empty()) text += fitted.series.name + '\n';
    text += aligned(points_table(fitted)) + spell_answer(fitted);
    for (const std::string& warning : fitted.summary.warnings) text += "warning: " + warning + '\n';
  }
  return text;
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

std::string csv(const std::vector<FittedSeries>& all) {
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
  return as_csv(table);
}

Json candidate_json(const LawCandidate& candidate) {
  Json json = {{"law", candidate.law->name}};
  if (!candidate.fit) {
    json["refused"] = candidate.refused;
    return json;
  }
  const LawParameters p = candidate.fit->curve.parameters();
  json["parameters"] = {{"t1_seconds", p.t1_seconds}, {"sigma", p.sigma}};
  if (candidate.law->terms > 2) json["parameters"]["kappa"] = p.kappa;
  json["rms"] = candidate.fit->rms;
  json["aicc"] = candidate.fit->aicc ? Json(*candidate.fit->aicc) : Json();
  return json;
}

// Seconds as measured (of a run), and for rates also the rate.
void add_value(Json& json, const ScalingSeries& series, const std::string& key, double n, double seconds) {
  json[key + "seconds"] = series.is_rate ? seconds : series.shown(n, seconds);
  if (series.is_rate) json[key + series.value_name] = series.shown(n, seconds);
}

Json prediction_json(const ScalingSeries& series, const Prediction& prediction) {
  Json json = {{"n", prediction.workers}};
  add_value(json, series, "", prediction.workers, prediction.seconds);
  // Of the seconds.
  const double unit = series.is_rate ? 1.0 : series.shown(prediction.workers, 1.0);
  json["low"] = prediction.range ? Json(prediction.range->low * unit) : Json();
  json["high"] = prediction.range ? Json(prediction.range->high * unit) : Json();
  if (prediction.measured) {
    add_value(json, series, "measured_", prediction.workers, *prediction.measured);
    json["error"] = *prediction.error();
  }
  return json;
}

Json point_json(const FittedSeries& fitted, const ScalingPoint& point) {
  Json json = {{"n", point.workers}};
  add_value(json, fitted.series, "", point.workers, point.seconds);
  const double speedup = fitted.speedup(point);
  json["kind"] = fitted.kind(point);
  json["speedup"] = speedup;
  json["efficiency"] = speedup / point.workers;
  json["karp_flatt"] = point.workers > 1 ? Json(karp_flatt(speedup, point.workers)) : Json();
  if (fitted.summary.chosen)
    add_value(json, fitted.series, "law_", point.workers,
              fitted.summary.chosen->curve.seconds(point.workers));
  return json;
}

Json series_json(const FittedSeries& fitted) {
  const FitSummary& summary = fitted.summary;
  Json json;
  if (!fitted.series.name.empty()) json["series"] = fitted.series.name;
  json["scaling"] = fitted.series.mode == ScalingMode::Weak ? "weak" : "strong";
  json["law"] = summary.chosen ? Json(summary.chosen->curve.law->name) : Json();
  for (const char* list : {"candidates", "points", "held_out", "predictions"}) json[list] = Json::array();
  for (const LawCandidate& candidate : summary.candidates)
    json["candidates"].push_back(candidate_json(candidate));
  for (const ScalingPoint& point : fitted.series.points) json["points"].push_back(point_json(fitted, point));
  for (const Prediction& p : summary.held_out) json["held_out"].push_back(prediction_json(fitted.series, p));
  for (const Prediction& p : summary.predictions)
    json["predictions"].push_back(prediction_json(fitted.series, p));
  json["peak_workers"] = summary.peak ? Json(*summary.peak) : Json();
  json["efficiency_bound"] = fitted.efficiency_bound;
  json["pays_until"] = summary.pays_until ? Json(*summary.pays_until) : Json();
  json["warnings"] = summary.warnings;
  return json;
}

// One series is the answer itself, several are a list.
std::string json(const std::vector<FittedSeries>& all) {
  Json root;
  if (all.size() == 1) {
    root = series_json(all[0]);
  } else {
    for (const FittedSeries& fitted : all) root["series"].push_back(series_json(fitted));
  }
  return root.dump(2) + '\n';
}

std::vector<ScalingSeries> read_series(const FitCommandOptions& options) {
  std::vector<ScalingSeries> all =
      read_scaling_csv(options.file, options.weak ? ScalingMode::Weak : ScalingMode::Strong);
  if (options.series.empty()) return all;
  std::string names;
  for (ScalingSeries& series : all) {
    if (series.name == options.series) return {std::move(series)};
    names += (names.empty() ? "" : ", ") + series.name;
  }
  throw InputError(fmt::format("--series: no '{}' in {}, which has {}", options.series, options.file, names));
}

void run(FitCommandOptions options) {
  if (!options.predict.empty()) {
    options.fit.predict = parse_option("--predict", options.predict, [](std::string_view text) {
      return parse_worker_counts(text, RangeStep::Doubling);
    });
  }
  std::vector<FittedSeries> all;
  for (ScalingSeries& series : read_series(options)) {
    FitSummary summary = fit_scaling(series, options.fit);
    all.push_back({std::move(series), std::move(summary), options.fit.efficiency});
  }
  switch (options.output.format) {
    case OutputFormat::Text:
      write_output(options.output, table(all));
      break;
    case OutputFormat::Csv:
      write_output(options.output, csv(all));
      break;
    case OutputFormat::Json:
      write_output(options.output, json(all));
      break;
  }
  const bool lawless =
      std::any_of(all.begin(), all.end(), [](const FittedSeries& f) { return !f.summary.chosen; });
  if (lawless) throw CLI::RuntimeError(1);
}

}  // namespace

void add_scale_fit(CLI::App& scale) {
  CLI::App* command =
      scale.add_subcommand("fit", "Which law a measured speedup curve follows, and what it predicts");
  const auto options =
      std::make_shared<FitCommandOptions>();  // shared with the callback, which outlives this function
  command->add_option("file", options->file, "CSV with columns n,seconds and perhaps series")
      ->required()
      ->type_name("CSV");
  command->add_option("--predict", options->predict, "worker counts, such as 16,32 or 16..1024");
  command
      ->add_option("--holdout", options->fit.holdout,
                   "keep the K largest worker counts from the fit, and predict them")
      ->type_name("K");
  command->add_option("--efficiency", options->fit.efficiency, "the lowest that pays")
      ->check(number_between(0.001, 1.0));
  command->add_option("--series", options->series, "only this one of the file");
  command->add_flag("--weak", options->weak, "the work grew with the workers");
  add_output_options(*command, options->output);
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
