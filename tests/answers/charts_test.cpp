// Charts of experiments: rows made up by hand, and what each point of a figure must be.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "answers/charts/bars.h"
#include "answers/charts/dimension_words.h"
#include "answers/charts/experiment.h"
#include "answers/charts/over_budget.h"
#include "answers/charts/proofs.h"
#include "core/io/paths.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A point of a model on a network of two dimensions that no file describes.
Result point(const std::string& allocation, double budget, double step_s, double usd = 1e6) {
  Row row{.network = "net", .dimensions = 2, .model = "m", .loop = "NoOverlap", .prices = "list"};
  row.budget_gb_per_s = budget;
  row.allocation = allocation;
  row.source = allocation == "EqualBW" ? "equal" : "optimized";
  row.target = allocation == "EqualBW" ? "" : "m";
  row.status = "ok";
  row.bandwidth_gb_per_s = {budget / 2.0, budget / 2.0};
  row.step_time_s = step_s;
  row.cost_usd = usd;
  return {.row = row, .trace = {}};
}

template <class Change>
Result changed(Result result, Change change) {
  change(result.row);
  return result;
}

const Chart::Series* series_of(const Chart::Panel& panel, const std::string& name,
                               Chart::Mark mark = Chart::Mark::Line) {
  const auto found = std::find_if(panel.series.begin(), panel.series.end(), [&](const Chart::Series& each) {
    return each.name == name && each.mark == mark;
  });
  return found == panel.series.end() ? nullptr : &*found;
}

// Speedups over the equal split with the same budget: 10 / 8 at 50, 6 / 4 at 100, in the order of budgets.
// Half of 300 GB/s is beyond the 100 of a Pod: dashed from the point before.
TEST(ExperimentCharts, SpeedupsAreOverTheEqualSplit) {
  std::vector<Result> results = {point("PerfOptBW", 300.0, 1.0), point("PerfOptBW", 100.0, 4.0),
                                 point("EqualBW", 50.0, 10.0),   point("EqualBW", 100.0, 6.0),
                                 point("EqualBW", 300.0, 2.0),   point("PerfOptBW", 50.0, 8.0)};
  results.push_back(changed(point("PerfOptBW", 100.0, 0.1), [](Row& row) { row.target = "another"; }));
  results.push_back(changed(point("PerfOptBW", 100.0, 0.1), [](Row& row) { row.status = "infeasible"; }));
  results.push_back(changed(point("PerfOptBW", 50.0, 5.0), [](Row& row) { row.source = "paper"; }));
  Chart chart;
  add_over_budget(chart, ShownRows(results), speedup);
  ASSERT_EQ(chart.panels.size(), 1U);
  EXPECT_EQ(chart.panels[0].title, "m on net");
  const Chart::Series* within = series_of(chart.panels[0], "PerfOptBW");
  const Chart::Series* beyond = series_of(chart.panels[0], "PerfOptBW", Chart::Mark::Dashes);
  ASSERT_TRUE(within != nullptr && beyond != nullptr);
  EXPECT_THAT(within->x, ElementsAre(50.0, 100.0));
  EXPECT_THAT(within->y, ElementsAre(1.25, 1.5));
  EXPECT_THAT(beyond->x, ElementsAre(100.0, 300.0));
  EXPECT_THAT(beyond->y, ElementsAre(1.5, 2.0));
  const Chart::Series* shares = series_of(chart.panels[0], "PerfOptBW, paper shares", Chart::Mark::Dots);
  ASSERT_NE(shares, nullptr);
  EXPECT_THAT(shares->y, ElementsAre(2.0));
  // The equal split itself is always 1.
  EXPECT_THAT(series_of(chart.panels[0], "EqualBW")->y, testing::Each(1.0));
}

