// What holds of every fit and every study, whatever was measured: units are factors, the order of rows is
// none, least squares are least, more workers are never in the way.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/error.h"
#include "scaling/laws/fit.h"
#include "scaling/trials.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

// Times of six to ten worker counts that follow a law with some percent of noise.
ScalingSeries noisy_series(unsigned seed, ScalingMode mode) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  const double serial = 0.3 * uniform(random);
  const double pairs = seed % 3 == 0 ? 0.01 * uniform(random) : 0.0;
  ScalingSeries series{.mode = mode};
  for (int n = 1; n <= 1 << (5 + seed % 5); n *= 2) {
    const double law = mode == ScalingMode::Weak ? 1.0 / (serial + (1.0 - serial) * n)
                                                 : serial + (1.0 - serial) / n + pairs * n;
    series.points.push_back({n, 100.0 * law * (1.0 + 0.04 * (uniform(random) - 0.5))});
  }
  return series;
}

class Fits : public testing::TestWithParam<unsigned> {
 protected:
  [[nodiscard]] ScalingSeries series() const {
    return noisy_series(GetParam(), GetParam() % 4 == 1 ? ScalingMode::Weak : ScalingMode::Strong);
  }
};

// The sum of squared relative errors that a fit makes least; of Gustafson's law, which is one of rates, those
// of rates.
double squares_of(const LawCurve& curve, const std::vector<ScalingPoint>& points) {
  double squares = 0.0;
  for (const ScalingPoint& point : points) {
    const double seconds = curve.seconds(point.workers);
    const double error = curve.law->of_rate ? point.seconds / seconds - 1.0 : seconds / point.seconds - 1.0;
    squares += error * error;
  }
  return squares;
}

// Any other coefficients that are not negative miss the points by more.
TEST_P(Fits, LeaveTheLeastSquares) {
  std::mt19937 random(GetParam());
  std::normal_distribution<double> change(0.0, 1.0);
  const ScalingFit fit = fit_scaling(series(), {});
  for (const LawCandidate& candidate : fit.candidates) {
    if (!candidate.fit) continue;
    const double least = squares_of(candidate.fit->curve, fit.used);
    EXPECT_NEAR(candidate.fit->rms, std::sqrt(least / static_cast<double>(fit.used.size())), 1e-9);
    const double whole = candidate.fit->curve.coefficients[0] + candidate.fit->curve.coefficients[1];
    for (int trial = 0; trial < 200; ++trial) {
      LawCurve other = candidate.fit->curve;
      const double size = std::pow(10.0, -1.0 - trial % 4) * whole;
      for (int i = 0; i < other.law->terms; ++i) {
        double& coefficient = other.coefficients[static_cast<std::size_t>(i)];
        coefficient = std::max(0.0, coefficient + size * change(random));
      }
      if (!(other.coefficients[0] + other.coefficients[1] > 0.0)) continue;
      EXPECT_GE(squares_of(other, fit.used), least * (1.0 - 1e-9)) << candidate.law->name;
    }
  }
}

// In other units of time, or of work, all times are as many times as long and all shares the same.
TEST_P(Fits, UnitsAreFactors) {
  const ScalingSeries plain = series();
  const FitOptions options{.predict = {3, 1000}, .holdout = 1};
  const ScalingFit fit = fit_scaling(plain, options);
  ASSERT_TRUE(fit.chosen);
  for (const double factor : {1e-9, 0.001, 60.0, 1e9}) {
    ScalingSeries other = plain;
    for (ScalingPoint& point : other.points) point.seconds *= factor;
    const ScalingFit scaled = fit_scaling(other, options);
    ASSERT_TRUE(scaled.chosen);
    EXPECT_EQ(scaled.chosen->curve.law, fit.chosen->curve.law) << factor;
    const LawParameters a = fit.chosen->curve.parameters();
    const LawParameters b = scaled.chosen->curve.parameters();
    EXPECT_NEAR(b.t1_seconds / factor, a.t1_seconds, 1e-8 * a.t1_seconds);
    EXPECT_NEAR(b.sigma, a.sigma, 1e-8);
    EXPECT_NEAR(b.kappa, a.kappa, 1e-8);
    EXPECT_NEAR(scaled.chosen->rms, fit.chosen->rms, 1e-9);
    EXPECT_EQ(scaled.warnings, fit.warnings);
    EXPECT_EQ(scaled.pays_until, fit.pays_until);
    for (std::size_t i = 0; i < fit.predictions.size(); ++i) {
      EXPECT_NEAR(scaled.predictions[i].range->low / factor, fit.predictions[i].range->low,
                  1e-7 * fit.predictions[i].range->low);
    }
    EXPECT_NEAR(*scaled.held_out[0].error(), *fit.held_out[0].error(), 1e-8);
  }
}

