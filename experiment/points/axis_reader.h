#pragma once
#include "experiment/inputs.h"
#include "experiment/points/grid.h"
#include "experiment/specification.h"

namespace bandwright {

// Single values of a grid's axes, read into a point: its columns, and what they name. Each throws InputError
// at the value's place.
class AxisReader {
 public:
  AxisReader(const Grid& grid, ExperimentInputs& inputs) : grid_(grid), inputs_(inputs) {}

  void read_view(Point& point, const YamlValue& word) const { point.asked.view = word.as_string(); }
  void read_engine(Point& point, const YamlValue& word) const;
  void read_library(Point& point, const YamlValue& word) const;
  void read_network(Point& point, const YamlValue& word) const;
  void read_wiring(Point& point, const YamlValue& word) const;
  void read_loop(Point& point, const YamlValue& word) const;
  void read_recompute(Point& point, const YamlValue& word) const;
  void read_tables(Point& point, const YamlValue& word) const;
  void read_scale(Point& point, const YamlValue& number) const;
  void read_prices(Point& point, const YamlValue& word) const;
  void read_rule(Point& point, const YamlValue& word) const;
  void read_model(Point& point, const YamlValue& word) const;
  void read_files(Point& point, const YamlValue& word) const;
  void read_collective(Point& point, const YamlValue& word) const;
  void read_size(Point& point, const YamlValue& word) const;

  // What a point of its kind can be made for.
  [[nodiscard]] const Workload& model_of(const Point& point, const YamlValue& word) const;

 private:
  const Grid& grid_;
  ExperimentInputs& inputs_;
};

}  // namespace bandwright
