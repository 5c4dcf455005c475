#pragma once
#include "core/text.h"
#include "scaling/series.h"

namespace bandwright {

// A series of tests/data/emulator_scaling.csv, whose first lines say where it is from.
inline ScalingSeries measured_runs(const std::string& name) {
  std::string text = read_text_file("tests/data/emulator_scaling.csv");
  while (text.starts_with('#')) text.erase(0, text.find('\n') + 1);
  for (const ScalingSeries& series : parse_scaling_csv(text, "emulator_scaling.csv", ScalingMode::Strong)) {
    if (series.name == name) return series;
  }
  throw std::runtime_error("no series " + name);
}

}  // namespace bandwright
