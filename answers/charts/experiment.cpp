#include "answers/charts/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <iterator>

#include "answers/charts/bars.h"
#include "answers/charts/over_budget.h"
#include "answers/charts/proofs.h"
#include "answers/charts/shown_rows.h"
#include "answers/experiments/findings.h"
#include "core/stopping.h"

namespace bandwright {

namespace {

// The points of one view, or of all under no name.
struct ViewRows {
  std::string name;
  std::vector<Result> results;
  ShownRows shown;

  ViewRows(std::string view, std::vector<Result> rows)
      : name(std::move(view)), results(std::move(rows)), shown(results) {}
};

std::deque<ViewRows> by_view(const std::vector<Result>& results) {
  std::deque<ViewRows> views;
  const std::vector<std::string> names = views_of(results);
  for (const std::string& name : names) {
    std::vector<Result> rows;
    std::copy_if(results.begin(), results.end(), std::back_inserter(rows),
                 [&](const Result& result) { return result.row.view == name; });
    views.emplace_back(names.size() > 1 ? name : std::string(), std::move(rows));
  }
  return views;
}

}  // namespace

std::vector<Chart> experiment_charts(const std::vector<Result>& results, const std::string& name) {
  const std::deque<ViewRows> views = by_view(results);
  std::deque<ViewRows> all;  // where views belong together, or have none of what is shown
  all.emplace_back("", results);
  std::vector<Chart> charts;
  const StopCheck stop;
  const auto add = [&](const char* figure, const char* caption, const std::deque<ViewRows>& shown,
                       const auto& draw) {
    Chart chart{.name = figure, .caption = caption, .x = {}, .y = {}, .panels = {}};
    chart.command = fmt::format("bandwright plot {} {}", name, figure);
    for (const ViewRows& view : shown) {
      stop.look();
      const std::size_t before = chart.panels.size();
      draw(chart, view);
      for (std::size_t i = before; i < chart.panels.size(); ++i) chart.panels[i].view = view.name;
    }
    if (!chart.panels.empty()) charts.push_back(std::move(chart));
  };
  add("fig12", "speedup over EqualBW of the first network, by budget; dashed: beyond today's links", views,
      [](Chart& chart, const ViewRows& view) {
        chart.y.label = "speedup";
        add_over_budget(chart, view.shown, speedup);
      });
  add("fig13", "network cost, by budget", views, [](Chart& chart, const ViewRows& view) {
    chart.y = {"network cost, million $", true};
    add_over_budget(chart, view.shown, million_dollars);
  });
  add("fig14", "performance per cost over EqualBW of the first network, by budget", views,
      [](Chart& chart, const ViewRows& view) {
        chart.y = {"perf per cost, times", true};
        add_over_budget(chart, view.shown, perf_per_cost_gain);
      });
  add("fig15", "slowdown on networks that were made for another model, or for all", views,
      [](Chart& chart, const ViewRows& view) { add_slowdowns(chart, view.shown); });
  add("steps", "step time of each job on machines", all,
      [](Chart& chart, const ViewRows& view) { add_steps(chart, view.results); });
  add("prices", "what the best performance per cost gains under each price list", all,
      [](Chart& chart, const ViewRows& view) { add_prices(chart, view.results); });
  add("pareto", "step time against network cost, above what is proved to be impossible", all,
      [](Chart& chart, const ViewRows& view) { add_pareto(chart, view.shown); });
  add("convergence", "how the optimizer closes the gap to its proof", views,
      [](Chart& chart, const ViewRows& view) { add_convergence(chart, view.results, view.shown); });
  add("utilization", "how busy each dimension is, by allocation", views,
      [](Chart& chart, const ViewRows& view) { add_utilization(chart, view.shown); });
  return charts;
}

}  // namespace bandwright
