#include "report/page/drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "report/render.h"

namespace bandwright {
namespace {

// Legible on white and on black paper, for a page that knows neither; the page's style has two palettes.
constexpr std::array<std::string_view, 8> inks = {"#7a7a7a", "#0f7fc4", "#b87500", "#00916b",
                                                  "#d55e00", "#b5658f", "#3d8fb8", "#8c6d31"};

constexpr double width = 480.0;
constexpr double height = 300.0;
constexpr double left = 64.0;
constexpr double right = 12.0;
constexpr double top = 12.0;
constexpr double bottom = 48.0;

// From the numbers of an axis to places on the paper.
class AxisScale {
 public:
  AxisScale(double low, double high, bool logarithmic, double from, double to)
      : logarithmic_(logarithmic), low_(low), high_(high), from_(from), to_(to) {}
  [[nodiscard]] double place(double value) const {
    const double share = (seen(value) - seen(low_)) / (seen(high_) - seen(low_));
    return from_ + share * (to_ - from_);
  }
  [[nodiscard]] bool shows(double value) const { return !logarithmic_ || value > 0.0; }
  [[nodiscard]] std::vector<double> marks(std::size_t most) const {
    return ticks(low_, high_, logarithmic_, most);
  }

 private:
  [[nodiscard]] double seen(double value) const { return logarithmic_ ? std::log10(value) : value; }
  bool logarithmic_;
  double low_;
  double high_;
  double from_;
  double to_;
};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void see(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // With air around it, and never empty.
  [[nodiscard]] Range padded(bool logarithmic) const {
    if (low > high) return {1.0, 10.0};
    if (logarithmic) return {low / 1.1, high * 1.1};
    const double air = high > low ? 0.05 * (high - low) : std::max(1.0, std::abs(high));
    return {low - air, high + air};
  }
};

bool has_bars(const Chart::Panel& panel) { return !panel.groups.empty(); }

AxisScale scale_x(const Chart& chart, const Chart::Panel& panel) {
  if (has_bars(panel)) {
    return {-0.5, static_cast<double>(panel.groups.size()) - 0.5, false, left, width - right};
  }
  Range range;
  for (const Chart::Series& series : panel.series) {
    for (const double x : series.x) {
      if (!chart.x.logarithmic || x > 0.0) range.see(x);
    }
  }
  range = range.padded(chart.x.logarithmic);
  return {range.low, range.high, chart.x.logarithmic, left, width - right};
}

// All panels of a chart have one scale to the side, so that they can be compared.
AxisScale scale_y(const Chart& chart) {
  Range range;
  for (const Chart::Panel& panel : chart.panels) {
    if (has_bars(panel)) range.see(0.0);
    for (const Chart::Series& series : panel.series) {
      for (const double y : series.y) {
        if (!chart.y.logarithmic || y > 0.0) range.see(y);
      }
    }
  }
  range = range.padded(chart.y.logarithmic);
  return {range.low, range.high, chart.y.logarithmic, height - bottom, top};
}

std::string text(double x, double y, std::string_view anchor, const std::string& words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escaped_html(words));
}

std::string line(double x1, double y1, double x2, double y2) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#9aa3b2\" "
      "stroke-width=\"0.5\"></line>\n",
      x1, y1, x2, y2);
}

