#include "optimizer/solvers/interior_point.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace bandwright {
namespace {

double shared_by(DimensionSet set, const Vector& x) {
  double sum = 0.0;
  for (int d = 0; d < x.size(); ++d) sum += contains(set, d) ? x(d) : 0.0;
  return sum;
}

// Values of the rows, less their bounds.
Vector excess(const ConvexProgram& program, const Vector& x) {
  Vector value = program.rows * x - program.bounds;
  for (std::size_t t = 0; t < program.sets.size(); ++t) {
    value.head(program.loads.rows()) +=
        program.loads.col(static_cast<Eigen::Index>(t)) / shared_by(program.sets[t], x);
  }
  return value;
}

// The conditions of Karush, Kuhn and Tucker, from their definition: inside the rows, on the equalities,
// multipliers that push outwards only and only at rows that hold, and forces that cancel. With them x is the
// minimiser of a convex program, whoever found it.
void expect_stationary(const ConvexProgram& program, const Stationary& found, double tolerance) {
  const Vector value = excess(program, found.x);
  Vector force = program.cost + program.rows.transpose() * found.multipliers;
  for (std::size_t t = 0; t < program.sets.size(); ++t) {
    const double shared = shared_by(program.sets[t], found.x);
    const double push =
        found.multipliers.head(program.loads.rows()).dot(program.loads.col(static_cast<Eigen::Index>(t)));
    for (int d = 0; d < found.x.size(); ++d) {
      if (contains(program.sets[t], d)) force(d) -= push / (shared * shared);
    }
  }
  if (program.equalities.rows() > 0) {
    force += program.equalities.transpose() * found.equality_multipliers;
    EXPECT_LE((program.equalities * found.x - program.values).lpNorm<Eigen::Infinity>(), tolerance);
  }
  EXPECT_LE(value.maxCoeff(), tolerance);
  EXPECT_GE(found.multipliers.minCoeff(), 0.0);
  EXPECT_LE(std::abs(found.multipliers.dot(value)), tolerance);
  EXPECT_LE(force.lpNorm<Eigen::Infinity>(), tolerance);
  EXPECT_LE(found.error, tolerance);
}

// minimise tau over (x, tau): every cut L / x(set) + c below tau, x within a box, what they add up to given.
ConvexProgram random_cuts_program(int n, std::mt19937& random) {
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const int cuts = 1 + static_cast<int>(random() % 6);
  ConvexProgram program;
  program.cost = Vector::Unit(n + 1, n);
  for (int d = 0; d < n; ++d) program.sets.push_back(only_dimension(d));
  program.sets.push_back(only_dimension(n) - 1);
  program.loads = Matrix::Zero(cuts, n + 1);
  program.rows = Matrix::Zero(cuts + 2 * n, n + 1);
  program.bounds = Vector::Zero(cuts + 2 * n);
  for (int i = 0; i < cuts; ++i) {
    for (int t = 0; t <= n; ++t) program.loads(i, t) = random() % 3 == 0 ? 0.0 : uniform(0.01, 2.0);
    program.rows(i, n) = -1.0;
    program.bounds(i) = -uniform(0.0, 1.0);
  }
  for (int d = 0; d < n; ++d) {
    program.rows(cuts + d, d) = -1.0;
    program.rows(cuts + n + d, d) = 1.0;
    program.bounds(cuts + n + d) = uniform(1.1, 3.0);
  }
  program.equalities = Matrix::Zero(1, n + 1);
  program.equalities.leftCols(n).setOnes();
  program.values = Vector::Constant(1, n);
  return program;
}

// How many steps that takes is counted, not derived: any change of the method shows in their sum.
TEST(InteriorPoint, FindsWhereForcesCancel) {
  std::mt19937 random(41);
  int steps = 0;
  for (int instance = 0; instance < 200; ++instance) {
    SCOPED_TRACE(instance);
    const int n = 1 + instance % 8;
    const ConvexProgram program = random_cuts_program(n, random);
    Vector start = Vector::Ones(n + 1);
    start(n) = 1.0 + static_cast<double>(random() % 5);
    const Stationary found = minimize(program, start);
    expect_stationary(program, found, 1e-9);
    steps += found.steps;
  }
  EXPECT_EQ(steps, 2120);  // 10.6 each
}

// Linear programs without curvature: a cost over a box and a row, whose corner is known. The cost's largest
// ratios are bought first until the row is used up.
TEST(InteriorPoint, SolvesAKnapsack) {
  std::mt19937 random(42);
  for (int instance = 0; instance < 100; ++instance) {
    SCOPED_TRACE(instance);
    const int n = 2 + instance % 6;
    Vector gain(n);
    Vector weight(n);
    for (int d = 0; d < n; ++d) {
      gain(d) = std::uniform_real_distribution<double>(0.1, 2.0)(random);
      weight(d) = std::uniform_real_distribution<double>(0.1, 1.0)(random);
    }
    const double room = 0.4 * weight.sum();
    ConvexProgram program;
    program.cost = -gain;
    program.loads.resize(0, 0);
    program.rows = Matrix::Zero(2 * n + 1, n);
    program.rows.topRows(n) = -Matrix::Identity(n, n);
    program.rows.middleRows(n, n) = Matrix::Identity(n, n);
    program.rows.row(2 * n) = weight.transpose();
    program.bounds.resize(2 * n + 1);
    program.bounds << Vector::Zero(n), Vector::Ones(n), room;
    program.equalities.resize(0, n);
    program.values.resize(0);
    std::vector<int> order(static_cast<std::size_t>(n));
    for (int d = 0; d < n; ++d) order[static_cast<std::size_t>(d)] = d;
    std::sort(order.begin(), order.end(),
              [&](int a, int b) { return gain(a) / weight(a) > gain(b) / weight(b); });
    double left = room;
    double best = 0.0;
    for (const int d : order) {
      const double bought = std::min(1.0, left / weight(d));
      best += bought * gain(d);
      left -= bought * weight(d);
    }
    const Stationary found = minimize(program, Vector::Constant(n, 0.1));
    expect_stationary(program, found, 1e-9);
    EXPECT_NEAR(gain.dot(found.x), best, 1e-9);
  }
}

// minimise tau with L_d / x_d summed below tau and x summing to 1: (sum of sqrt L_d)^2, as by Lagrange. Loads
// that differ by a factor of a million, from any start, take no more.
TEST(InteriorPoint, DividesByTheSquareRootWhateverTheSpread) {
  for (const double spread : {1.0, 1e2, 1e4, 1e6}) {
    for (const double first : {0.5, 0.9, 0.999}) {
      ConvexProgram program;
      program.cost = Vector::Unit(3, 2);
      program.sets = {1, 2};
      program.loads = Matrix::Zero(1, 2);
      program.loads << 1.0, 1.0 / spread;
      program.rows = Matrix::Zero(3, 3);
      program.rows(0, 2) = program.rows(1, 0) = program.rows(2, 1) = -1.0;
      program.bounds = Vector::Zero(3);
      program.equalities = Matrix::Zero(1, 3);
      program.equalities << 1.0, 1.0, 0.0;
      program.values = Vector::Ones(1);
      Vector start(3);
      start << first, 1.0 - first, 5.0;
      const Stationary found = minimize(program, start);
      const double root = std::sqrt(1.0 / spread);
      EXPECT_NEAR(found.x(2), (1.0 + root) * (1.0 + root), 1e-9);
      EXPECT_NEAR(found.x(0), 1.0 / (1.0 + root), 1e-6);
      EXPECT_LE(found.error, 1e-11);
    }
  }
}

}  // namespace
}  // namespace bandwright
