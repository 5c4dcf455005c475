#include "scaling/laws/fit.h"

#include <fmt/format.h>

#include <span>

#include "core/error.h"
#include "scaling/laws/regimes.h"

namespace bandwright {
namespace {

constexpr double poor_rms = 0.10;
constexpr int far = 4;  // times the largest measured worker count

std::vector<LawCandidate> fit_candidates(std::span<const ScalingPoint> points, ScalingMode mode) {
  std::vector<LawCandidate> candidates;
  for (const ScalingLaw& law : scaling_laws()) {
    if (!(mode == ScalingMode::Weak ? law.weak : law.strong)) continue;
    LawCandidate candidate{.law = &law, .fit = fit_law(law, points)};
    if (!candidate.fit) {
      candidate.refused =
          static_cast<int>(points.size()) < law.fewest_points
              ? fmt::format("needs at least {} points, has {}", law.fewest_points, points.size())
              : "the points do not determine it";
    }
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// A law without an AICc (too few points to judge it) is chosen only when no other can be judged.
std::optional<LawFit> choose(std::span<const LawCandidate> candidates) {
  std::optional<LawFit> best;
  for (const LawCandidate& candidate : candidates) {
    if (!candidate.fit) continue;
    const bool better = !best || (candidate.fit->aicc && (!best->aicc || *candidate.fit->aicc < *best->aicc));
    if (better) best = candidate.fit;
  }
  return best;
}

Prediction predict(const LawFit& fit, int workers, std::optional<double> measured = std::nullopt) {
  return {.workers = workers,
          .seconds = fit.curve.seconds(workers),
          .range = prediction_range(fit, workers),
          .measured = measured};
}

void warn_about_fit(ScalingFit& summary, const FitOptions& options) {
  const LawFit& fit = *summary.chosen;
  const int largest = summary.used.back().workers;
  if (fit.rms > poor_rms) {
    summary.warnings.push_back(
        fmt::format("{} misses the points by {:.1f} % RMS: something it does not describe is at work",
                    fit.curve.law->name, 100 * fit.rms));
  }
  if (fit.freedom < 1) {
    summary.warnings.push_back(fmt::format("{} points determine {} exactly: no range, no check",
                                           summary.used.size(), fit.curve.law->name));
  }
  if (summary.peak && *summary.peak < largest) {
    summary.warnings.push_back(
        fmt::format("more than {:.1f} workers make it slower, {} were measured", *summary.peak, largest));
  }
  for (const int workers : options.predict) {
    if (workers / far > largest || (workers / far == largest && workers % far > 0)) {
      summary.warnings.push_back(
          fmt::format("{} workers are more than {} times the {} measured: a guess", workers, far, largest));
    }
  }
}

}  // namespace

ScalingFit fit_scaling(const ScalingSeries& series, const FitOptions& options) {
  const std::span<const ScalingPoint> all = series.points;
  if (options.holdout < 0 || all.size() < 2 + static_cast<std::size_t>(options.holdout)) {
    throw InputError(fmt::format("{}holdout {} of {} points leaves fewer than two to fit",
                                 series.name.empty() ? "" : series.name + ": ", options.holdout, all.size()));
  }
  const std::size_t kept = all.size() - static_cast<std::size_t>(options.holdout);
  Screening screening = screen(all.first(kept));
  ScalingFit summary{.used = std::move(screening.used),
                     .left_out = std::move(screening.left_out),
                     .warnings = std::move(screening.warnings)};
  const std::string fall = describe_break(summary.used, series.mode);
  if (!fall.empty()) summary.warnings.push_back(fall);
  summary.candidates = fit_candidates(summary.used, series.mode);
  summary.chosen = choose(summary.candidates);
  if (!summary.chosen) {
    summary.warnings.emplace_back("no law: too few points are left");
    return summary;
  }
  const LawFit& fit = *summary.chosen;
  for (const ScalingPoint& point : all.subspan(kept)) {
    summary.held_out.push_back(predict(fit, point.workers, point.seconds));
  }
  for (const int workers : options.predict) summary.predictions.push_back(predict(fit, workers));
  summary.peak = peak_workers(fit.curve);
  summary.pays_until = pays_until(fit.curve, options.efficiency);
  warn_about_fit(summary, options);
  return summary;
}

}  // namespace bandwright
