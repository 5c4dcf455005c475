#pragma once
#include <optional>
#include <string>
#include <vector>

#include "scaling/laws/law_fit.h"
#include "scaling/laws/laws.h"
#include "scaling/series.h"

namespace bandwright {

struct FitOptions {
  std::vector<int> predict;  // worker counts to predict, each from 1
  int holdout = 0;           // measurements with the most workers kept from the fit and predicted
  double efficiency = 0.5;   // below it more workers do not pay
};

struct Prediction {
  int workers = 0;
  double seconds = 0.0;  // for a unit of work
  std::optional<SecondsRange> range;
  std::optional<double> measured;  // of a point held out

  // Relative error against the measurement.
  [[nodiscard]] std::optional<double> error() const {
    return measured ? std::optional(seconds / *measured - 1.0) : std::nullopt;
  }
};

struct LawCandidate {
  const ScalingLaw* law = nullptr;
  std::optional<LawFit> fit;
  std::string refused;  // why there is no fit
};

struct ScalingFit {
  std::vector<LawCandidate> candidates;
  std::optional<LawFit>
      chosen;  // the smallest AICc, the simplest of equals; none when no law could be fitted
  std::vector<ScalingPoint> used;
  std::vector<ScalingPoint> left_out;
  std::vector<Prediction> held_out;
  std::vector<Prediction> predictions;
  std::optional<double> peak;     // workers with the greatest speedup
  std::optional<int> pays_until;  // the most workers at the efficiency asked for
  std::vector<std::string> warnings;
};

// Which law a series follows, how surely, what it predicts and where more workers stop paying. Throws
// InputError when the options leave fewer than two points.
ScalingFit fit_scaling(const ScalingSeries& series, const FitOptions& options);

}  // namespace bandwright