// In million dollars; performance per cost: step x cost of the equal split over its own, 10 x 4 / (8 x 2).
TEST(ExperimentCharts, CostsAndWhatTheyBuy) {
  const Row equal = point("EqualBW", 50.0, 10.0, 4e6).row;
  Row own = point("PerfPerCostOptBW", 50.0, 8.0, 2e6).row;
  EXPECT_DOUBLE_EQ(speedup(own, equal), 1.25);
  EXPECT_DOUBLE_EQ(million_dollars(own, equal), 2.0);
  EXPECT_DOUBLE_EQ(perf_per_cost_gain(own, equal), 2.5);
  own.cost_usd = std::nullopt;
  EXPECT_TRUE(std::isnan(million_dollars(own, equal)));
  EXPECT_TRUE(std::isnan(perf_per_cost_gain(own, equal)));
  // A point whose cost nobody knows is left out; a network with one budget is no curve.
  std::vector<Result> results = {point("EqualBW", 50.0, 10.0), point("EqualBW", 60.0, 9.0)};
  results[0].row.cost_usd = std::nullopt;
  Chart chart;
  add_over_budget(chart, ShownRows(results), million_dollars);
  ASSERT_EQ(chart.panels.size(), 1U);
  EXPECT_THAT(chart.panels[0].series[0].x, ElementsAre(60.0));
  results.pop_back();
  Chart none;
  add_over_budget(none, ShownRows(results), speedup);
  EXPECT_THAT(none.panels, IsEmpty());
}

// Trained on the other's network: (12 / 10 + 9 / 6) / 2 = 1.35, 35 % longer; on its own nothing.
TEST(ExperimentCharts, SlowdownsAreOverTheOwnNetwork) {
  std::vector<Result> results;
  const auto add = [&](const char* model, const char* target, double budget, double step) {
    results.push_back(changed(point("PerfOptBW", budget, step), [&](Row& row) {
      row.model = model;
      row.target = target;
    }));
  };
  add("a", "a", 50.0, 10.0);
  add("a", "b", 50.0, 12.0);
  add("a", "a", 100.0, 6.0);
  add("a", "b", 100.0, 9.0);
  add("b", "b", 50.0, 4.0);
  add("b", "b", 100.0, 2.0);
  results.push_back(changed(point("GroupOptBW", 50.0, 5.0), [](Row& row) {
    row.model = "b";
    row.target = "";
  }));
  Chart chart;
  add_slowdowns(chart, ShownRows(results));
  ASSERT_EQ(chart.panels.size(), 1U);
  const Chart::Panel& panel = chart.panels[0];
  EXPECT_THAT(panel.groups, ElementsAre("a", "b"));
  const Chart::Series* for_b = series_of(panel, "network made for b", Chart::Mark::Bars);
  ASSERT_NE(for_b, nullptr);
  EXPECT_NEAR(for_b->y[0], 35.0, 1e-9);
  EXPECT_NEAR(for_b->y[1], 0.0, 1e-9);
  const Chart::Series* for_a = series_of(panel, "network made for a", Chart::Mark::Bars);
  EXPECT_THAT(for_a->x, ElementsAre(0.0)) << "b was not trained on it";
  const Chart::Series* for_all = series_of(panel, "network made for all", Chart::Mark::Bars);
  ASSERT_NE(for_all, nullptr);
  EXPECT_THAT(for_all->x, ElementsAre(1.0));
  EXPECT_NEAR(for_all->y[0], 25.0, 1e-9);
}

// Against the equal split under the same list; of one list alone there is nothing to compare.
TEST(ExperimentCharts, PricesAreComparedWhereThereAreTwo) {
  std::vector<Result> results;
  for (const auto& [list, usd] : {std::pair{"cheap", 1e6}, {"dear", 4e6}}) {
    for (const auto& [rule, step] : {std::pair{"EqualBW", 12.0}, {"PerfPerCostOptBW", 6.0}}) {
      results.push_back(changed(point(rule, 50.0, step, rule[0] == 'E' ? 3.0 * usd : usd),
                                [&, name = list](Row& row) { row.prices = name; }));
    }
  }
  Chart chart;
  add_prices(chart, results);
  ASSERT_EQ(chart.panels.size(), 1U);
  ASSERT_EQ(chart.panels[0].series.size(), 2U);
  for (const Chart::Series& each : chart.panels[0].series) EXPECT_THAT(each.y, ElementsAre(6.0));
  results.resize(2);
  Chart one;
  add_prices(one, results);
  EXPECT_THAT(one.panels, IsEmpty());
}

