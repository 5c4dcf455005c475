#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace bandwright {

// Lines, dots, bars or a map of cells, for pages only: a drawing that the page's script makes interactive.
struct Chart {
  // Cells: a series is a row of the map, its groups are the columns, and what is least is darkest. All of a
  // panel's series have it, or none.
  enum class Mark : std::uint8_t { Line, Dashes, Dots, Bars, Cells };
  struct Axis {
    std::string label;
    bool logarithmic = false;  // leaves out what is not above 0
  };
  // A series has the same look and the same switch in every panel; told apart by its name.
  struct Series {
    std::string name;
    std::vector<double> x;  // of bars and cells: the place of the group, 0, 1 ...
    std::vector<double> y;
    Mark mark = Mark::Line;
  };
  struct Panel {
    std::string title;
    std::vector<Series> series;
    std::vector<std::string> groups = {};       // names under groups of bars, of columns of cells
    std::vector<std::string> group_words = {};  // in tooltips, where names are short
    std::string view = {};                      // readers choose one of several; "": in each
  };
  std::string name;
  std::string caption;
  Axis x;
  Axis y;
  std::vector<Panel> panels;
  std::string command = {};  // that draws it for print; "" where none does
};

bool has_cells(const Chart::Panel& panel);

// Views of the panels, in the order in which they first come.
std::vector<std::string> views_of(const Chart& chart);

// Names of all series, in the order in which they first come: what a reader switches.
std::vector<std::string> series_names(const Chart& chart);

// The first number that is not finite, or a series whose x and y are not of one length; "" when there is
// none.
std::string fault_of(const Chart& chart);

}  // namespace bandwright
