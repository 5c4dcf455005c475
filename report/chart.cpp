#include "report/chart.h"

#include <algorithm>
#include <cmath>

namespace bandwright {

std::vector<std::string> series_names(const Chart& chart) {
  std::vector<std::string> names;
  for (const Chart::Panel& panel : chart.panels) {
    for (const Chart::Series& series : panel.series) {
      if (std::find(names.begin(), names.end(), series.name) == names.end()) names.push_back(series.name);
    }
  }
  return names;
}

bool has_cells(const Chart::Panel& panel) {
  return !panel.series.empty() && panel.series.front().mark == Chart::Mark::Cells;
}

std::vector<std::string> views_of(const Chart& chart) {
  std::vector<std::string> views;
  for (const Chart::Panel& panel : chart.panels) {
    const bool fresh = std::find(views.begin(), views.end(), panel.view) == views.end();
    if (!panel.view.empty() && fresh) views.push_back(panel.view);
  }
  return views;
}

std::string fault_of(const Chart& chart) {
  const auto is_finite = [](double number) { return std::isfinite(number); };
  for (const Chart::Panel& panel : chart.panels) {
    for (const Chart::Series& series : panel.series) {
      if (series.x.size() != series.y.size()) return chart.name + ": " + series.name + " is uneven";
      if (!std::all_of(series.x.begin(), series.x.end(), is_finite) ||
          !std::all_of(series.y.begin(), series.y.end(), is_finite)) {
        return chart.name + ": " + series.name + " is not finite";
      }
    }
  }
  return "";
}

}  // namespace bandwright