// The last worker count that pays is the last: one more does not. With a stricter bound there are never more.
TEST_P(Fits, PayUntilTheLastThatDoes) {
  int before = 2'000'000'000;
  for (const double bound : {0.2, 0.5, 0.7, 0.9, 0.99}) {
    const ScalingFit fit = fit_scaling(series(), {.efficiency = bound});
    ASSERT_TRUE(fit.chosen);
    const int until = fit.pays_until.value_or(1'000'000'000);
    EXPECT_LE(until, before);
    before = until;
    const LawCurve& curve = fit.chosen->curve;
    if (!fit.pays_until) continue;
    EXPECT_GE(curve.efficiency(until), bound * (1.0 - 1e-6));
    const bool more_is_slower = fit.peak && until + 1 > *fit.peak;
    EXPECT_TRUE(more_is_slower || curve.efficiency(until + 1) < bound) << until;
  }
}

// A range holds its prediction, and reaches as far by a factor above it as below.
TEST_P(Fits, RangesAreFactorsAroundThePrediction) {
  const ScalingFit fit = fit_scaling(series(), {.predict = {1, 7, 64, 4096}});
  double last = 0.0;
  for (const Prediction& each : fit.predictions) {
    ASSERT_TRUE(each.range);
    EXPECT_LT(each.range->low, each.seconds);
    EXPECT_NEAR(each.range->high * each.range->low, each.seconds * each.seconds,
                1e-9 * each.seconds * each.seconds);
    if (each.workers == 4096) {
      EXPECT_GE(each.range->high / each.seconds, last);  // far outside it is wider than inside
    }
    if (each.workers == 7) last = each.range->high / each.seconds;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Fits, testing::Range(0U, 16U));

// Rows in any order, with columns, blanks and series between, are the same measurements.
TEST(MeasuredTables, HaveNoOrder) {
  std::mt19937 random(2);
  std::vector<std::string> rows;
  for (const char* name : {"a", "b"}) {
    for (int n = 1; n <= 64; n *= 2) rows.push_back(fmt::format("{},{},x,{}\n", 100.0 / n + 1, n, name));
  }
  const auto text = [&] {
    std::string all = "seconds,n,note,series\n";
    for (const std::string& row : rows) all += row;
    return all;
  };
  const auto plain = parse_scaling_csv(text(), "t.csv", ScalingMode::Weak);
  for (int trial = 0; trial < 20; ++trial) {
    std::shuffle(rows.begin(), rows.end(), random);
    const auto other = parse_scaling_csv("\xEF\xBB\xBF" + text() + "\r\n", "t.csv", ScalingMode::Weak);
    ASSERT_EQ(other.size(), 2U);
    for (const ScalingSeries& series : other) {
      const ScalingSeries& same = series.name == "a" ? plain[0] : plain[1];
      EXPECT_EQ(series.points, same.points);
    }
  }
}

// Nothing that is measured is shorter than some femtoseconds, or a rate so low that its seconds have no end:
// a number that almost vanishes would make a law of nothing.
TEST(MeasuredTables, NumbersThatAlmostVanishAreRefused) {
  const auto said = [](const std::string& column, const std::string& value) {
    return refused([&] {
      return parse_scaling_csv("n," + column + "\n1," + value + "\n1000000000,1\n", "t.csv",
                               ScalingMode::Weak);
    });
  };
  EXPECT_EQ(said("seconds", "1e-320"),
            "t.csv:2: seconds: '1e-320' is out of range: expected 1e-15 to 1000000000000");
  EXPECT_EQ(said("items_per_s", "1e-300"),
            "t.csv:2: items_per_s: '1e-300' is out of range: expected 1e-12 to 1000000000000000");
  EXPECT_EQ(said("seconds", "1e-15"), "");
  EXPECT_EQ(said("seconds", "1e12"), "");
  EXPECT_EQ(said("items_per_s", "1e15"), "");
}

// Read as it is shown: of times, of times of growing work, and of rates.
TEST(MeasuredTables, AreShownAsTheyWereGiven) {
  for (const ScalingMode mode : {ScalingMode::Strong, ScalingMode::Weak}) {
    for (const bool is_rate : {false, true}) {
      const ScalingSeries series{.mode = mode, .is_rate = is_rate};
      for (const double n : {1.0, 7.0, 4096.0}) {
        for (const double value : {1e-9, 0.3, 12.0, 5e8})
          EXPECT_NEAR(series.shown(n, series.seconds_of(n, value)), value, 1e-12 * value);
      }
    }
  }
}

double seconds_of(TrialTime time) { return static_cast<double>(time.count()) * 1e-9; }

class Studies : public testing::TestWithParam<unsigned> {
 protected:
  [[nodiscard]] std::vector<Trial> trials() const {
    return make_trials("lognormal(40 s, 0.8)", 30 + static_cast<int>(GetParam()), GetParam());
  }
  static TrialCluster cluster(int workers, double rate = 0.0) {
    return {.workers = workers,
            .startup = std::chrono::seconds(3),
            .head_link = gb_per_s(1),
            .rate = gb_per_s(rate)};
  }
};

// Whoever is free takes the next trial (Graham, 1966): between what the work and the longest trial ask for
// and that plus a trial. More workers never take longer, and one takes the sum.
TEST_P(Studies, TakeWhatAListScheduleTakes) {
  const std::vector<Trial> all = trials();
  double sum = 0.0;
  double longest = 0.0;
  for (const Trial& trial : all) {
    sum += seconds_of(trial.duration);
    longest = std::max(longest, seconds_of(trial.duration));
  }
  double before = 1e300;
  for (int workers = 1; workers <= static_cast<int>(all.size()) + 1; ++workers) {
    const TrialsSummary study = run_trials(all, cluster(workers), trial_schedulers()[0]);
    const double took = seconds_of(study.makespan) - 3.0;
    EXPECT_NEAR(seconds_of(study.busy), sum, 1e-6);
    EXPECT_GE(took, std::max(longest, sum / workers) - 1e-6);
    EXPECT_LE(took, sum / workers + (1.0 - 1.0 / workers) * longest + 1e-6);
    EXPECT_LE(took, before + 1e-6);
    before = took;
    EXPECT_NEAR(study.utilization(), sum / ((took + 3.0) * workers), 1e-9);
    EXPECT_EQ(study.head_bytes, 0.0);
  }
  EXPECT_NEAR(before, longest, 1e-6);
}

// A head link that is twice as fast for trials that move twice as much changes nothing but the bytes; of the
// same link more traffic is never faster, and twice the time of everything is twice the study.
TEST_P(Studies, UnitsOfTrafficAndTimeAreFactors) {
  const std::vector<Trial> all = trials();
  std::vector<Trial> slower = all;
  for (Trial& trial : slower) trial.duration *= 2;
  double before = 0.0;
  for (const double rate : {0.01, 0.1, 0.2, 0.4}) {
    const TrialsSummary study = run_trials(all, cluster(8, rate), trial_schedulers()[0]);
    EXPECT_GE(seconds_of(study.makespan), before);
    before = seconds_of(study.makespan);
    TrialCluster faster = cluster(8, 2.0 * rate);
    faster.head_link = gb_per_s(2);
    const TrialsSummary same = run_trials(all, faster, trial_schedulers()[0]);
    EXPECT_EQ(same.makespan, study.makespan);
    EXPECT_NEAR(same.head_bytes, 2.0 * study.head_bytes, 1e-6 * same.head_bytes);
    TrialCluster later = cluster(8, rate);
    later.startup *= 2;
    const TrialsSummary twice = run_trials(slower, later, trial_schedulers()[0]);
    EXPECT_NEAR(seconds_of(twice.makespan), 2.0 * before, 1e-6);
    EXPECT_NEAR(twice.peak_bytes_per_s, study.peak_bytes_per_s, 1.0);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Studies, testing::Range(0U, 10U));

}  // namespace
}  // namespace bandwright
