#include "answers/plan/plan_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "answers/plan/plan.h"
#include "answers/plan/plan_picture.h"

namespace bandwright {
namespace {

constexpr std::size_t most_ranks = 20;  // that fit side by side

Chart ranks() {
  return {.name = "ranking", .caption = "the best divisions", .x = {"rank"}, .y = {"s"}, .panels = {{}}};
}

Chart::Series bars(std::string name) {
  return {.name = std::move(name), .x = {}, .y = {}, .mark = Chart::Mark::Bars};
}

void add_bar(Chart::Series& series, std::size_t place, double value) {
  series.x.push_back(static_cast<double>(place));
  series.y.push_back(value);
}

// What of the step's exposed time is neither compute nor communication of its own.
double bubble_ns(const TrainingEstimate& estimate) {
  double ns = 0.0;
  for (const BreakdownLine& line : estimate.breakdown) {
    if (line.name == "pipeline bubble") ns += line.exposed_ns;
  }
  return ns;
}

std::string weighed_words(PlanObjective objective, const PlanAnswer& answer) {
  switch (objective) {
    case PlanObjective::CostPerToken:
      return answer.best[0].estimate.usd_per_million_tokens > 0.0 ? "$ per million tokens" : "NPU hours";
    case PlanObjective::PerfPerCost:
      return "step time x network cost, s*$";
    case PlanObjective::NetworkCost:
      return "network cost, $";
    default:
      return "NPUs";
  }
}

}  // namespace

Chart ranking_chart(const PlanAnswer& answer) {
  Chart chart = ranks();
  chart.caption = "the best divisions, and what of their steps is waiting";
  Chart::Panel& panel = chart.panels[0];
  panel.series = {bars("step"), bars("exposed communication"), bars("pipeline bubble")};
  for (std::size_t i = 0; i < std::min(answer.best.size(), most_ranks); ++i) {
    const PlannedDivision& each = answer.best[i];
    panel.groups.push_back(fmt::to_string(i + 1));
    panel.group_words.push_back(fmt::format("{}: {}", i + 1, division_words(each.ranked.parallelism)));
    add_bar(panel.series[0], i, each.estimate.step_ns / 1e9);
    add_bar(panel.series[1], i, each.estimate.exposed_communication_ns() / 1e9);
    add_bar(panel.series[2], i, bubble_ns(each.estimate) / 1e9);
  }
  return chart;
}

Chart ranking_chart(const HardwareAnswer& answer) {
  Chart chart = ranks();
  chart.caption = "the best networks and divisions, and what is proved of them";
  Chart::Panel& panel = chart.panels[0];
  const bool time = answer.objective == PlanObjective::StepTime;
  panel.series = {bars("step")};
  if (time) panel.series.push_back(bars("proved: nothing is below"));
  for (std::size_t i = 0; i < std::min(answer.best.size(), most_ranks); ++i) {
    const PlannedHardware& each = answer.best[i];
    panel.groups.push_back(fmt::to_string(i + 1));
    panel.group_words.push_back(fmt::format("{}: {} on {}", i + 1, division_words(each.ranked.parallelism),
                                            each.network.shorthand()));
    add_bar(panel.series[0], i, each.ranked.step_ns / 1e9);
    if (time) add_bar(panel.series[1], i, each.ranked.bound / 1e9);
  }
  return chart;
}

Chart map_chart(const PlanAnswer& answer, const std::vector<PlanCell>& map) {
  std::set<std::int64_t> tensors;
  std::map<std::int64_t, std::map<std::int64_t, double>> rows;  // by PP, then TP
  for (const PlanCell& cell : map) {
    tensors.insert(cell.tensor);
    std::map<std::int64_t, double>& row = rows[cell.pipeline];
    if (cell.best) row[cell.tensor] = cell.best->step_ns / 1e9;
  }
  Chart::Panel panel{.title = {}, .series = {}};
  for (const std::int64_t tensor : tensors) panel.groups.push_back(fmt::format("TP {}", tensor));
  for (const auto& [pipeline, row] : rows) {
    Chart::Series series{
        .name = fmt::format("PP {}", pipeline), .x = {}, .y = {}, .mark = Chart::Mark::Cells};
    for (const auto& [tensor, seconds] : row) {
      add_bar(series, static_cast<std::size_t>(std::distance(tensors.begin(), tensors.find(tensor))),
              seconds);
    }
    panel.series.push_back(std::move(series));
  }
  const std::int64_t npus = answer.best[0].ranked.parallelism.npus();
  return {.name = "map",
          .caption = fmt::format(
              "the best step for each TP and PP on {} NPUs, s; empty: cannot be divided so, or does not fit",
              npus),
          .x = {""},
          .y = {"step, s"},
          .panels = {std::move(panel)}};
}

Chart front_chart(const PlanAnswer& answer) {
  std::map<double, double> points;
  for (const PlannedDivision& each : answer.best) {
    points.emplace(weighed(answer.objective, each), each.ranked.step_ns / 1e9);
  }
  Chart::Series front{.name = "on the front", .x = {}, .y = {}, .mark = Chart::Mark::Dots};
  Chart::Series stairs{.name = "proved: nothing is below", .x = {}, .y = {}, .mark = Chart::Mark::Dashes};
  for (const auto& [x, y] : points) {
    front.x.push_back(x);
    front.y.push_back(y);
  }
  // Until the next point the last one is the best; a series has one y for each x, so that stairs lean a bit.
  for (std::size_t i = 0; i < front.x.size(); ++i) {
    stairs.x.push_back(front.x[i]);
    stairs.y.push_back(front.y[i]);
    if (i + 1 == front.x.size()) break;
    stairs.x.push_back(front.x[i + 1] - 1e-6 * (front.x[i + 1] - front.x[i]));
    stairs.y.push_back(front.y[i]);
  }
  return {.name = "front",
          .caption = "what none of the others beats in both",
          .x = {weighed_words(answer.objective, answer), true},
          .y = {"step, s", true},
          .panels = {{.title = {}, .series = {std::move(stairs), std::move(front)}}}};
}

Chart bought_chart(const HardwareAnswer& answer) {
  constexpr std::size_t most = 5;
  Chart chart{.name = "bought",
              .caption = "the bandwidth of each dimension that is bought",
              .x = {"dimension, innermost first"},
              .y = {"GB/s per NPU"},
              .panels = {}};
  for (std::size_t i = 0; i < std::min(answer.best.size(), most); ++i) {
    const PlannedHardware& each = answer.best[i];
    Chart::Panel panel{.title = fmt::format("rank {}: {}", i + 1, each.network.shorthand()), .series = {}};
    panel.series = {bars("bandwidth")};
    for (std::size_t d = 0; d < each.network.dimensions.size(); ++d) {
      const Dimension& dimension = each.network.dimensions[d];
      panel.groups.push_back(fmt::format("{}({})", dimension.kind->name, dimension.npus));
      add_bar(panel.series[0], d, each.ranked.gb_per_s[d]);
    }
    chart.panels.push_back(std::move(panel));
  }
  return chart;
}

}  // namespace bandwright
