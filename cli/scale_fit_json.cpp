#include <nlohmann/json.hpp>

#include "cli/scale_fit.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

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
  const ScalingFit& summary = fitted.summary;
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

}  // namespace

std::string fit_json(const std::vector<FittedSeries>& all) {
  Json root;
  if (all.size() == 1) {
    root = series_json(all[0]);
  } else {
    for (const FittedSeries& fitted : all) root["series"].push_back(series_json(fitted));
  }
  return root.dump(2) + '\n';
}

}  // namespace bandwright
