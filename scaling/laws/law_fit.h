#pragma once
#include <array>
#include <optional>
#include <span>

#include "scaling/laws/laws.h"
#include "scaling/series.h"

namespace bandwright {

// One law fitted to points by least squares of the relative errors, sum ((law - measured) / measured)^2, with
// coefficients that are not negative. With at most three coefficients every choice of those off their bound
// is solved and the best kept: a closed form, no iteration, no start value.
struct LawFit {
  LawCurve curve;
  int parameters = 0;          // coefficients off their bound
  double rms = 0.0;            // of the relative errors
  std::optional<double> aicc;  // smaller is better; none with too few points for it
  // For ranges: (A^T A)^-1 of the relative least squares, zero for coefficients on their bound, and the
  // points beyond the parameters.
  std::array<Terms, most_terms> inverse{};
  int freedom = 0;
};

// REQUIRES: at least one point. None when the law needs more points than there are or has no time for one
// worker.
std::optional<LawFit> fit_law(const ScalingLaw& law, std::span<const ScalingPoint> points);

// Akaike's criterion corrected for small samples, n ln(rss/n) + 2k + 2k(k+1)/(n-k-1), counting the law's
// parameters off their bound only (one on its bound costs no freedom); none when n <= k + 1. Hurvich and
// Tsai, Biometrika 76(2), 1989.
std::optional<double> corrected_aic(double squares, int points, int parameters);

struct SecondsRange {
  double low = 0.0;
  double high = 0.0;
};

// Where a further measurement on n workers is expected with 95 % confidence if the law holds: Student's t on
// the scatter of the fit and the uncertainty of its coefficients, as a factor either way. None without a
// point to spare.
std::optional<SecondsRange> prediction_range(const LawFit& fit, double n);

}  // namespace bandwright