std::string axes(const Chart& chart, const Chart::Panel& panel, const AxisScale& x, const AxisScale& y) {
  std::string svg;
  for (const double mark : y.marks(6)) {
    svg += line(left, y.place(mark), width - right, y.place(mark));
    svg += text(left - 6, y.place(mark) + 4, "end", significant(mark, 3));
  }
  if (has_bars(panel)) {
    for (std::size_t i = 0; i < panel.groups.size(); ++i) {
      svg += text(x.place(static_cast<double>(i)), height - bottom + 16, "middle", panel.groups[i]);
    }
  } else {
    for (const double mark : x.marks(6)) {
      svg += line(x.place(mark), height - bottom, x.place(mark), height - bottom + 4);
      svg += text(x.place(mark), height - bottom + 16, "middle", significant(mark, 3));
    }
  }
  svg += text((left + width - right) / 2, height - 8, "middle", chart.x.label);
  return svg + fmt::format(
                   "<text transform=\"translate(14 {:.0f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                   (top + height - bottom) / 2, escaped_html(chart.y.label));
}

struct Pen {
  const AxisScale& x;
  const AxisScale& y;
  std::string_view ink;

  [[nodiscard]] std::string curve(const Chart::Series& series) const {
    std::string points;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!x.shows(series.x[i]) || !y.shows(series.y[i])) continue;
      points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", x.place(series.x[i]),
                            y.place(series.y[i]));
    }
    return fmt::format(
        "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{} points=\"{}\"></polyline>\n", ink,
        series.mark == Chart::Mark::Dashes ? " stroke-dasharray=\"6 4\"" : "", points);
  }
  [[nodiscard]] std::string dots(const Chart::Series& series) const {
    std::string svg;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!x.shows(series.x[i]) || !y.shows(series.y[i])) continue;
      svg +=
          fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"none\" stroke=\"{}\"></circle>\n",
                      x.place(series.x[i]), y.place(series.y[i]), ink);
    }
    return svg;
  }
  // The `place`-th of `count` beside each other.
  [[nodiscard]] std::string bars(const Chart::Series& series, std::size_t place, std::size_t count) const {
    std::string svg;
    const double wide = 0.8 / static_cast<double>(count);
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      const double from = series.x[i] - 0.4 + wide * static_cast<double>(place);
      const double high = y.place(series.y[i]);
      const double low = y.place(0.0);
      svg += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"></rect>\n",
          x.place(from), std::min(low, high), x.place(from + 0.94 * wide) - x.place(from),
          std::abs(low - high), ink);
    }
    return svg;
  }
};

std::string_view mark_name(Chart::Mark mark) {
  constexpr std::array<std::string_view, 5> names = {"line", "dashes", "dots", "bars", "cells"};
  return names[static_cast<std::size_t>(mark)];
}

}  // namespace

std::vector<double> ticks(double from, double to, bool logarithmic, std::size_t most) {
  std::vector<double> marks;
  if (logarithmic) {
    const auto within = [&](double mark) { return mark >= from && mark <= to; };
    const auto first = static_cast<int>(std::floor(std::log10(from)));
    const auto last = static_cast<int>(std::ceil(std::log10(to)));
    const auto powers = static_cast<int>(most);
    const auto step = std::max(1, (last - first + powers - 1) / powers);
    for (int power = first; power <= last; power += step) {
      for (const double times : {1.0, 2.0, 5.0}) {
        const double mark = times * std::pow(10.0, power);
        if (within(mark) && (times == 1.0 || last - first <= 3)) marks.push_back(mark);
      }
    }
    return marks;
  }
  const double rough = (to - from) / static_cast<double>(most);
  if (!(rough > 0.0)) return marks;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10.0 * power;
  for (const double times : {5.0, 2.0, 1.0}) {
    if (times * power >= rough) step = times * power;
  }
  // In whole steps: sums of them are rounded, and would miss the end.
  constexpr double rounding = 1e-9;
  const double last = std::floor(to / step + rounding);
  for (double count = std::ceil(from / step - rounding); count <= last; ++count) {
    marks.push_back(count == 0.0 ? 0.0 : count * step);
  }
  return marks;
}

namespace {

std::string panel_svg(const Chart& chart, const Chart::Panel& panel) {
  const AxisScale x = scale_x(chart, panel);
  const AxisScale y = scale_y(chart);
  const std::vector<std::string> names = series_names(chart);
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" aria-label=\"{2}: {3}\" font-size=\"12\" "
      "fill=\"currentColor\">\n",
      width, height, escaped_html(chart.name), escaped_html(panel.title));
  svg += axes(chart, panel, x, y);
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    const Chart::Series& series = panel.series[i];
    const auto place =
        static_cast<std::size_t>(std::find(names.begin(), names.end(), series.name) - names.begin());
    const Pen pen{x, y, inks[place % inks.size()]};
    switch (series.mark) {
      case Chart::Mark::Bars:
        svg += pen.bars(series, i, panel.series.size());
        break;
      case Chart::Mark::Dots:
        svg += pen.dots(series);
        break;
      default:
        svg += pen.curve(series);
    }
  }
  return svg + "</svg>\n";
}

