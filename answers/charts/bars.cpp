#include "answers/charts/bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "answers/charts/curves.h"
#include "answers/charts/dimension_words.h"

namespace bandwright {
namespace {

// Of one network and source of shares: the factors over a model's own network, by target and model.
using Factors = std::map<std::string, std::map<std::string, std::vector<double>>>;
Factors slowdowns_of(const ShownRows& rows, const std::string& network, const std::string& source) {
  Factors factors;
  for (const std::string& model : rows.models()) {
    const ShownRows panel = rows.of_model_on(model, network);
    std::map<double, double> own;
    for (const ShownRows::Shown& shown : panel.rows()) {
      const Row& row = *shown.row;
      const bool is_its_own = row.allocation == "PerfOptBW" && row.target == model && row.source == source;
      if (is_its_own) own[row.budget_gb_per_s] = *row.step_time_s;
    }
    for (const ShownRows::Shown& shown : panel.rows()) {
      const Row& row = *shown.row;
      const bool group = row.allocation == "GroupOptBW";
      const auto found = own.find(row.budget_gb_per_s);
      if (row.source != source || (!group && row.allocation != "PerfOptBW") || found == own.end()) continue;
      factors[group ? "all" : row.target][model].push_back(*row.step_time_s / found->second);
    }
  }
  return factors;
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

Chart::Panel slowdown_panel(Factors& factors, const std::vector<std::string>& models, std::string title) {
  Chart::Panel panel{.title = std::move(title), .series = {}, .groups = models};
  std::vector<std::string> targets = models;
  targets.emplace_back("all");
  for (const std::string& target : targets) {
    if (!factors.contains(target)) continue;
    Chart::Series series{.name = "network made for " + target, .x = {}, .y = {}, .mark = Chart::Mark::Bars};
    for (std::size_t i = 0; i < models.size(); ++i) {
      const std::vector<double>& values = factors[target][models[i]];
      if (values.empty()) continue;
      series.x.push_back(static_cast<double>(i));
      series.y.push_back(100.0 * (mean(values) - 1.0));
    }
    panel.series.push_back(std::move(series));
  }
  return panel;
}

Chart::Panel busy_panel(const ShownRows& rows, const std::string& model, double budget) {
  Chart::Panel panel;
  for (const ShownRows::Shown& shown : rows.rows()) {
    const Row& row = *shown.row;
    const bool counts = row.budget_gb_per_s == budget && is_own(row) &&
                        (row.allocation == "GroupOptBW" || is_for(row, model));
    const bool fresh = std::none_of(panel.series.begin(), panel.series.end(),
                                    [&](const Chart::Series& each) { return each.name == row.allocation; });
    if (!counts || !fresh) continue;
    Chart::Series bars{.name = row.allocation, .x = {}, .y = {}, .mark = Chart::Mark::Bars};
    for (std::size_t d = 0; d < row.utilization.size(); ++d) {
      bars.x.push_back(static_cast<double>(d));
      bars.y.push_back(100.0 * row.utilization[d]);
    }
    panel.series.push_back(std::move(bars));
    if (!panel.groups.empty()) continue;
    for (DimensionWords& words : dimension_words(shown.network, row.utilization.size())) {
      panel.groups.push_back(std::move(words.name));
    }
  }
  return panel;
}

}  // namespace

void add_slowdowns(Chart& chart, const ShownRows& results) {
  chart.x.label = "model that is trained";
  chart.y.label = "longer than on its own network, %";
  for (const std::string& loop : results.loops()) {
    const ShownRows rows = results.of(loop);
    for (const std::string& source : rows.sources()) {
      for (const std::string& network : rows.networks()) {
        Factors factors = slowdowns_of(rows, network, source);
        if (factors.size() < 2) continue;
        chart.panels.push_back(
            slowdown_panel(factors, rows.models(),
                           fmt::format("{}, {} shares{}", network, source, loop_words(results, loop))));
      }
    }
  }
}

void add_utilization(Chart& chart, const ShownRows& results) {
  chart.x.label = "dimension, innermost first";
  chart.y.label = "busy, % of the step";
  add_panels(chart, results, &Row::budget_gb_per_s,
             [](const ShownRows& all, const ShownRows& panel, const std::string& model) {
               return busy_panel(panel, model, all.middle_budget());
             });
}

void add_steps(Chart& chart, const std::vector<Result>& results) {
  constexpr std::size_t most = 24;
  chart.x.label = "job, the fastest first";
  chart.y.label = "training step, s";
  std::vector<std::string> models;
  std::map<std::string, std::vector<const Row*>> jobs;
  for (const auto& [row, trace] : results) {
    if (row.machine.empty() || !row.step_time_s) continue;
    if (!jobs.contains(row.model)) models.push_back(row.model);
    jobs[row.model].push_back(&row);
  }
  for (const std::string& model : models) {
    std::vector<const Row*>& rows = jobs[model];
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row* a, const Row* b) { return *a->step_time_s < *b->step_time_s; });
    rows.resize(std::min(rows.size(), most));
    Chart::Panel panel{.title = model,
                       .series = {{"fits", {}, {}, Chart::Mark::Bars},
                                  {"does not fit into memory", {}, {}, Chart::Mark::Bars}},
                       .groups = {}};
    for (const Row* row : rows) {
      Chart::Series& series = panel.series[row->status == "ok" ? 0 : 1];
      series.x.push_back(static_cast<double>(panel.groups.size()));
      series.y.push_back(*row->step_time_s);
      panel.groups.push_back(row->options.empty() ? row->machine : row->machine + ", " + row->options);
    }
    std::erase_if(panel.series, [](const Chart::Series& series) { return series.x.empty(); });
    chart.panels.push_back(std::move(panel));
  }
}

}  // namespace bandwright
