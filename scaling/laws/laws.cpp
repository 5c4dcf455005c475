#include "scaling/laws/laws.h"

#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

constexpr std::array laws = {
    ScalingLaw{"amdahl", "a serial part that more workers cannot shorten", true, false, false, 2, 2,
               [](double n) {
                 return Terms{1.0 / n, 1.0};
               }},
    ScalingLaw{"gustafson", "a serial part while the work grows with the workers", false, true, true, 2, 2,
               [](double n) {
                 return Terms{n, 1.0};
               }},
    ScalingLaw{"usl", "a serial part and a cost for every pair of workers; may turn back", true, true, false,
               3, 5,
               [](double n) {
                 return Terms{1.0 / n, 1.0, n - 1.0};
               }},
};

constexpr int beyond_any_workers = 1'000'000'000;

}  // namespace

std::span<const ScalingLaw> scaling_laws() { return laws; }

double LawCurve::seconds(double n) const {
  const Terms basis = law->basis(n);
  double y = 0.0;
  for (int i = 0; i < law->terms; ++i) y += coefficients[i] * basis[i];
  return law->of_rate ? 1.0 / y : y;
}

LawParameters LawCurve::parameters() const {
  const double at_one = coefficients[0] + coefficients[1];
  return {.t1_seconds = seconds(1.0), .sigma = coefficients[1] / at_one, .kappa = coefficients[2] / at_one};
}

std::optional<double> peak_workers(const LawCurve& curve) {
  const LawParameters p = curve.parameters();
  if (!(p.kappa > 0.0)) return std::nullopt;
  return std::max(1.0, std::sqrt((1.0 - p.sigma) / p.kappa));
}

std::optional<int> pays_until(const LawCurve& curve, double bound) {
  // Efficiency falls as N grows in every law, so the last worker count that passes is found by bisection.
  const double slack = 1e-9;  // what rounding in the fit may take
  const auto passes = [&](int n) { return curve.efficiency(n) >= bound * (1.0 - slack); };
  const std::optional<double> peak = peak_workers(curve);
  int high = peak ? static_cast<int>(std::min<double>(*peak * (1.0 + slack), beyond_any_workers))
                  : beyond_any_workers;
  if (passes(high)) return high == beyond_any_workers ? std::nullopt : std::optional(high);
  int low = 1;
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    (passes(middle) ? low : high) = middle;
  }
  return low;
}

double karp_flatt(double speedup, double n) { return (1.0 / speedup - 1.0 / n) / (1.0 - 1.0 / n); }

}  // namespace bandwright