// A front: each of its points is of the rows, none is beaten by another row, and every row is met or beaten.
TEST(ExperimentCharts, TheFrontIsWhatNothingBeats) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<Result> results;
    for (int i = 1; i <= 12; ++i) {
      const double usd = 1e6 * static_cast<double>(1 + random() % 9);
      const double step = 0.001 * static_cast<double>(1 + random() % 9);
      results.push_back(point(i % 2 == 0 ? "EqualBW" : "PerfOptBW", 10.0 * i, step, usd));
      results.back().row.step_time_bound_s = step;
    }
    Chart chart;
    add_pareto(chart, ShownRows(results));
    ASSERT_EQ(chart.panels.size(), 1U);
    const Chart::Series* front = series_of(chart.panels[0], "Pareto front", Chart::Mark::Dots);
    ASSERT_NE(front, nullptr);
    for (const Result& result : results) {
      const double x = *result.row.cost_usd / 1e6;
      const double y = *result.row.step_time_s * 1e3;
      bool met = false;
      for (std::size_t i = 0; i < front->x.size(); ++i) {
        met = met || (front->x[i] <= x && front->y[i] <= y);
        EXPECT_FALSE(x <= front->x[i] && y <= front->y[i] && (x < front->x[i] || y < front->y[i])) << trial;
      }
      EXPECT_TRUE(met) << trial;
    }
  }
  // Without a bound nothing is proved, and nothing drawn.
  const std::vector<Result> unproved = {point("EqualBW", 50.0, 1.0), point("EqualBW", 60.0, 1.0)};
  Chart none;
  add_pareto(none, ShownRows(unproved));
  EXPECT_THAT(none.panels, IsEmpty());
}

// 1 - bound / best: 0.5, then nothing left, which shows as the least that a logarithm can.
TEST(ExperimentCharts, GapsCloseAsTheTraceSays) {
  std::vector<Result> results = {point("EqualBW", 50.0, 1.0), point("PerfOptBW", 50.0, 1.0)};
  results[1].trace = {
      {1, 8.0, -std::numeric_limits<double>::infinity(), 2}, {2, 8.0, 4.0, 3}, {3, 8.0, 8.0, 5}};
  Chart chart;
  add_convergence(chart, results, ShownRows(results));
  ASSERT_EQ(chart.panels.size(), 1U);
  EXPECT_EQ(chart.panels[0].title, "net, 50 GB/s per NPU");
  const Chart::Series* gap = series_of(chart.panels[0], "PerfOptBW, m");
  ASSERT_NE(gap, nullptr);
  EXPECT_THAT(gap->x, ElementsAre(3.0, 5.0));
  EXPECT_THAT(gap->y, ElementsAre(0.5, 1e-16));
}

// Jobs on machines, the fastest first, at most 24 of a model; those that do not fit apart, in the same order.
TEST(ExperimentCharts, JobsAreInOrderOfTheirSteps) {
  std::vector<Result> results;
  for (int i = 30; i >= 1; --i) {
    results.push_back(changed(point("", 0.0, 0.1 * i), [&](Row& row) {
      row.machine = "dgx";
      row.options = fmt::format("tp={}", i);
      if (i % 3 == 0) row.status = "does not fit";
    }));
  }
  results.push_back(point("EqualBW", 50.0, 0.01));  // of no machine
  Chart chart;
  add_steps(chart, results);
  ASSERT_EQ(chart.panels.size(), 1U);
  const Chart::Panel& panel = chart.panels[0];
  ASSERT_EQ(panel.groups.size(), 24U);
  EXPECT_EQ(panel.groups.front(), "dgx, tp=1");
  EXPECT_EQ(panel.groups.back(), "dgx, tp=24");
  ASSERT_EQ(panel.series.size(), 2U);
  EXPECT_EQ(panel.series[0].x.size(), 16U);
  EXPECT_EQ(panel.series[1].x.size(), 8U);
  for (const Chart::Series& series : panel.series) {
    for (std::size_t i = 0; i < series.x.size(); ++i)
      EXPECT_NEAR(series.y[i], 0.1 * (series.x[i] + 1.0), 1e-12);
  }
}

