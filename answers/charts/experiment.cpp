#include "answers/charts/experiment.h"

#include <fmt/format.h>

#include "answers/charts/bars.h"
#include "answers/charts/over_budget.h"
#include "answers/charts/proofs.h"
#include "answers/charts/shown_rows.h"

namespace bandwright {

std::vector<Chart> experiment_charts(const std::vector<Result>& results, const std::string& name) {
  const ShownRows shown(results);
  std::vector<Chart> charts;
  const auto add = [&](const char* figure, const char* caption, const auto& draw) {
    Chart chart{.name = figure, .caption = caption, .x = {}, .y = {}, .panels = {}};
    chart.command = fmt::format("bandwright plot {} {}", name, figure);
    draw(chart);
    if (!chart.panels.empty()) charts.push_back(std::move(chart));
  };
  add("fig12", "speedup over EqualBW of the first network, by budget; dashed: beyond today's links",
      [&](Chart& chart) {
        chart.y.label = "speedup";
        add_over_budget(chart, shown, speedup);
      });
  add("fig13", "network cost, by budget", [&](Chart& chart) {
    chart.y = {"network cost, million $", true};
    add_over_budget(chart, shown, million_dollars);
  });
  add("fig14", "performance per cost over EqualBW of the first network, by budget", [&](Chart& chart) {
    chart.y = {"perf per cost, times", true};
    add_over_budget(chart, shown, perf_per_cost_gain);
  });
  add("fig15", "slowdown on networks that were made for another model, or for all",
      [&](Chart& chart) { add_slowdowns(chart, shown); });
  add("steps", "step time of each job on machines", [&](Chart& chart) { add_steps(chart, results); });
  add("prices", "what the best performance per cost gains under each price list",
      [&](Chart& chart) { add_prices(chart, results); });
  add("pareto", "step time against network cost, above what is proved to be impossible",
      [&](Chart& chart) { add_pareto(chart, shown); });
  add("convergence", "how the optimizer closes the gap to its proof",
      [&](Chart& chart) { add_convergence(chart, results, shown); });
  add("utilization", "how busy each dimension is, by allocation",
      [&](Chart& chart) { add_utilization(chart, shown); });
  return charts;
}

}  // namespace bandwright
