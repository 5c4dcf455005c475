#include "scaling/laws/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace bandwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

double amdahl(double t1, double s, double n) { return t1 * (s + (1 - s) / n); }
double usl(double t1, double s, double k, double n) { return t1 * (1 + s * (n - 1) + k * n * (n - 1)) / n; }

template <class Law>
ScalingSeries series_of(std::initializer_list<int> workers, Law law) {
  ScalingSeries series;
  for (const int n : workers) series.points.push_back({n, law(n)});
  return series;
}

const LawFit& fit_of(const ScalingFit& summary, std::string_view law) {
  for (const LawCandidate& candidate : summary.candidates) {
    if (candidate.law->name == law && candidate.fit) return *candidate.fit;
  }
  throw std::runtime_error("no fit of " + std::string(law));
}

TEST(Fit, RecoversAmdahl) {
  for (const double s : {0.0, 1e-4, 0.05, 0.5, 1.0}) {
    const auto summary =
        fit_scaling(series_of({1, 2, 4, 8, 16}, [&](int n) { return amdahl(700, s, n); }), {});
    ASSERT_TRUE(summary.chosen);
    EXPECT_EQ(summary.chosen->curve.law->name, "amdahl");
    EXPECT_NEAR(summary.chosen->curve.parameters().t1_seconds, 700, 700e-6);
    EXPECT_NEAR(summary.chosen->curve.parameters().sigma, s, 1e-6);
    EXPECT_THAT(summary.warnings, IsEmpty()) << s;
  }
}

TEST(Fit, RecoversUsl) {
  for (const double s : {0.0, 0.03, 0.4}) {
    for (const double k : {1e-5, 1e-3, 0.02}) {
      const auto series = series_of({1, 3, 8, 20, 48, 100}, [&](int n) { return usl(12.5, s, k, n); });
      const auto summary = fit_scaling(series, {});
      EXPECT_EQ(summary.chosen->curve.law->name, "usl");
      const LawParameters p = summary.chosen->curve.parameters();
      EXPECT_NEAR(p.t1_seconds, 12.5, 12.5e-6);
      EXPECT_NEAR(p.sigma, s, 1e-6);
      EXPECT_NEAR(p.kappa, k, 1e-6);
      EXPECT_NEAR(*summary.peak, std::sqrt((1 - s) / k), 1e-4 * *summary.peak);
    }
  }
}

TEST(Fit, RecoversGustafson) {
  auto series = series_of({1, 2, 4, 8, 64}, [](int n) { return 3.0 / (n - 0.07 * (n - 1)); });
  series.mode = ScalingMode::Weak;
  const auto summary = fit_scaling(series, {});
  EXPECT_EQ(summary.chosen->curve.law->name, "gustafson");
  EXPECT_NEAR(summary.chosen->curve.parameters().t1_seconds, 3.0, 3e-6);
  EXPECT_NEAR(summary.chosen->curve.parameters().sigma, 0.07, 1e-6);
}

TEST(Fit, AnswersInTheUnitOfTheInput) {
  // Scaling every time by a power of two changes T1 alone, to the bit.
  const auto small = fit_scaling(series_of({1, 2, 4, 9}, [](int n) { return 5.0 / n + 0.3; }), {});
  const auto large = fit_scaling(series_of({1, 2, 4, 9}, [](int n) { return 1024 * (5.0 / n + 0.3); }), {});
  EXPECT_NEAR(large.chosen->curve.parameters().t1_seconds, 1024 * small.chosen->curve.parameters().t1_seconds,
              1e-9);
  EXPECT_DOUBLE_EQ(large.chosen->curve.parameters().sigma, small.chosen->curve.parameters().sigma);
}

TEST(Fit, RefusesUslUnderFivePoints) {
  const auto summary = fit_scaling(series_of({1, 2, 4, 8}, [](int n) { return usl(9, 0, 0.02, n); }), {});
  EXPECT_EQ(summary.chosen->curve.law->name, "amdahl");
  EXPECT_EQ(summary.candidates.back().refused, "needs at least 5 points, has 4");
}