std::string chart_json(const Chart& chart) {
  using Json = nlohmann::ordered_json;
  Json panels = Json::array();
  for (const Chart::Panel& panel : chart.panels) {
    Json series = Json::array();
    for (const Chart::Series& each : panel.series) {
      series.push_back({{"name", each.name}, {"mark", mark_name(each.mark)}, {"x", each.x}, {"y", each.y}});
    }
    panels.push_back({{"title", panel.title},
                      {"view", panel.view},
                      {"groups", panel.groups},
                      {"words", panel.group_words},
                      {"series", std::move(series)}});
  }
  const auto axis = [](const Chart::Axis& each) {
    return Json{{"label", each.label}, {"log", each.logarithmic}};
  };
  const Json root = {
      {"name", chart.name}, {"x", axis(chart.x)}, {"y", axis(chart.y)}, {"panels", std::move(panels)}};
  std::string text = root.dump(-1, ' ', false, Json::error_handler_t::replace);
  // "</script>" in a name would end the element that the data stands in.
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at))
    text.replace(at, 1, "\\u003c");
  return text;
}

// A map as a table, darker where less. Its text is legible on white and on black paper, and so are its
// shades.
class CellMap {
 public:
  CellMap(const Chart& chart, const Chart::Panel& panel) : chart_(chart), panel_(panel) {
    for (const Chart::Series& row : panel.series) {
      for (const double value : row.y) values_.see(value);
    }
  }

  [[nodiscard]] std::string html() const {
    std::string html = fmt::format("<div class=\"wide\"><table class=\"cells\">\n<thead>\n<tr><th>{}</th>",
                                   escaped_html(chart_.x.label));
    for (const std::string& group : panel_.groups)
      html += fmt::format("<th scope=\"col\">{}</th>", escaped_html(group));
    html += "</tr>\n</thead>\n<tbody>\n";
    for (const Chart::Series& row : panel_.series) {
      html += fmt::format("<tr><th scope=\"row\">{}</th>", escaped_html(row.name));
      for (std::size_t c = 0; c < panel_.groups.size(); ++c) html += cell(row, c);
      html += "</tr>\n";
    }
    return html + "</tbody>\n</table></div>\n";
  }

 private:
  [[nodiscard]] std::string cell(const Chart::Series& row, std::size_t column) const {
    const auto at = std::find(row.x.begin(), row.x.end(), static_cast<double>(column)) - row.x.begin();
    if (at == static_cast<std::ptrdiff_t>(row.x.size())) return "<td></td>";
    const double value = row.y[static_cast<std::size_t>(at)];
    const bool least = value <= values_.low;
    return fmt::format(
        "<td class=\"number{}\" style=\"background:rgb(0 114 178/{:.0f}%)\" title=\"{}, {}: {} {}\">{}</td>",
        least ? " least" : "", shade(value), escaped_html(row.name), escaped_html(panel_.groups[column]),
        escaped_html(chart_.y.label), significant(value, 6), significant(value, 4));
  }

  // In percent, by the logarithm: the least has most ink.
  [[nodiscard]] double shade(double value) const {
    constexpr double least_ink = 4.0;
    constexpr double most_ink = 55.0;
    if (!(values_.low > 0.0 && values_.high > values_.low)) return most_ink;
    const double place = std::log(values_.high / value) / std::log(values_.high / values_.low);
    return least_ink + (most_ink - least_ink) * place;
  }

  const Chart& chart_;
  const Chart::Panel& panel_;
  Range values_;
};

std::string legend(const Chart& chart) {
  if (std::all_of(chart.panels.begin(), chart.panels.end(), has_cells)) return "";
  std::string items;
  const std::vector<std::string> names = series_names(chart);
  for (std::size_t i = 0; i < names.size(); ++i) {
    items += fmt::format("<span><span style=\"color:{}\">&#9632;</span> {}</span>\n", inks[i % inks.size()],
                         escaped_html(names[i]));
  }
  return "<p class=\"legend\">\n" + items + "</p>\n";
}

}  // namespace

std::string chart_html(const Chart& chart, bool with_numbers) {
  std::string html = legend(chart);
  const bool several = views_of(chart).size() > 1;
  html += fmt::format("<div class=\"panels{}\">\n", chart.panels.size() == 1 ? " single" : "");
  for (const Chart::Panel& panel : chart.panels) {
    const std::string view = several && !panel.view.empty() ? ", view " + panel.view : "";
    html += fmt::format("<figure><figcaption>{}</figcaption>\n", escaped_html(panel.title + view));
    if (has_cells(panel)) {
      html += CellMap(chart, panel).html() + "</figure>\n";
    } else {
      html += fmt::format("<div class=\"plot\">\n{}</div></figure>\n", panel_svg(chart, panel));
    }
  }
  html += "</div>\n";
  if (with_numbers) html += "<script type=\"application/json\">" + chart_json(chart) + "</script>\n";
  return html;
}

}  // namespace bandwright
