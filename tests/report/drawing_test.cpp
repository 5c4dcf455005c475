// Charts as they are drawn: marks on axes, lines, dots, bars and cells where their numbers say.
#include "report/page/drawing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <regex>

#include "core/error.h"
#include "report/render.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// On a scale from 0 to 100 that is 100 wide: marks at every 20.
TEST(Drawing, TicksAreRoundAndWithinTheRange) {
  EXPECT_EQ(ticks(0.0, 100.0, false, 5), (std::vector<double>{0.0, 20.0, 40.0, 60.0, 80.0, 100.0}));
  EXPECT_EQ(ticks(-1.0, 1.0, false, 4), (std::vector<double>{-1.0, -0.5, 0.0, 0.5, 1.0}));
  EXPECT_EQ(ticks(1.0, 100.0, true, 6), (std::vector<double>{1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0}));
  EXPECT_TRUE(ticks(1.0, 1.0, false, 5).empty());
}

TEST(Drawing, APanelHasALineForEachSeriesAndLeavesOutWhatHasNoLogarithm) {
  const Chart chart{
      .name = "c",
      .caption = "",
      .x = {"x"},
      .y = {"y", true},
      .panels = {{"p", {{"a", {1, 2, 3}, {0.0, 10.0, 100.0}}, {"b", {1}, {1}, Chart::Mark::Dots}}}}};
  const std::string html = chart_html(chart, true);
  // Of three points of `a` one is at 0: two places are left on the polyline.
  const std::size_t at = html.find("points=\"");
  ASSERT_NE(at, std::string::npos);
  const std::string points = html.substr(at + 8, html.find('"', at + 8) - at - 8);
  EXPECT_EQ(std::count(points.begin(), points.end(), ','), 2);
  EXPECT_THAT(html, HasSubstr("<circle"));
  EXPECT_THAT(html, HasSubstr(R"("x":[1.0,2.0,3.0],"y":[0.0,10.0,100.0])"));
}

TEST(Drawing, AChartOfUnevenOrEndlessNumbersIsAFault) {
  Chart chart{.name = "c", .caption = "", .x = {}, .y = {}, .panels = {{"p", {{"a", {1.0}, {}}}}}};
  EXPECT_EQ(fault_of(chart), "c: a is uneven");
  chart.panels[0].series[0].y = {std::nan("")};
  EXPECT_EQ(fault_of(chart), "c: a is not finite");
  Document document;
  document.add(chart);
  EXPECT_THROW(render_html(document), InputError);
}

// Every multiple of a round step within the range, the ends among them where they are multiples, and not more
// than were asked for but for the first.
TEST(Drawing, TicksAreEveryMultipleWithinTheRange) {
  for (const double end : {0.3, 0.6, 0.7, 0.9, 1.2, 3.6, 60.0}) {
    const std::vector<double> marks = ticks(0.0, end, false, 3);
    ASSERT_GE(marks.size(), 2U) << end;
    EXPECT_EQ(marks.front(), 0.0);
    const double step = marks[1];
    EXPECT_NEAR(marks.back(), std::floor(end / step + 1e-9) * step, 1e-9) << end;
  }
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const double from = std::uniform_real_distribution<double>(-100.0, 100.0)(random);
    const double to = from + std::exp(std::uniform_real_distribution<double>(-9.0, 9.0)(random));
    const std::size_t most = 2 + random() % 8;
    const std::vector<double> marks = ticks(from, to, false, most);
    EXPECT_LE(marks.size(), most + 1) << from << " " << to;
    const double air = 1e-6 * (to - from);
    for (std::size_t k = 0; k < marks.size(); ++k) {
      EXPECT_GE(marks[k], from - air);
      EXPECT_LE(marks[k], to + air);
      if (k < 2) continue;
      EXPECT_NEAR(marks[k] - marks[k - 1], marks[1] - marks[0], air + 1e-9 * std::abs(from));
    }
  }
}

// Powers of ten, with 2 and 5 times them where there are few; over many decades not more than were asked for.
TEST(Drawing, LogarithmicTicksArePowersOfTen) {
  EXPECT_THAT(ticks(3.0, 40.0, true, 6), ElementsAre(5.0, 10.0, 20.0));
  for (const int decades : {4, 5, 7, 11, 13, 30}) {
    const std::vector<double> marks = ticks(1e-6, std::pow(10.0, decades - 6), true, 6);
    EXPECT_LE(marks.size(), 7U) << decades;
    EXPECT_GE(marks.size(), 3U) << decades;
    for (const double mark : marks) {
      const double power = std::log10(mark);
      EXPECT_NEAR(power, std::round(power), 1e-9);
    }
  }
}

struct Rectangle {
  double x, y, width, height;
};

std::vector<Rectangle> rectangles(const std::string& html) {
  static const std::regex pattern(
      "<rect x=\"([-0-9.]+)\" y=\"([-0-9.]+)\" width=\"([-0-9.]+)\" height=\"([-0-9.]+)\"");
  std::vector<Rectangle> all;
  for (std::sregex_iterator it(html.begin(), html.end(), pattern), end; it != end; ++it) {
    all.push_back({std::stod((*it)[1]), std::stod((*it)[2]), std::stod((*it)[3]), std::stod((*it)[4])});
  }
  return all;
}

