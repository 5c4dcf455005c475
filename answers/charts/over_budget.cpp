#include "answers/charts/over_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "answers/charts/curves.h"
#include "answers/charts/dimension_words.h"

namespace bandwright {
namespace {

std::string words_of_series(const Row& row) {
  return is_own(row) ? row.allocation : fmt::format("{}, {} shares", row.allocation, row.source);
}

// Whether every link is within what links of its class reach today.
bool can_be_built(const Row& row, const std::vector<DimensionWords>& dimensions) {
  const std::vector<double>& bandwidths = row.bandwidth_gb_per_s;
  for (std::size_t d = 0; d < std::min(bandwidths.size(), dimensions.size()); ++d) {
    if (bandwidths[d] > dimensions[d].limit_gb_per_s * (1.0 + 1e-9)) return false;
  }
  return true;
}

// Curves go on dashed from the last point before the first that cannot be built.
std::vector<Chart::Series> dashed_beyond(std::vector<Chart::Series> series,
                                         const std::map<std::string, double>& first_beyond) {
  std::vector<Chart::Series> all;
  for (Chart::Series& each : series) {
    const auto limit = first_beyond.find(each.name);
    if (each.mark != Chart::Mark::Line || limit == first_beyond.end()) {
      all.push_back(std::move(each));
      continue;
    }
    Chart::Series solid{.name = each.name, .x = {}, .y = {}};
    Chart::Series dashed{.name = each.name, .x = {}, .y = {}, .mark = Chart::Mark::Dashes};
    for (std::size_t i = 0; i < each.x.size(); ++i) {
      const bool beyond = each.x[i] >= limit->second;
      const bool last_within = !beyond && i + 1 < each.x.size() && each.x[i + 1] >= limit->second;
      if (beyond || last_within) {
        dashed.x.push_back(each.x[i]);
        dashed.y.push_back(each.y[i]);
      }
      if (!beyond) {
        solid.x.push_back(each.x[i]);
        solid.y.push_back(each.y[i]);
      }
    }
    if (!solid.x.empty()) all.push_back(std::move(solid));
    all.push_back(std::move(dashed));
  }
  return all;
}

std::vector<Chart::Series> against_equal(const ShownRows& all, const ShownRows& panel,
                                         const std::string& model, Measure measure) {
  std::map<double, const Row*> base;
  const std::vector<std::string> networks = all.networks();
  if (networks.empty() || panel.empty()) return {};
  const ShownRows::Shown& any = panel.rows().front();
  const std::vector<DimensionWords> dimensions =
      dimension_words(any.network, any.row->bandwidth_gb_per_s.size());
  const ShownRows first_network = all.of_model_on(model, networks.front());
  for (const ShownRows::Shown& shown : first_network.rows()) {
    if (shown.row->allocation == "EqualBW" && shown.row->step_time_s)
      base.emplace(shown.row->budget_gb_per_s, shown.row);
  }
  Curves curves;
  std::map<std::string, double> first_beyond;
  const auto add = [&](const Row& row, Chart::Mark mark) {
    const auto found = base.find(row.budget_gb_per_s);
    if (found == base.end() || !row.step_time_s) return;
    const double value = measure(row, *found->second);
    if (std::isfinite(value)) curves.add(words_of_series(row), mark, row.budget_gb_per_s, value);
  };
  for (const std::string_view rule : curve_rules) {
    for (const ShownRows::Shown& shown : panel.rows()) {
      if (shown.row->allocation != rule || !is_for(*shown.row, model)) continue;
      add(*shown.row, is_own(*shown.row) ? Chart::Mark::Line : Chart::Mark::Dots);
      if (can_be_built(*shown.row, dimensions)) continue;
      const double budget = shown.row->budget_gb_per_s;
      const auto [first, fresh] = first_beyond.emplace(words_of_series(*shown.row), budget);
      if (!fresh) first->second = std::min(first->second, budget);
    }
  }
  for (const ShownRows::Shown& shown : all.rows()) {
    if (shown.row->allocation == "DGX-like" && shown.row->model == model) add(*shown.row, Chart::Mark::Dots);
  }
  return dashed_beyond(curves.series(), first_beyond);
}

}  // namespace

double speedup(const Row& row, const Row& base) { return *base.step_time_s / *row.step_time_s; }
double million_dollars(const Row& row, const Row& /*base*/) { return row.cost_usd.value_or(NAN) / 1e6; }
double perf_per_cost_gain(const Row& row, const Row& base) {
  const double own = *row.step_time_s * row.cost_usd.value_or(NAN);
  return own > 0.0 ? *base.step_time_s * base.cost_usd.value_or(NAN) / own : NAN;
}

void add_over_budget(Chart& chart, const ShownRows& results, Measure measure) {
  chart.x.label = "bandwidth budget, GB/s per NPU";
  add_panels(chart, results, &Row::budget_gb_per_s,
             [&](const ShownRows& all, const ShownRows& panel, const std::string& model) {
               return Chart::Panel{.title = {}, .series = against_equal(all, panel, model, measure)};
             });
}

void add_prices(Chart& chart, const std::vector<Result>& results) {
  chart.x.label = "bandwidth budget, GB/s per NPU";
  chart.y.label = "perf per cost of PerfPerCostOptBW over EqualBW";
  using At = std::tuple<std::string, std::string, std::string, double>;  // panel, prices, loop, budget
  std::map<At, double> equal;
  std::vector<std::string> order;
  std::map<std::string, Curves> panels;
  std::set<std::string> lists;
  const auto place_of = [](const Row& row) {
    return At{row.model + " on " + row.network, row.prices, row.loop, row.budget_gb_per_s};
  };
  const auto product = [](const Row& row) { return *row.step_time_s * *row.cost_usd; };
  const auto counts = [](const Row& row) {
    return row.status == "ok" && is_own(row) && row.budget_gb_per_s > 0.0 && row.cost_usd.value_or(0.0) > 0.0;
  };
  for (const auto& [row, trace] : results) {
    if (counts(row) && row.allocation == "EqualBW") equal.emplace(place_of(row), product(row));
  }
  for (const auto& [row, trace] : results) {
    const auto base = equal.find(place_of(row));
    if (!counts(row) || row.allocation != "PerfPerCostOptBW" || row.target != row.model ||
        base == equal.end())
      continue;
    const std::string& panel = std::get<0>(base->first);
    if (!panels.contains(panel)) order.push_back(panel);
    panels[panel].add(row.prices + " prices", Chart::Mark::Line, row.budget_gb_per_s,
                      base->second / product(row));
    lists.insert(row.prices);
  }
  if (lists.size() < 2) return;
  for (const std::string& panel : order) chart.panels.push_back({panel, panels[panel].series()});
}

}  // namespace bandwright