TEST(Fit, CountsOnlyParametersOffTheirBound) {
  // One parameter on two points leaves one to spare; with n = k + 1 there is no AICc.
  EXPECT_EQ(corrected_aic(1.0, 3, 2), std::nullopt);
  // n ln(rss/n) + 2k + 2k(k+1)/(n-k-1) = 5 ln(0.01) + 4 + 12/2.
  EXPECT_NEAR(*corrected_aic(0.05, 5, 2), 5 * std::log(0.01) + 10, 1e-12);
  const auto summary = fit_scaling(series_of({1, 2, 4, 8, 16}, [](int n) { return usl(9, 0, 0.02, n); }), {});
  EXPECT_EQ(fit_of(summary, "usl").parameters, 2);
}

TEST(Fit, RangeHoldsTheTruthAndWidensOutwards) {
  // Two points and noise of 1 % either way: the exact law lies inside, the range grows with distance.
  const auto series = series_of(
      {1, 2, 4, 8, 16}, [](int n) { return amdahl(100, 0.03, n) * (n == 2 || n == 8 ? 1.01 : 0.99); });
  const auto summary = fit_scaling(series, {.predict = {16, 32, 64}});
  double last_width = 0;
  for (const Prediction& p : summary.predictions) {
    ASSERT_TRUE(p.range);
    EXPECT_LT(p.range->low, amdahl(100, 0.03, p.workers));
    EXPECT_GT(p.range->high, amdahl(100, 0.03, p.workers));
    EXPECT_GT(p.range->high / p.range->low, last_width);
    last_width = p.range->high / p.range->low;
  }
}

TEST(Fit, RangeIsStudentsTOnTheScatter) {
  // A single parameter (times exactly alternating about 8/N with error e): T1 is their mean and the spread of
  // a further measurement s sqrt(1 + 1/n), with s^2 = n e^2/(n-1) and t(0.975, 3) = 3.18245.
  const double e = 0.01;
  LawFit fit;
  for (const ScalingLaw& law : scaling_laws()) {
    if (law.name == "amdahl") fit.curve.law = &law;
  }
  fit.curve.coefficients = {8.0, 0.0, 0.0};
  fit.parameters = 1;
  fit.freedom = 3;
  fit.rms = e;
  fit.inverse[0][0] = 64.0 / 4;  // rows are 1/8: (sum of squares)^-1
  const double half = 3.182446 * e * std::sqrt(4.0 / 3.0) * std::sqrt(1 + 1.0 / 4);
  EXPECT_NEAR(prediction_range(fit, 2)->high, 4.0 * std::exp(half), 1e-6);
  EXPECT_NEAR(prediction_range(fit, 2)->low, 4.0 / std::exp(half), 1e-6);
}

TEST(Fit, TwoPointsGiveALawButNoRange) {
  const auto summary =
      fit_scaling(series_of({1, 4}, [](int n) { return amdahl(8, 0.1, n); }), {.predict = {8}});
  EXPECT_NEAR(summary.predictions[0].seconds, amdahl(8, 0.1, 8), 1e-9);
  EXPECT_FALSE(summary.predictions[0].range);
  EXPECT_THAT(summary.warnings, ElementsAre("2 points determine amdahl exactly: no range, no check"));
}

