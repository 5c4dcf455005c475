#include "scaling/laws/regimes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "scaling/laws/law_fit.h"

namespace bandwright {
namespace {

constexpr std::size_t fewest_beside_break = 4;
constexpr double decisive_aicc = 10.0;  // "essentially no support" for the other: Burnham and Anderson, 2002

// How much faster than linear `point` is, from `base`.
double above_linear(const ScalingPoint& base, const ScalingPoint& point) {
  return base.seconds * base.workers / (point.seconds * point.workers);
}

std::string spell(std::span<const ScalingPoint> points) {
  const std::size_t last = points.size() - 1;
  if (last == 0) return fmt::format("{}", points[0].workers);
  return fmt::format("{} to {}", points[0].workers, points[last].workers);
}

std::string spell_factors(const ScalingPoint& base, std::span<const ScalingPoint> points) {
  std::vector<std::string> factors;
  for (const ScalingPoint& point : points) {
    factors.push_back(fmt::format("{:.2f}", above_linear(base, point)));
    if (factors.size() == 4 && points.size() > 4) {
      factors.emplace_back("...");
      break;
    }
  }
  return fmt::format("{}", fmt::join(factors, ", "));
}

// The first point is much slower than all others: it is the odd one, not they.
Screening screen_odd_first(std::span<const ScalingPoint> points) {
  Screening rest = screen(points.subspan(1));
  rest.left_out.insert(rest.left_out.begin(), points[0]);
  rest.warnings.insert(
      rest.warnings.begin(),
      fmt::format("change of regime at {}: every worker there does {} times the work of one at {}; {} "
                  "left out of the fit",
                  points[1].workers, spell_factors(points[0], points.subspan(1)), points[0].workers,
                  points[0].workers));
  return rest;
}

// The best law for some points, by AICc.
std::optional<LawFit> best_law(std::span<const ScalingPoint> points, ScalingMode mode) {
  std::optional<LawFit> best;
  for (const ScalingLaw& law : scaling_laws()) {
    if (!(mode == ScalingMode::Weak ? law.weak : law.strong)) continue;
    const std::optional<LawFit> fit = fit_law(law, points);
    if (fit && fit->aicc && (!best || *fit->aicc < *best->aicc)) best = fit;
  }
  return best;
}

double squares_of(const LawFit& fit, std::size_t points) {
  return fit.rms * fit.rms * static_cast<double>(points);
}

}  // namespace

Screening screen(std::span<const ScalingPoint> points) {
  std::size_t change = points.size();  // all points from here on are above linear
  while (change > 1 && above_linear(points[0], points[change - 1]) > super_linear) --change;
  if (change == 1 && points.size() > 2) return screen_odd_first(points);
  Screening result;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i < change && above_linear(points[0], points[i]) <= super_linear) {
      result.used.push_back(points[i]);
      continue;
    }
    result.left_out.push_back(points[i]);
    result.warnings.push_back(fmt::format("{} workers: {:.2f} times linear from {}; left out of the fit",
                                          points[i].workers, above_linear(points[0], points[i]),
                                          points[0].workers));
  }
  if (change < points.size()) {
    const std::span<const ScalingPoint> after = points.subspan(change);
    result.warnings.push_back(fmt::format(
        "change of regime at {}: from there every worker does {} times the work of one at {}; no law spans "
        "both, the fit holds for {} only",
        after[0].workers, spell_factors(points[0], after), points[0].workers, spell(points.first(change))));
  }
  return result;
}

std::string describe_break(std::span<const ScalingPoint> points, ScalingMode mode) {
  const std::optional<LawFit> whole = best_law(points, mode);
  if (!whole) return {};
  double best_aicc = *whole->aicc - decisive_aicc;
  std::string text;
  for (std::size_t at = fewest_beside_break; at + fewest_beside_break <= points.size(); ++at) {
    const std::optional<LawFit> before = best_law(points.first(at), mode);
    const std::optional<LawFit> after = best_law(points.subspan(at), mode);
    if (!before || !after) continue;
    const double squares = squares_of(*before, at) + squares_of(*after, points.size() - at);
    const int parameters = before->parameters + after->parameters + 1;  // and the place of the break
    const std::optional<double> aicc = corrected_aic(squares, static_cast<int>(points.size()), parameters);
    if (!aicc || *aicc >= best_aicc) continue;
    best_aicc = *aicc;
    text = fmt::format(
        "change of regime at {}: {} and {} follow different laws ({:.1f} % and {:.1f} % RMS, {:.1f} % "
        "with one law); fit them apart",
        points[at].workers, spell(points.first(at)), spell(points.subspan(at)), 100 * before->rms,
        100 * after->rms, 100 * whole->rms);
  }
  return text;
}

}  // namespace bandwright