// Bars of a group stand beside each other, as high as their numbers, those below 0 down from it.
TEST(Drawing, BarsAreAsHighAsTheirNumbers) {
  const Chart chart{.name = "c",
                    .caption = "",
                    .x = {"x"},
                    .y = {"y"},
                    .panels = {{"p",
                                {{"a", {0, 1}, {10.0, 20.0}, Chart::Mark::Bars},
                                 {"b", {0, 1}, {-10.0, 0.0}, Chart::Mark::Bars}},
                                {"one", "two"}}}};
  const std::vector<Rectangle> bars = rectangles(chart_html(chart, false));
  ASSERT_EQ(bars.size(), 4U);
  EXPECT_NEAR(bars[1].height, 2.0 * bars[0].height, 0.11);
  EXPECT_NEAR(bars[2].height, bars[0].height, 0.11);
  EXPECT_NEAR(bars[2].y, bars[0].y + bars[0].height, 0.11) << "down from 0";
  EXPECT_EQ(bars[3].height, 0.0);
  for (const Rectangle& bar : bars) EXPECT_GT(bar.width, 0.0);
  EXPECT_LE(bars[0].x + bars[0].width, bars[2].x + 0.11) << "beside each other";
  EXPECT_LE(bars[2].x + bars[2].width, bars[1].x + 0.11) << "before the next group";
}

// Cells: what is least has most ink and is marked, what is most has least; a place without a number is empty.
TEST(Drawing, CellsAreDarkerWhereThereIsLess) {
  const Chart chart{.name = "map",
                    .caption = "",
                    .x = {"TP"},
                    .y = {"step", true},
                    .panels = {{"p",
                                {{"row <1>", {0, 1}, {1.0, 10.0}, Chart::Mark::Cells},
                                 {"row 2", {1}, {100.0}, Chart::Mark::Cells}},
                                {"1", "2"}}}};
  const std::string html = chart_html(chart, false);
  std::vector<int> ink;
  static const std::regex shade("114 178/([0-9]+)%");
  for (std::sregex_iterator it(html.begin(), html.end(), shade), end; it != end; ++it)
    ink.push_back(std::stoi((*it)[1]));
  // From 4 to 55 by the logarithm: 10 is in the middle of 1 and 100.
  EXPECT_THAT(ink, ElementsAre(55, 30, 4));
  EXPECT_THAT(html, HasSubstr("<td></td>"));
  EXPECT_THAT(html, HasSubstr("title=\"row &lt;1&gt;, 1: step 1\""));
  const std::string first = html.substr(0, html.find("row 2"));
  EXPECT_THAT(first, HasSubstr("number least"));
  EXPECT_THAT(html.substr(first.size()), Not(HasSubstr("number least")));
  EXPECT_THAT(html, Not(HasSubstr("<svg")));
  EXPECT_THAT(html, Not(HasSubstr("legend"))) << "rows are named in the map";
}

// Series of several panels have one look each; names stand once, views where there are several.
TEST(Drawing, SeriesAndViewsAreNamedOnce) {
  Chart chart{.name = "c", .caption = "", .x = {}, .y = {}, .panels = {}};
  chart.panels.push_back({.title = "p", .series = {{"b", {1}, {1}}, {"a", {1}, {1}}}, .view = "second"});
  chart.panels.push_back({.title = "q", .series = {{"a", {2}, {2}}, {"c", {2}, {2}}}, .view = "first"});
  chart.panels.push_back({.title = "r", .series = {}, .view = ""});
  EXPECT_THAT(series_names(chart), ElementsAre("b", "a", "c"));
  EXPECT_THAT(views_of(chart), ElementsAre("second", "first"));
  const std::string html = chart_html(chart, false);
  EXPECT_THAT(html, HasSubstr("p, view second"));
  EXPECT_THAT(html, HasSubstr("<figcaption>r<"));
  // `a` has the second ink in both panels.
  static const std::regex line("stroke=\"(#[0-9a-f]{6})\" stroke-width=\"2\"");
  std::vector<std::string> inks;
  for (std::sregex_iterator it(html.begin(), html.end(), line), end; it != end; ++it)
    inks.push_back((*it)[1]);
  ASSERT_EQ(inks.size(), 4U);
  EXPECT_EQ(inks[1], inks[2]);
  EXPECT_NE(inks[0], inks[1]);
  EXPECT_NE(inks[3], inks[1]);
}

// No name ends the element that a chart's numbers stand in.
TEST(Drawing, NumbersForTheScriptAreSafe) {
  const std::string evil = "</script><script>alert(1)//\xff";
  const Chart chart{
      .name = evil, .caption = "", .x = {evil}, .y = {}, .panels = {{evil, {{evil, {1}, {1}}}}}};
  const std::string html = chart_html(chart, true);
  const std::string ending = "</script>";
  EXPECT_EQ(html.find(ending), html.size() - ending.size() - 1);
  EXPECT_THAT(chart_html(chart, false), Not(HasSubstr("script>")));
}

}  // namespace
}  // namespace bandwright
