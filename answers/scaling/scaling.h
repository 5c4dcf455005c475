#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "report/document.h"
#include "scaling/laws/fit.h"
#include "scaling/measure.h"
#include "scaling/series.h"
#include "scaling/trials.h"
#include "study/scaling/curve.h"

namespace bandwright {

// The answers of the subcommands of `scale`.

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
// Its rows are measured points, predictions, and the law at counts dense enough to be drawn.
Document fit_document(const std::vector<FittedSeries>& all);

// A row per number of workers.
Document curve_document(const SimulatedCurve& answer);

struct TrialsAnswer {
  TrialCluster cluster;
  const TrialScheduler* scheduler = nullptr;
  int jobs = 0;
  double one_worker_seconds = 0.0;
  std::vector<TrialsSummary> points;
  std::vector<std::string> warnings;
};
// Trials at each number of workers, and on one.
TrialsAnswer trials_answer(const std::vector<Trial>& trials, const std::vector<int>& workers,
                           const TrialCluster& cluster, const TrialScheduler& scheduler,
                           const HalvingOptions& halving);
Document trials_document(const TrialsAnswer& answer);

Document measurement_document(const std::vector<std::string>& command,
                              const std::vector<MeasuredPoint>& points);

// Columns in which no row says anything are for programs alone.
void hide_empty_columns(Table& table);

}  // namespace bandwright
