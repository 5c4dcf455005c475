#pragma once
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "scaling/series.h"

namespace bandwright {

// A scaling law gives the seconds T(N) that N workers need for one unit of work, or the rate 1 / T(N). Each
// law here is linear in coefficients that may not be negative, so that fitting it is a small least-squares
// problem with one answer:
//
//   amdahl      T = T1 (s + (1 - s) / N)                     coefficients of 1/N, 1:       T1 (1-s), T1 s
//   usl         T = T1 (1 + s (N-1) + k N (N-1)) / N         coefficients of 1/N, 1, N-1:  T1 (1-s), T1 s, T1
//   k gustafson   1/T = (N - s (N-1)) / T1                     coefficients of N, 1:         (1-s)/T1, s/T1
//
// T1 is the time of one worker; s, sigma, the serial part; k, kappa, the price of coherence that every pair
// of workers pays. Sources: Amdahl, AFIPS 1967; Gustafson, CACM 31(5), 1988; Gunther, Guerrilla Capacity
// Planning, 2007 (universal scalability law, usl). With three coefficients on four points the last one
// follows the noise (it predicts 16 workers 42 % wrong on a measured series), so usl asks for five.
constexpr int most_terms = 3;
using Terms = std::array<double, most_terms>;

struct ScalingLaw {
  std::string_view name;
  std::string_view help;
  bool strong;               // fits strong scaling
  bool weak;                 // fits weak scaling
  bool of_rate;              // linear in 1/T rather than in T
  int terms;                 // coefficients in use
  int fewest_points;         // that it may be fitted to
  Terms (*basis)(double n);  // what the coefficients multiply
};

// The laws, the simplest first.
std::span<const ScalingLaw> scaling_laws();

struct LawParameters {
  double t1_seconds = 0.0;
  double sigma = 0.0;
  double kappa = 0.0;
};

// A law with its coefficients.
struct LawCurve {
  const ScalingLaw* law = nullptr;
  Terms coefficients{};

  [[nodiscard]] double seconds(double n) const;
  [[nodiscard]] LawParameters parameters() const;
  // T(1) / T(N), and the same per worker.
  [[nodiscard]] double speedup(double n) const { return seconds(1.0) / seconds(n); }
  [[nodiscard]] double efficiency(double n) const { return speedup(n) / n; }
};

// The worker count with the greatest speedup, sqrt((1 - s) / k), where a law has one.
std::optional<double> peak_workers(const LawCurve& curve);

// The largest N not beyond the peak whose efficiency is at least `bound` (above 0, at most 1); none when
// there is no such limit below a thousand million workers.
std::optional<int> pays_until(const LawCurve& curve, double bound);

// The serial part that a measured speedup S on N > 1 workers implies, (1/S - 1/N) / (1 - 1/N); one that grows
// with N says that overhead grows. Karp and Flatt, CACM 33(5), 1990.
double karp_flatt(double speedup, double n);

}  // namespace bandwright
