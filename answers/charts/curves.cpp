#include "answers/charts/curves.h"

#include <fmt/format.h>

#include <algorithm>

namespace bandwright {

void Curves::add(const std::string& name, Chart::Mark mark, double x, double y) {
  auto found =
      std::find_if(series_.begin(), series_.end(), [&](const auto& each) { return each.first.name == name; });
  if (found == series_.end()) {
    series_.push_back({{.name = name, .mark = mark}, {}});
    found = series_.end() - 1;
  }
  found->second.emplace(x, y);
}

std::vector<Chart::Series> Curves::series() const {
  std::vector<Chart::Series> all;
  for (const auto& [series, points] : series_) {
    Chart::Series& each = all.emplace_back(series);
    for (const auto& [x, y] : points) {
      each.x.push_back(x);
      each.y.push_back(y);
    }
  }
  return all;
}

std::string loop_words(const ShownRows& results, const std::string& loop) {
  return results.loops().size() > 1 ? ", " + loop : "";
}

void add_panels(Chart& chart, const ShownRows& results, double Row::*budget, const PanelOf& panel_of) {
  const std::vector<std::string> loops = results.loops();
  for (const std::string& loop : loops) {
    const ShownRows rows = results.of(loop);
    for (const std::string& model : rows.models()) {
      for (const std::string& network : rows.networks(budget)) {
        Chart::Panel panel = panel_of(rows, rows.of_model_on(model, network), model);
        if (panel.series.empty()) continue;
        panel.title = fmt::format("{} on {}{}", model, network, loop_words(results, loop));
        chart.panels.push_back(std::move(panel));
      }
    }
  }
}

}  // namespace bandwright
