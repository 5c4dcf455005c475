#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/scale_simulate.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

std::string spell_model(const SimulatedCurve& answer) {
  const bool strong = answer.options.mode == ScalingMode::Strong;
  std::string text = fmt::format("{} on {}, {} scaling", answer.workload.name, answer.machine.name,
                                 strong ? "strong" : "weak");
  if (strong)
    text += fmt::format(" of {} {} a step", answer.options.global_batch, answer.workload.batch_item);
  if (!answer.remark.empty()) text += "; " + answer.remark;
  if (!answer.image_model) return text + '\n';
  const ImageModel& model = *answer.image_model;
  return text + fmt::format("\n{} parameters, {} bytes of gradients, {:.2f} GFLOP per image\n",
                            model.parameters(), model.gradients().value(),
                            static_cast<double>(model.flops_per_image()) * 1e-9);
}

std::string spell_bound(const SimulatedCurve& answer) {
  const double percent = 100 * answer.options.efficiency;
  const std::string base = answer.curve.baseline == 1
                               ? std::string()
                               : fmt::format(" of the rate per worker at {}", answer.curve.baseline);
  if (answer.curve.under_bound_at) {
    return fmt::format("Efficiency is under {:.0f} %{} at {} workers.\n", percent, base,
                       *answer.curve.under_bound_at);
  }
  if (answer.curve.searched_to == 0) return "";  // no point can be played
  return fmt::format("Efficiency stays at {:.0f} % or more{} up to {} workers.\n", percent, base,
                     answer.curve.searched_to);
}

std::string gigabytes(const std::optional<double>& bytes) {
  return bytes ? fmt::format("{:.2f} GB", *bytes * 1e-9) : "-";
}

// A column of the text: what it says of a point. Columns that say nothing of any point are left out.
struct CurveColumn {
  std::string heading;
  std::string (*cell)(const CurvePoint& point);
};

std::vector<CurveColumn> curve_columns(const CurveWorkload& workload) {
  return {
      {"workers", [](const CurvePoint& p) { return fmt::format("{}", p.workers); }},
      {"divided into", [](const CurvePoint& p) { return p.step.division; }},
      {"batch", [](const CurvePoint& p) { return p.step.batch > 0 ? fmt::format("{}", p.step.batch) : ""; }},
      {"step s",
       [](const CurvePoint& p) -> std::string {
         if (p.played()) return fmt::format("{:.4g}", p.step.seconds);
         return p.fits ? "impossible" : "does not fit";
       }},
      {workload.item + "/s",
       [](const CurvePoint& p) { return p.played() ? fmt::format("{:.4g}", p.items_per_second) : ""; }},
      {"efficiency",
       [](const CurvePoint& p) { return p.played() ? fmt::format("{:.1f} %", 100 * p.efficiency) : ""; }},
      {"exposed comm.",
       [](const CurvePoint& p) { return p.played() ? fmt::format("{:.2f} %", 100 * p.exposed_share) : ""; }},
      {"memory", [](const CurvePoint& p) { return gigabytes(p.step.memory_bytes); }},
      {"measured/s",
       [](const CurvePoint& p) { return p.measured ? fmt::format("{:.4g}", *p.measured) : ""; }},
      {"error",
       [](const CurvePoint& p) { return p.error() ? fmt::format("{:+.1f} %", 100 * *p.error()) : ""; }}};
}

Json optional(const std::optional<double>& number) { return number ? Json(*number) : Json(); }

Json point_json(const CurvePoint& point) {
  const auto simulated = [&](double number) { return point.played() ? Json(number) : Json(); };
  Json json = {{"workers", point.workers},
               {"batch", point.step.batch},
               {"fits", point.fits},
               {"memory_bytes", optional(point.step.memory_bytes)},
               {"step_seconds", simulated(point.step.seconds)},
               {"items_per_second", simulated(point.items_per_second)},
               {"efficiency", simulated(point.efficiency)},
               {"exposed_share", simulated(point.exposed_share)},
               {"measured_items_per_second", optional(point.measured)},
               {"error", optional(point.error())}};
  json["division"] = point.step.division.empty() ? Json() : Json(point.step.division);
  json["refused"] = point.played() ? Json() : Json(point.refused);
  return json;
}

}  // namespace

std::string curve_text(const SimulatedCurve& answer) {
  const std::vector<CurvePoint>& points = answer.curve.points;
  TextTable table{{}, std::vector<std::vector<std::string>>(points.size())};
  for (const CurveColumn& column : curve_columns(answer.workload)) {
    std::vector<std::string> cells;
    for (const CurvePoint& point : points) cells.push_back(column.cell(point));
    if (std::all_of(cells.begin(), cells.end(), [](const auto& cell) { return cell.empty(); })) continue;
    table.headings.push_back(column.heading);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      table.rows[i].push_back(cells[i].empty() ? "-" : std::move(cells[i]));
    }
  }
  std::string text = spell_model(answer) + '\n' + aligned(table) + spell_bound(answer);
  for (const std::string& warning : answer.curve.warnings) text += "warning: " + warning + '\n';
  return text;
}

TextTable curve_csv(const SimulatedCurve& answer) {
  TextTable table{.headings = {"workers", "batch", "fits", "memory_bytes", "step_seconds", "items_per_second",
                               "efficiency", "exposed_share", "measured_items_per_second", "error",
                               "division", "refused"}};
  const auto cell = [](const std::optional<double>& number) {
    return number ? fmt::format("{}", *number) : "";
  };
  for (const CurvePoint& point : answer.curve.points) {
    const auto simulated = [&](double number) { return point.played() ? fmt::format("{}", number) : ""; };
    table.rows.push_back({fmt::format("{}", point.workers), fmt::format("{}", point.step.batch),
                          fmt::format("{}", point.fits), cell(point.step.memory_bytes),
                          simulated(point.step.seconds), simulated(point.items_per_second),
                          simulated(point.efficiency), simulated(point.exposed_share), cell(point.measured),
                          cell(point.error()), point.step.division, point.refused});
  }
  return table;
}

std::string curve_json(const SimulatedCurve& answer) {
  Json root;
  root["model"] = answer.workload.name;
  root["system"] = answer.machine.name;
  root["scaling"] = answer.options.mode == ScalingMode::Strong ? "strong" : "weak";
  root["item"] = answer.workload.item;
  if (answer.image_model) {
    root["parameters"] = answer.image_model->parameters();
    root["gradient_bytes"] = answer.image_model->gradients().value();
    root["flops_per_image"] = answer.image_model->flops_per_image();
    root["calibration"] = answer.remark;
  }
  root["points"] = Json::array();
  for (const CurvePoint& point : answer.curve.points) root["points"].push_back(point_json(point));
  root["baseline_workers"] = answer.curve.baseline;
  root["efficiency_bound"] = answer.options.efficiency;
  root["under_bound_at"] = answer.curve.under_bound_at ? Json(*answer.curve.under_bound_at) : Json();
  root["warnings"] = answer.curve.warnings;
  return root.dump(2) + '\n';
}

}  // namespace bandwright
