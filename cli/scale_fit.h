#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cli/output.h"
#include "scaling/fit.h"

namespace bandwright {

// A series with what was found out about it.
struct FittedSeries {
  ScalingSeries series;
  ScalingFit summary;
  double efficiency_bound = 0.5;

  // Measured speedups are over the measured time of one worker, or the law's where one worker was not
  // measured.
  [[nodiscard]] double one_worker_seconds() const;
  [[nodiscard]] double speedup(const ScalingPoint& point) const;
  [[nodiscard]] std::string_view kind(const ScalingPoint& point) const;  // measured, left_out, held_out
};

std::string fit_text(const std::vector<FittedSeries>& all);
std::string fit_json(
    const std::vector<FittedSeries>& all);  // one series is the answer itself, several a list
// Measured points, predictions, and the law at counts dense enough to be drawn.
TextTable fit_csv(const std::vector<FittedSeries>& all);

}  // namespace bandwright
