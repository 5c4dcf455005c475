#include "answers/charts/division.h"

#include <fmt/format.h>

#include <cmath>

#include "answers/design.h"

namespace bandwright {
namespace {

Chart::Series bars_of(std::string name, const std::vector<double>& values, double factor = 1.0) {
  Chart::Series series{.name = std::move(name), .x = {}, .y = {}, .mark = Chart::Mark::Bars};
  for (const double value : values) {
    series.x.push_back(static_cast<double>(series.x.size()));
    series.y.push_back(value * factor);
  }
  return series;
}

// Names of what bandwidth is divided over: dimensions, or classes of links.
std::vector<std::string> parts_of(const Design& design) {
  std::vector<std::string> names;
  if (design.built) {
    for (const auto& each : design.built->built.graph.classes) names.push_back(each.name);
    return names;
  }
  for (std::size_t d = 0; d < design.network.dimensions.size(); ++d) {
    const Dimension& dimension = design.network.dimensions[d];
    names.push_back(fmt::format("{} {}({})", d + 1, dimension.kind->name, dimension.npus));
  }
  return names;
}

Chart bandwidths(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  Chart::Panel panel{.title = {}, .series = {}, .groups = parts_of(answer.design)};
  panel.series = {bars_of("equal split", summary.equal.gb_per_s), bars_of("best", summary.optimum.gb_per_s)};
  if (summary.in_steps) panel.series.push_back(bars_of("best in steps", summary.in_steps->gb_per_s));
  if (summary.as_built) panel.series.push_back(bars_of("as built", summary.as_built->gb_per_s));
  return {.name = "division",
          .caption = "where each GB/s goes",
          .x = {answer.design.built ? "class of links" : "dimension, innermost first"},
          .y = {"GB/s per NPU"},
          .panels = {std::move(panel)}};
}

Chart steps(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  Chart::Panel panel{.title = {}, .series = {}};
  std::vector<double> compute;
  for (const Model& model : answer.design.models) panel.groups.push_back(model.name);
  for (const StepResult& step : summary.steps) compute.push_back(to_ns(step.compute_time));
  panel.series = {bars_of("equal split", summary.equal.step_ns, 1e-9),
                  bars_of("best", summary.optimum.step_ns, 1e-9), bars_of("compute alone", compute, 1e-9)};
  if (summary.in_steps) panel.series.push_back(bars_of("best in steps", summary.in_steps->step_ns, 1e-9));
  return {.name = "step",
          .caption = "what a step takes",
          .x = {"model"},
          .y = {"s"},
          .panels = {std::move(panel)}};
}

Chart proof(const DesignAnswer& answer) {
  const ObjectiveUnit unit = objective_unit(answer.design);
  Chart::Series found{.name = "best found", .x = {}, .y = {}};
  Chart::Series bound{.name = "proved: nothing is below", .x = {}, .y = {}, .mark = Chart::Mark::Dashes};
  for (const Iteration& each : answer.summary.solution.trace) {
    found.x.push_back(each.number);
    found.y.push_back(each.objective * unit.factor);
    if (!std::isfinite(each.lower_bound) || each.lower_bound <= 0.0) continue;
    bound.x.push_back(each.number);
    bound.y.push_back(each.lower_bound * unit.factor);
  }
  Chart chart{.name = "proof",
              .caption = "how the answer and the proof that it is the best come together",
              .x = {"iteration"},
              .y = {"objective, " + unit.name},
              .panels = {{}}};
  chart.panels[0].series = {std::move(found)};
  if (!bound.x.empty()) chart.panels[0].series.push_back(std::move(bound));
  return chart;
}

}  // namespace

std::vector<Chart> division_charts(const DesignAnswer& answer) {
  std::vector<Chart> charts = {bandwidths(answer), steps(answer)};
  if (answer.summary.solution.trace.size() > 2) charts.push_back(proof(answer));
  return charts;
}

}  // namespace bandwright
