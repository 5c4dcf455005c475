#include "optimizer/solvers/lower_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "optimizer/search.h"
#include "tests/optimizer/random_problems.h"

namespace bandwright {
namespace {

constexpr double unit_gb_per_s = 50.0;
constexpr double unit_ns = 1e7;

// The model of cuts is their maximum, in its own units.
TEST(LowerModel, IsTheMaximumOfItsCuts) {
  std::mt19937 random(61);
  for (int instance = 0; instance < 40; ++instance) {
    const int n = 2 + instance % 5;
    const KnownCuts known = random_cuts(n, random);
    LowerModel model(unit_gb_per_s, unit_ns);
    for (const Cut& cut : known.cuts) EXPECT_TRUE(model.add(cut));
    for (const Cut& cut : known.cuts) EXPECT_FALSE(model.add(cut)) << "known already";
    EXPECT_EQ(model.size(), static_cast<Eigen::Index>(known.cuts.size()));
    for (int i = 0; i < 20; ++i) {
      Vector x(n);
      std::vector<double> b;
      for (int d = 0; d < n; ++d) {
        x(d) = std::uniform_real_distribution<double>(0.1, 3.0)(random);
        b.push_back(x(d) * unit_gb_per_s);
      }
      EXPECT_NEAR(model.at(x), known.at(b) / unit_ns, 1e-12 * model.at(x));
    }
  }
}

// 100 B over 50 GB/s x 10 ms is 2e-7 of a unit; what carries nothing is no set; two loads of a set are one.
TEST(LowerModel, AddsLoadsOfASet) {
  LowerModel model(unit_gb_per_s, unit_ns);
  EXPECT_TRUE(model.add({unit_ns, {{1, 100.0}, {2, 0.0}, {1, 50.0}}}));
  EXPECT_EQ(model.sets(), (std::vector<DimensionSet>{1}));
  EXPECT_DOUBLE_EQ(model.loads()(0, 0), 150.0 / (unit_gb_per_s * unit_ns));
  EXPECT_TRUE(model.add({2 * unit_ns, {{6, 100.0}}}));
  EXPECT_EQ(model.sets(), (std::vector<DimensionSet>{1, 6}));
  EXPECT_EQ(model.loads()(1, 0), 0.0);
  EXPECT_EQ(model.loads()(0, 1), 0.0);
  EXPECT_DOUBLE_EQ(model.constants()(1), 2.0);
  // A set is without bandwidth when all its dimensions are.
  EXPECT_TRUE(model.loads_only_zero(Vector::Unit(3, 1)));
  EXPECT_FALSE(model.loads_only_zero(Vector::Unit(3, 0) + Vector::Unit(3, 2)));
  EXPECT_TRUE(model.loads_only_zero(Vector::Unit(3, 0)));
  // Less than a billionth of a unit is none.
  EXPECT_TRUE(model.loads_only_zero(Vector::Constant(3, 0.45e-9)));
  EXPECT_FALSE(model.loads_only_zero(Vector::Constant(3, 1.1e-9)));
}

// Multipliers of any size and sign, anything near: no allocation lies below the bound.
TEST(CertifiedBound, HoldsForAnyMultipliers) {
  std::mt19937 random(62);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  for (int instance = 0; instance < 40; ++instance) {
    SCOPED_TRACE(instance);
    const int n = 2 + instance % 4;
    const KnownCuts known = random_cuts(n, random);
    const Problem problem{n, {{1.0, known.oracle()}}, random_constraints(n, random)};
    const Region region = region_of(problem);
    LowerModel model(region.unit_gb_per_s, unit_ns);
    for (const Cut& cut : known.cuts) model.add(cut);
    Vector linear(n);
    Vector near(n);
    Vector lambda(model.size());
    Multipliers mu{Vector(region.rows.rows()), Vector(region.equalities.rows())};
    for (double& value : linear) value = instance % 2 == 0 ? 0.0 : uniform(-1, 1);
    for (double& value : near) value = uniform(0.0, 2.0);
    for (double& value : lambda) value = uniform(-0.2, 1);
    for (double& value : mu.rows) value = uniform(0, 3);
    for (double& value : mu.equalities) value = uniform(-3, 3);
    const double bound = certified_bound(model, region, linear, lambda, mu, near);
    const double without = certified_bound(model, region, linear, {}, mu, near);
    for (int i = 0; i < 60; ++i) {
      const std::vector<double> b = random_allocation(problem, random);
      const Vector x = Eigen::Map<const Vector>(b.data(), n) / region.unit_gb_per_s;
      EXPECT_LE(bound, linear.dot(x) + model.at(x));
      EXPECT_LE(without, linear.dot(x) + 1e-9);
    }
  }
}

// At the minimiser, with its multipliers, the bound is the value: what is left between them is rounding.
TEST(CertifiedBound, MeetsTheMinimum) {
  std::mt19937 random(63);
  for (int instance = 0; instance < 60; ++instance) {
    SCOPED_TRACE(instance);
    const int n = 2 + instance % 5;
    const KnownCuts known = random_cuts(n, random);
    const Problem problem{n, {{1.0, known.oracle()}}, random_constraints(n, random)};
    const Region region = region_of(problem);
    const Face face = face_of(region, Vector::Ones(n));
    LowerModel model(region.unit_gb_per_s, unit_ns);
    for (const Cut& cut : known.cuts) model.add(cut);
    Vector linear = Vector::Zero(n);
    if (instance % 2 == 1) {
      for (double& value : linear) value = std::uniform_real_distribution<double>(0, 0.3)(random);
    }
    const double weight = instance % 3 == 0 ? 1.0 : 2.5;
    const Optimum optimum = minimize_model(model, region, face, linear, weight);
    const double value = linear.dot(optimum.x) + weight * model.at(optimum.x);
    EXPECT_LE(optimum.bound, value + 1e-12 * value);
    EXPECT_NEAR(optimum.bound, value, 1e-8 * value);
    EXPECT_GE(optimum.multipliers.rows.minCoeff(), 0.0);
  }
}

// A conversation with oracles: each starved dimension is asked for once, then the middle; cuts known
// beforehand replace those questions; rows of the trace are numbered.
TEST(Search, AsksOncePerDimensionAndInside) {
  std::mt19937 random(64);
  const KnownCuts known = random_cuts(3, random);
  int asked = 0;
  const Oracle oracle = [&](std::span<const double> b) {
    ++asked;
    return known.oracle()(b);
  };
  const Problem problem{3, {{1.0, oracle}}, {total_budget(3, 300)}};
  std::vector<int> numbers;
  Options options;
  options.on_iteration = [&](const Iteration& row) { numbers.push_back(row.number); };
  Search search(problem, options);
  EXPECT_EQ(asked, 4);
  EXPECT_EQ(search.evaluations(), 4);
  EXPECT_NEAR(search.model().at(search.face().inside), 1.0, 1e-12) << "the time inside is the unit";
  const Vector x = search.scaled(std::vector<double>{100, 150, 50});
  EXPECT_EQ(search.gb_per_s(x), (std::vector<double>{100, 150, 50}));
  EXPECT_NEAR(search.ask(x) * search.model().unit_ns(), known.at(search.gb_per_s(x)), 1e-6);
  EXPECT_EQ(search.evaluations(), 5);
  search.report(2.0, 1.0);
  search.report(1.5, 1.25);
  EXPECT_EQ(numbers, (std::vector<int>{1, 2}));
  EXPECT_EQ(search.take_trace().back().evaluations, 5);

  asked = 0;
  const Search again(problem, options, search.model().cuts());
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(again.stopped());
}

}  // namespace
}  // namespace bandwright