TEST(Fit, SaysWhereItStopsPaying) {
  // Amdahl's efficiency is 1 / (1 + s (N-1)): half at N = 1 + 1/s.
  const auto series = series_of({1, 2, 4, 8}, [](int n) { return amdahl(100, 0.02, n); });
  EXPECT_EQ(fit_scaling(series, {.efficiency = 0.5}).pays_until, 51);
  EXPECT_EQ(fit_scaling(series, {.efficiency = 0.51}).pays_until, 49);
  EXPECT_EQ(fit_scaling(series, {.efficiency = 1.0}).pays_until, 1);
  const auto linear = series_of({1, 2, 4, 8}, [](int n) { return 8.0 / n; });
  EXPECT_EQ(fit_scaling(linear, {}).pays_until, std::nullopt);
  // USL may still be half efficient beyond its peak, where more workers are slower: sqrt(1/0.01) = 10.
  const auto turning = series_of({1, 2, 4, 8, 16}, [](int n) { return usl(100, 0, 0.01, n); });
  EXPECT_EQ(fit_scaling(turning, {}).pays_until, 10);
}

TEST(Fit, HoldoutPredictsWhatItDidNotSee) {
  const auto series =
      series_of({1, 2, 4, 8, 16}, [](int n) { return n == 16 ? 20.0 : amdahl(100, 0.02, n); });
  const auto summary = fit_scaling(series, {.holdout = 1});
  ASSERT_EQ(summary.held_out.size(), 1U);
  EXPECT_NEAR(*summary.held_out[0].error(), amdahl(100, 0.02, 16) / 20.0 - 1, 1e-9);
  EXPECT_THROW(fit_scaling(series, {.holdout = 4}), InputError);
  EXPECT_THROW(fit_scaling(series, {.holdout = -1}), InputError);
}

TEST(Regimes, PointAboveLinearIsSaidAndLeftOut) {
  // 100 / 4 = 25 s would be linear at 4; 20 s is 1.25 times that.
  const auto series = series_of({1, 2, 4, 8}, [](int n) { return n == 4 ? 20.0 : 100.0 / n; });
  const auto summary = fit_scaling(series, {});
  EXPECT_THAT(summary.left_out, ElementsAre(ScalingPoint{4, 20.0}));
  EXPECT_THAT(summary.warnings, ElementsAre("4 workers: 1.25 times linear from 1; left out of the fit"));
}

TEST(Regimes, TenPercentAboveLinearIsTolerated) {
  const auto series = series_of({1, 2, 4}, [](int n) { return n == 4 ? 25.0 / 1.099 : 100.0 / n; });
  EXPECT_THAT(fit_scaling(series, {}).left_out, IsEmpty());
}

TEST(Regimes, SlowFirstPointIsTheOddOne) {
  const auto series = series_of({1, 2, 4, 8}, [](int n) { return n == 1 ? 300.0 : 100.0 / n; });
  const auto summary = fit_scaling(series, {});
  EXPECT_THAT(summary.left_out, ElementsAre(ScalingPoint{1, 300.0}));
  EXPECT_EQ(summary.used.size(), 3U);
  EXPECT_THAT(summary.warnings, ElementsAre(HasSubstr("change of regime at 2")));
}

TEST(Regimes, FallIntoASlowerLawIsFound) {
  // One node to 8 workers, then a network: two exact laws.
  const auto series = series_of({1, 2, 4, 8, 16, 32, 64, 128}, [](int n) {
    return n <= 8 ? amdahl(100, 0.001, n) : 3 * amdahl(100, 0.004, n);
  });
  EXPECT_THAT(fit_scaling(series, {}).warnings,
              ::testing::Contains(HasSubstr("change of regime at 16: 1 to 8 and 16 to 128")));
}

TEST(Regimes, OneLawWithNoiseIsNoBreak) {
  const auto series = series_of({1, 2, 3, 4, 6, 8, 12, 16, 24, 32}, [](int n) {
    return usl(100, 0.02, 0.0003, n) * (1 + 0.01 * std::sin(7.0 * n));
  });
  EXPECT_THAT(fit_scaling(series, {}).warnings, IsEmpty());
}

TEST(KarpFlatt, IsTheSerialPartOfAnAmdahlCurve) {
  for (const int n : {2, 5, 100}) EXPECT_NEAR(karp_flatt(1 / amdahl(1, 0.04, n), n), 0.04, 1e-12);
}

}  // namespace
}  // namespace bandwright