// Points that differ in what no figure shows are on networks of their own: no line joins two price lists.
TEST(ShownRowsOfFigures, NetworksAreToldApart) {
  std::vector<Result> results = {point("EqualBW", 50.0, 1.0), point("EqualBW", 100.0, 1.0),
                                 point("EqualBW", 50.0, 2.0), point("EqualBW", 100.0, 2.0)};
  EXPECT_THAT(ShownRows(results).networks(), ElementsAre("net"));
  results[2].row.prices = results[3].row.prices = "dear";
  EXPECT_THAT(ShownRows(results).networks(), ElementsAre("net, dear", "net, list"));
  // By dimensions first.
  results[2].row.dimensions = results[3].row.dimensions = 4;
  EXPECT_THAT(ShownRows(results).networks(), ElementsAre("net, list", "net, dear"));
  // In two views the lists differ, but within none: nothing is told apart.
  results[2].row.view = results[3].row.view = "second";
  EXPECT_THAT(ShownRows(results).networks(), ElementsAre("net"));
  EXPECT_EQ(ShownRows(results).of("NoOverlap").rows().size(), 2U) << "of the first view";
  EXPECT_EQ(ShownRows(results).middle_budget(), 100.0);
  EXPECT_EQ(ShownRows(std::vector<Result>{}).middle_budget(), 0.0);
  EXPECT_THAT(ShownRows(results).loops(), ElementsAre("NoOverlap"));
}

// Of a network that ships its kinds; of any other its place, with limits of usual classes.
TEST(DimensionWords, AreOfTheNetworkWhereItIsKnown) {
  const std::vector<DimensionWords> unknown = dimension_words("mine.yaml", 2);
  ASSERT_EQ(unknown.size(), 2U);
  EXPECT_EQ(unknown[0].name, "dimension 1");
  EXPECT_EQ(unknown[0].limit_gb_per_s, 400.0);  // a Package
  EXPECT_EQ(unknown[1].limit_gb_per_s, 100.0);  // a Pod
  EXPECT_EQ(dimension_words("mine.yaml", 4)[0].limit_gb_per_s, 700.0);
  EXPECT_TRUE(std::isinf(dimension_words("mine.yaml", 5)[0].limit_gb_per_s));
  const std::vector<DimensionWords> known = dimension_words("Ring(8)_Switch(4), dear", 2);
  EXPECT_EQ(known[0].name, "Ring(8)");
  EXPECT_EQ(known[1].name, "Switch(4)");
  EXPECT_EQ(dimension_words("Ring(8)_Switch(4)", 3)[0].name, "dimension 1") << "of another count";
}

// Every chart has a panel at least, is one that can be drawn, and says which command draws it; none of
// nothing.
TEST(ExperimentCharts, AreThoseThatHaveSomething) {
  EXPECT_THAT(experiment_charts({}, "mine"), IsEmpty());
  std::vector<Result> results;
  for (const double budget : {50.0, 100.0}) {
    for (const char* rule : {"EqualBW", "PerfOptBW", "PerfPerCostOptBW"}) {
      results.push_back(point(rule, budget, 100.0 / budget));
      results.back().row.utilization = {0.25, 0.75};
      results.back().row.step_time_bound_s = 1.0;
      if (rule[0] == 'P') results.back().trace = {{1, 2.0, 1.0, 1}};
    }
  }
  std::vector<std::string> names;
  for (const Chart& chart : experiment_charts(results, "mine")) {
    names.push_back(chart.name);
    EXPECT_EQ(fault_of(chart), "");
    EXPECT_FALSE(chart.panels.empty());
    EXPECT_EQ(chart.command, "bandwright plot mine " + chart.name);
  }
  EXPECT_THAT(names, ElementsAre("fig12", "fig13", "fig14", "pareto", "convergence", "utilization"));
  // In percent, of the budget in the middle.
  const Chart busy = experiment_charts(results, "mine").back();
  EXPECT_THAT(busy.panels[0].series[0].y, ElementsAre(25.0, 75.0));
  EXPECT_THAT(busy.panels[0].groups, ElementsAre("dimension 1", "dimension 2"));
}

}  // namespace
}  // namespace bandwright
