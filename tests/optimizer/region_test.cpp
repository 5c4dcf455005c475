#include "optimizer/region.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "optimizer/solver.h"
#include "tests/optimizer/random_problems.h"

namespace bandwright {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

Problem of(int dimensions, std::vector<Constraint> constraints) {
  return {dimensions, {{1.0, [](std::span<const double>) { return Cut{}; }}}, std::move(constraints)};
}

// b1 + b2 = 100, b1 <= 30: b2 may take all. 2 b1 + b2 <= 100 leaves b1 half of it. b2 <= 2 b1 and b1 <= 80
// bound b2 by 160, b3 >= 10 with b3 <= 40 - b1 by what b1 leaves at least, 0. What nothing limits is
// infinite.
TEST(UpperBounds, ByHand) {
  const double none = std::numeric_limits<double>::infinity();
  EXPECT_THAT(upper_bounds(of(2, {total_budget(2, 100), at_most(2, 0, 30)})), ElementsAre(30, 100));
  EXPECT_THAT(upper_bounds(of(2, {{"half", {2, 1}, Sense::AtMost, 100}})), ElementsAre(50, 100));
  EXPECT_THAT(upper_bounds(of(2, {{"twice", {-2, 1}, Sense::AtMost, 0}, at_most(2, 0, 80)})),
              ElementsAre(80, 160));
  EXPECT_THAT(upper_bounds(of(2, {{"twice", {2, -1}, Sense::AtLeast, 0}, at_most(2, 0, 80)})),
              ElementsAre(80, 160));
  EXPECT_THAT(upper_bounds(of(2, {at_least(2, 0, 5), at_most(2, 1, 7)})), ElementsAre(none, 7));
  EXPECT_THAT(upper_bounds(of(2, {{"below nothing", {1, 1}, Sense::AtMost, -5}})), ElementsAre(0, 0));
  EXPECT_THAT(upper_bounds(of(2, {{"equal", {1, -1}, Sense::Equal, 10}, at_most(2, 1, 20)})),
              ElementsAre(30, 20));
  EXPECT_THAT(upper_bounds(of(2, {{"equal", {1, -1}, Sense::Equal, 10}, at_most(2, 0, 35)})),
              ElementsAre(35, 25));
}

// Constraints in chains, each dimension at most as large as the next: all follow from the last.
TEST(UpperBounds, FollowChains) {
  std::vector<Constraint> constraints;
  for (int d = 0; d < 7; ++d) {
    std::vector<double> coefficients(8, 0.0);
    coefficients[static_cast<std::size_t>(d)] = 1.0;
    coefficients[static_cast<std::size_t>(d) + 1] = -1.0;
    constraints.push_back({"chain", coefficients, Sense::AtMost, 1.0});
  }
  constraints.push_back(at_most(8, 7, 3));
  EXPECT_THAT(upper_bounds(of(8, constraints)), ElementsAre(10, 9, 8, 7, 6, 5, 4, 3));
}

// An allocation keeps the constraints where its scaled self keeps the rows and equalities, and is below every
// upper bound.
TEST(Region, IsTheConstraintsScaled) {
  std::mt19937 random(51);
  int inside = 0;
  int outside = 0;
  for (int instance = 0; instance < 40; ++instance) {
    const int n = 2 + instance % 5;
    const Problem problem = of(n, random_constraints(n, random));
    const Region region = region_of(problem);
    EXPECT_NEAR(region.rows.cwiseAbs().rowwise().maxCoeff().minCoeff(), 1.0, 1e-12);
    EXPECT_NEAR(region.rows.cwiseAbs().rowwise().maxCoeff().maxCoeff(), 1.0, 1e-12);
    for (int i = 0; i < 20; ++i) {
      std::vector<double> b = random_allocation(problem, random);
      if (i % 2 == 1) b[random() % b.size()] *= 1.3;
      const Vector x = Eigen::Map<const Vector>(b.data(), n) / region.unit_gb_per_s;
      const bool kept = (region.rows * x - region.bounds).maxCoeff() <= 1e-7 &&
                        (region.equalities * x - region.values).lpNorm<Eigen::Infinity>() <= 1e-7;
      const double budget = problem.constraints[0].bound;
      if (feasible(problem, b, 1e-9 * budget)) {
        EXPECT_TRUE(kept);
      }
      if (!feasible(problem, b, 1e-5 * budget)) {
        EXPECT_FALSE(kept);
      }
      if (kept) {
        EXPECT_GE((region.upper - x).minCoeff(), -1e-7);
      }
      ++(kept ? inside : outside);
    }
  }
  EXPECT_GT(inside, 200);
  EXPECT_GT(outside, 200);
}

// The unit of bandwidth is the equal split of a budget, so that numbers are near 1.
TEST(Region, CountsInTheEqualSplit) {
  EXPECT_DOUBLE_EQ(region_of(of(4, {total_budget(4, 300)})).unit_gb_per_s, 75);
  EXPECT_DOUBLE_EQ(region_of(of(2, {at_most(2, 0, 10), at_most(2, 1, 30)})).unit_gb_per_s, 15);
  EXPECT_DOUBLE_EQ(region_of(of(2, {at_most(2, 0, 0), at_most(2, 1, 0)})).unit_gb_per_s, 1);
  EXPECT_DOUBLE_EQ(region_of(of(2, {total_budget(2, 0.5)})).unit_gb_per_s, 0.25);
  const Region region = with_row(region_of(of(2, {total_budget(2, 100)})), Vector::Ones(2), 0.5);
  EXPECT_EQ(region.rows.rows(), 3);
  EXPECT_EQ(region.bounds(2), 0.5);
}

// The point inside keeps the rows strictly and the equalities; rows that can't be kept strictly are
// equalities.
TEST(Face, HasAPointInside) {
  std::mt19937 random(52);
  for (int instance = 0; instance < 100; ++instance) {
    SCOPED_TRACE(instance);
    const int n = 2 + instance % 6;
    std::vector<Constraint> constraints = random_constraints(n, random);
    if (instance % 3 == 0) constraints.push_back(at_most(n, 0, constraints[0].bound * 0.01));
    const Region region = region_of(of(n, constraints));
    const Face face = face_of(region, Vector::Ones(n));
    if (face.empty) {
      EXPECT_EQ(instance % 3, 0);
      continue;
    }
    EXPECT_LT((face.rows * face.inside - face.bounds).maxCoeff(), -1e-6);
    EXPECT_LE((face.equalities * face.inside - face.values).lpNorm<Eigen::Infinity>(), 1e-9);
    EXPECT_LE((region.rows * face.inside - region.bounds).maxCoeff(), 1e-9);
    ASSERT_EQ(face.row_of.size(), static_cast<std::size_t>(face.rows.rows()));
    for (std::size_t i = 0; i < face.row_of.size(); ++i) {
      const auto row = static_cast<Eigen::Index>(i);
      EXPECT_EQ(face.rows.row(row), region.rows.row(face.row_of[i]));
      EXPECT_EQ(face.bounds(row), region.bounds(face.row_of[i]));
    }
  }
}

// Caps of 30 and 70 leave one allocation of a budget of 100: both rows are equalities, one of the three
// follows from the others, and multipliers lifted to the region push outwards.
TEST(Face, WithoutAnyFreedom) {
  const Region region = region_of(of(2, {total_budget(2, 100), at_most(2, 0, 30), at_most(2, 1, 70)}));
  const Face face = face_of(region, Vector::Ones(2));
  ASSERT_FALSE(face.empty);
  EXPECT_EQ(face.equalities.rows(), 2);
  EXPECT_THAT(face.inside(0) * region.unit_gb_per_s, DoubleNear(30, 1e-6));
  EXPECT_THAT(face.inside(1) * region.unit_gb_per_s, DoubleNear(70, 1e-6));
  EXPECT_FALSE(face.proofs.empty());
  const Multipliers lifted = lift(region, face, Vector::Zero(face.rows.rows()), Vector::Constant(2, -1.0));
  EXPECT_GE(lifted.rows.minCoeff(), -1e-9);
  EXPECT_EQ(lifted.rows.size(), region.rows.rows());
  EXPECT_EQ(lifted.equalities.size(), 1);
}

// Two rows that say x = 1 as 2 x <= 2 and -x <= -1: once the first plus twice the second is 0 <= 0. A
// multiplier of -3 at the first becomes 0 by adding that three times, which leaves 6 at the second.
TEST(Face, ProofsTurnMultipliersOutwards) {
  Region region;
  region.rows = Matrix(2, 1);
  region.rows << 2.0, -1.0;
  region.bounds = Vector(2);
  region.bounds << 2.0, -1.0;
  region.equalities.resize(0, 1);
  Face face;
  face.equality_of = {0};
  Multipliers proof{Vector(2), Vector(0)};
  proof.rows << 1.0, 2.0;
  face.proofs = {proof};
  const Multipliers lifted = lift(region, face, Vector(0), Vector::Constant(1, -3.0));
  EXPECT_EQ(lifted.rows(0), 0.0);
  EXPECT_EQ(lifted.rows(1), 6.0);
}

// An equality that stands twice counts once; two that contradict each other leave nothing.
TEST(Face, LeavesOutWhatFollows) {
  const Face twice = face_of(region_of(of(2, {total_budget(2, 100), total_budget(2, 100)})), Vector::Ones(2));
  EXPECT_FALSE(twice.empty);
  EXPECT_EQ(twice.equalities.rows(), 1);
  EXPECT_TRUE(face_of(region_of(of(2, {total_budget(2, 100), total_budget(2, 101)})), Vector::Ones(2)).empty);
}

// A smallest conflict: together they contradict each other, and without any one of them they do not.
TEST(Conflict, IsSmallest) {
  std::mt19937 random(53);
  int found = 0;
  for (int instance = 0; instance < 40; ++instance) {
    SCOPED_TRACE(instance);
    const int n = 2 + instance % 4;
    std::vector<Constraint> constraints = random_constraints(n, random);
    const double even = constraints[0].bound / n;
    for (int d = 0; d < n; ++d) {
      if (random() % 2 == 0) constraints.push_back(at_most(n, d, even * 0.9));
      if (random() % 3 == 0) constraints.push_back(at_least(n, d, even * 1.2));
    }
    for (std::size_t i = 0; i < constraints.size(); ++i) constraints[i].name = "c" + std::to_string(i);
    const Problem problem = of(n, constraints);
    const auto contradicts = [&](const std::vector<Constraint>& some) {
      Problem part = of(n, some);
      for (int d = 0; d < n; ++d)
        part.constraints.push_back(at_most(n, d, 1e4));  // validity: nothing is infinite
      return face_of(region_of(part), Vector::Ones(n)).empty;
    };
    if (!contradicts(constraints)) continue;
    ++found;
    std::vector<Constraint> named;
    for (const std::string& name : conflict_among(problem, {})) {
      named.push_back(constraints[std::stoul(name.substr(1))]);
    }
    EXPECT_TRUE(contradicts(named));
    for (std::size_t left_out = 0; left_out < named.size(); ++left_out) {
      std::vector<Constraint> rest = named;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
      EXPECT_FALSE(contradicts(rest)) << named[left_out].name;
    }
  }
  EXPECT_GT(found, 10);
}

}  // namespace
}  // namespace bandwright
