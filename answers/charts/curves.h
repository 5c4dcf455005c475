#pragma once
#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answers/charts/shown_rows.h"
#include "report/chart.h"

namespace bandwright {

// What figures draw curves of, in this order.
inline constexpr std::array<std::string_view, 3> curve_rules = {"EqualBW", "PerfOptBW", "PerfPerCostOptBW"};

// Computed here, rather than taken from a table.
inline bool is_own(const Row& row) { return row.source == "equal" || row.source == "optimized"; }
inline bool is_for(const Row& row, std::string_view model) {
  return row.target.empty() || row.target == model;
}

// Points by series, each in order of x.
class Curves {
 public:
  void add(const std::string& name, Chart::Mark mark, double x, double y);
  [[nodiscard]] std::vector<Chart::Series> series() const;

 private:
  std::vector<std::pair<Chart::Series, std::map<double, double>>> series_;
};

// A panel for each model on each network that is swept over `budget`, where it has anything; its title is set
// here.
using PanelOf =
    std::function<Chart::Panel(const ShownRows& all, const ShownRows& panel, const std::string& model)>;
void add_panels(Chart& chart, const ShownRows& results, double Row::*budget, const PanelOf& panel_of);

// ", Overlap" where there are several loops.
std::string loop_words(const ShownRows& results, const std::string& loop);

}  // namespace bandwright
