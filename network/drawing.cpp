#include "network/drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace bandwright {
namespace {

constexpr double width = 1200.0;
constexpr double margin = 40.0;
constexpr double highest_arc = 130.0;  // of links within a level
constexpr std::array colours = {"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b"};

struct Point {
  double x = 0.0;
  double y = 0.0;
};

class Drawing {
 public:
  explicit Drawing(const NetworkGraph& graph) : graph_(graph), places_(graph.nodes.size()) {
    if (static_cast<std::size_t>(graph.npus()) == graph.nodes.size()) {
      place_on_grid();
    } else {
      place_by_level();
    }
  }

  std::string text() {
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" font-family=\"sans-serif\" "
        "font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        width, height_ + 20.0 * static_cast<double>(graph_.classes.size()) + margin);
    for (std::size_t i = 0; i < graph_.links.size(); ++i) {
      svg += line_of(graph_.links[i]);
      if (goes_back(i + 1)) ++i;  // the same cable
    }
    for (NodeId node = 0; node < graph_.nodes.size(); ++node) svg += mark_of(node);
    return svg + legend() + "</svg>\n";
  }

 private:
  void place_by_level() {
    std::map<int, std::vector<NodeId>> levels;
    for (NodeId node = 0; node < graph_.nodes.size(); ++node) {
      levels[graph_.nodes[node].kind == NodeKind::Npu ? 0 : graph_.nodes[node].level].push_back(node);
    }
    height_ = 2.0 * margin + 150.0 * static_cast<double>(levels.size() - 1);
    const bool arcs = std::any_of(graph_.links.begin(), graph_.links.end(),
                                  [&](const GraphLink& link) { return same_level(link); });
    if (arcs) height_ += highest_arc;
    double y = height_ - margin;
    for (const auto& [level, nodes] : levels) {
      const double step = (width - 2.0 * margin) / static_cast<double>(nodes.size());
      narrowest_ = std::min(narrowest_, step);
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        places_[nodes[i]] = {margin + (static_cast<double>(i) + 0.5) * step, y};
      }
      y -= 150.0;
    }
  }

  void place_on_grid() {
    const auto npus = static_cast<std::size_t>(graph_.npus());
    columns_ = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(npus))));
    if (!graph_.grid.empty()) {
      columns_ = static_cast<std::size_t>(parse_network(graph_.grid).dimensions.front().npus);
      while (columns_ * columns_ < npus) columns_ *= 2;
    }
    const double step = (width - 2.0 * margin) / static_cast<double>(columns_);
    narrowest_ = step;
    height_ = 2.0 * margin + step * std::ceil(static_cast<double>(npus) / static_cast<double>(columns_));
    for (std::size_t i = 0; i < npus; ++i) {
      const std::size_t row = i / columns_;
      places_[i] = {margin + (static_cast<double>(i % columns_) + 0.5) * step,
                    height_ - margin - (static_cast<double>(row) + 0.5) * step};
    }
  }

  // Whether a link is the other direction of the one before it.
  [[nodiscard]] bool goes_back(std::size_t link) const {
    if (link >= graph_.links.size()) return false;
    const GraphLink& before = graph_.links[link - 1];
    return graph_.links[link].from == before.to && graph_.links[link].to == before.from;
  }

  [[nodiscard]] bool same_level(const GraphLink& link) const {
    return columns_ == 0 && graph_.nodes[link.from].kind != NodeKind::Npu &&
           graph_.nodes[link.to].kind != NodeKind::Npu &&
           graph_.nodes[link.from].level == graph_.nodes[link.to].level;
  }

  [[nodiscard]] const char* colour(const GraphLink& link) const {
    return colours[link.link_class % colours.size()];
  }

  // A line, an arc within a level, or a stub at either end that points out of the grid.
  [[nodiscard]] std::string course_of(const GraphLink& link) const {
    const Point a = places_[link.from];
    const Point b = places_[link.to];
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    if (columns_ > 0 && length > 2.5 * narrowest_) {
      const Point out{0.3 * narrowest_ * (b.x - a.x) / length, 0.3 * narrowest_ * (b.y - a.y) / length};
      return fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}M{:.1f} {:.1f}L{:.1f} {:.1f}", a.x, a.y, a.x - out.x,
                         a.y - out.y, b.x, b.y, b.x + out.x, b.y + out.y);
    }
    const double arc = same_level(link) ? std::min(highest_arc, 0.3 * length) : 0.0;
    return fmt::format("M{:.1f} {:.1f}Q{:.1f} {:.1f} {:.1f} {:.1f}", a.x, a.y, (a.x + b.x) / 2.0,
                       (a.y + b.y) / 2.0 - 2.0 * arc, b.x, b.y);
  }

  [[nodiscard]] std::string line_of(const GraphLink& link) const {
    const double thickness = std::clamp(narrowest_ / 12.0, 0.15, 1.5) * std::min(3.0, std::sqrt(link.cables));
    return fmt::format(
        "<path class=\"link\" d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{:.2f}\" "
        "stroke-opacity=\"0.6\"{}/>\n",
        course_of(link), colour(link), thickness, link.failed ? " stroke-dasharray=\"4 4\"" : "");
  }

  [[nodiscard]] std::string mark_of(NodeId id) const {
    const Point at = places_[id];
    const double size = std::clamp(narrowest_ * 0.35, 0.6, 7.0);
    if (graph_.nodes[id].kind == NodeKind::Npu) {
      return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"#333\"/>\n", at.x, at.y,
                         size);
    }
    const bool port = graph_.nodes[id].kind == NodeKind::Port;
    return fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" stroke=\"#333\"/>\n",
        at.x - size, at.y - size, 2.0 * size, 2.0 * size, port ? "#ffe8b0" : "#dde8f8");
  }

  [[nodiscard]] std::string legend() const {
    std::string text;
    double y = height_ + 10.0;
    for (std::size_t c = 0; c < graph_.classes.size(); ++c, y += 20.0) {
      std::string name;
      for (const char letter : graph_.classes[c].name) {
        name += letter == '<' ? "&lt;" : letter == '&' ? "&amp;" : std::string(1, letter);
      }
      text += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" fill=\"{}\">{}</text>\n", margin, y,
                          colours[c % colours.size()], name);
    }
    return text;
  }

  const NetworkGraph& graph_;
  std::vector<Point> places_;
  double height_ = 0.0;
  double narrowest_ = width;
  std::size_t columns_ = 0;  // of a grid; 0: levels
};

}  // namespace

std::string drawing_of(const NetworkGraph& graph) { return Drawing(graph).text(); }

}  // namespace bandwright
