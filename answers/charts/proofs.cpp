#include "answers/charts/proofs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "answers/charts/curves.h"

namespace bandwright {
namespace {

// Points that nothing else is both faster and cheaper than.
void mark_front(std::vector<Chart::Series>& series) {
  std::map<double, double> fastest;  // by cost
  for (const Chart::Series& each : series) {
    for (std::size_t i = 0; i < each.x.size(); ++i) {
      const auto [found, fresh] = fastest.emplace(each.x[i], each.y[i]);
      if (!fresh) found->second = std::min(found->second, each.y[i]);
    }
  }
  Chart::Series front{.name = "Pareto front", .x = {}, .y = {}, .mark = Chart::Mark::Dots};
  for (const auto& [cost, time] : fastest) {
    if (!front.y.empty() && time >= front.y.back()) continue;
    front.x.push_back(cost);
    front.y.push_back(time);
  }
  series.push_back(std::move(front));
}

std::vector<Chart::Series> time_over_cost(const ShownRows& panel, const ShownRows& proved,
                                          const std::string& model, double Row::*budget) {
  std::vector<Chart::Series> all;
  for (const std::string_view rule : curve_rules) {
    std::map<double, const Row*> rows;
    for (const ShownRows::Shown& shown : panel.rows()) {
      const Row& row = *shown.row;
      const bool drawn = row.allocation == rule && is_own(row) && is_for(row, model) && row.*budget > 0.0;
      if (drawn && row.cost_usd.value_or(0.0) > 0.0) rows.emplace(row.*budget, &row);
    }
    if (rows.empty()) continue;
    Chart::Series& series =
        all.emplace_back(Chart::Series{.name = std::string(rule) + ", by budget", .x = {}, .y = {}});
    for (const auto& [value, row] : rows) {
      series.x.push_back(*row->cost_usd / 1e6);
      series.y.push_back(*row->step_time_s * 1e3);
    }
  }
  if (all.empty()) return all;
  mark_front(all);
  Curves bound;
  for (const ShownRows::Shown& shown : proved.rows()) {
    const Row& row = *shown.row;
    if (row.budget_usd > 0.0 && row.step_time_bound_s) {
      bound.add("proved: nothing is faster at this cost", Chart::Mark::Dashes, row.budget_usd / 1e6,
                *row.step_time_bound_s * 1e3);
    }
  }
  for (Chart::Series& series : bound.series()) all.push_back(std::move(series));
  return all;
}

}  // namespace

void add_pareto(Chart& chart, const ShownRows& results) {
  chart.x = {"network cost, million $", true};
  chart.y.label = "training step, ms";
  const auto& rows = results.rows();
  if (std::none_of(rows.begin(), rows.end(),
                   [](const ShownRows::Shown& shown) { return shown.row->step_time_bound_s.has_value(); }))
    return;
  // Where no budget is in GB/s, those in money are the curve.
  const bool in_dollars = std::all_of(rows.begin(), rows.end(), [](const ShownRows::Shown& shown) {
    return shown.row->budget_gb_per_s <= 0.0;
  });
  double Row::*const budget = in_dollars ? &Row::budget_usd : &Row::budget_gb_per_s;
  add_panels(chart, results, budget, [&](const ShownRows&, const ShownRows& panel, const std::string& model) {
    if (panel.empty()) return Chart::Panel{};
    return Chart::Panel{.title = {},
                        .series = time_over_cost(
                            panel, results.of_model_on(model, panel.rows().front().network), model, budget)};
  });
}

void add_convergence(Chart& chart, const std::vector<Result>& results, const ShownRows& shown) {
  constexpr double nothing = 1e-16;  // still shows on a logarithmic axis
  chart.x.label = "step times evaluated";
  chart.y = {"proved gap: 1 - lower bound / best found", true};
  std::map<const Row*, const std::vector<Iteration>*> traces;
  for (const Result& result : results) traces.emplace(&result.row, &result.trace);
  for (const std::string& loop : shown.loops()) {
    const ShownRows rows = shown.of(loop);
    const double budget = rows.middle_budget();
    if (budget <= 0.0) continue;  // in money alone
    std::vector<std::string> order;
    std::map<std::string, Curves> panels;
    for (const ShownRows::Shown& each : rows.rows()) {
      if (each.row->budget_gb_per_s != budget ||
          (each.row->allocation != "GroupOptBW" && each.row->target != each.row->model))
        continue;
      for (const Iteration& iteration : *traces[each.row]) {
        if (!std::isfinite(iteration.lower_bound)) continue;
        const std::string title =
            fmt::format("{}, {:g} GB/s per NPU{}", each.network, budget, loop_words(shown, loop));
        if (!panels.contains(title)) order.push_back(title);
        const std::string name = each.row->allocation == "GroupOptBW"
                                     ? each.row->allocation
                                     : fmt::format("{}, {}", each.row->allocation, each.row->target);
        panels[title].add(name, Chart::Mark::Line, static_cast<double>(iteration.evaluations),
                          std::max(1.0 - iteration.lower_bound / iteration.objective, nothing));
      }
    }
    for (const std::string& title : order) chart.panels.push_back({title, panels[title].series()});
  }
}

}  // namespace bandwright
