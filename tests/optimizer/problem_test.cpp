#include "optimizer/problem.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "core/error.h"
#include "optimizer/solver.h"
#include "optimizer/steps.h"

namespace bandwright {
namespace {

Problem sound() {
  Problem problem;
  problem.dimensions = 2;
  problem.step_times = {{1.0, [](std::span<const double>) { return Cut{1.0, {{1, 1e9}, {2, 1e9}}}; }}};
  problem.constraints = {total_budget(2, 100), at_most(2, 0, 80)};
  problem.price = {1, 2};
  return problem;
}

TEST(Problem, RejectsEveryNumberOutOfRange) {
  EXPECT_NO_THROW(validate(sound()));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<const char*, std::function<void(Problem&, double)>>> fields = {
      {"weight", [](Problem& p, double v) { p.step_times[0].weight = v; }},
      {"coefficient", [](Problem& p, double v) { p.constraints[0].coefficients[1] = v; }},
      {"bound", [](Problem& p, double v) { p.constraints[1].bound = v; }},
      {"price", [](Problem& p, double v) { p.price[0] = v; }},
      {"fixed cost", [](Problem& p, double v) { p.fixed_cost = v; }},
  };
  for (const auto& [name, set] : fields) {
    for (const double value : {nan, infinity, -infinity, 1e308}) {
      Problem problem = sound();
      set(problem, value);
      EXPECT_THROW(optimize(problem), InputError) << name << " = " << value;
    }
  }
}

TEST(Problem, RejectsWhatMakesNoSense) {
  const std::vector<std::pair<const char*, std::function<void(Problem&)>>> faults = {
      {"no dimension", [](Problem& p) { p.dimensions = 0; }},
      {"17 dimensions", [](Problem& p) { p.dimensions = 17; }},
      {"nothing to optimise", [](Problem& p) { p.step_times.clear(); }},
      {"no oracle", [](Problem& p) { p.step_times[0].cut = nullptr; }},
      {"weight 0", [](Problem& p) { p.step_times[0].weight = 0; }},
      {"negative price", [](Problem& p) { p.price[1] = -1; }},
      {"negative fixed cost", [](Problem& p) { p.fixed_cost = -1; }},
      {"a price short", [](Problem& p) { p.price.pop_back(); }},
      {"a coefficient short", [](Problem& p) { p.constraints[0].coefficients.pop_back(); }},
      {"all coefficients 0",
       [](Problem& p) {
         p.constraints[1].coefficients = {0, 0};
       }},
      {"nameless", [](Problem& p) { p.constraints[1].name.clear(); }},
      {"no budget", [](Problem& p) { p.constraints.clear(); }},
      {"dimension 2 unlimited", [](Problem& p) { p.constraints.erase(p.constraints.begin()); }},
      {"free of charge",
       [](Problem& p) {
         p.price = {0, 0};
         p.target = Target::PerfPerCost;
       }},
      {"negative load",
       [](Problem& p) {
         p.step_times[0].cut = [](std::span<const double>) { return Cut{1.0, {{1, -1.0}}}; };
       }},
      {"infinite load",
       [](Problem& p) {
         p.step_times[0].cut = [](std::span<const double>) {
           return Cut{1.7e308, {{1, 1.7e308}, {2, 1.7e308}}};
         };
       }},
  };
  for (const auto& [name, spoil] : faults) {
    Problem problem = sound();
    spoil(problem);
    EXPECT_THROW(optimize(problem), InputError) << name;
  }
  for (const double budget : {0.0, -1.0, 1e308, std::nan("")}) {
    EXPECT_THROW(total_budget(2, budget), InputError);
    EXPECT_THROW(dollar_budget(sound(), budget), InputError);
  }
}

// The usual constraints say what their names say.
TEST(Problem, UsualConstraintsByHand) {
  const Constraint total = total_budget(3, 325);
  EXPECT_EQ(total.coefficients, (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(total.sense, Sense::Equal);
  EXPECT_EQ(total.bound, 325);
  const Constraint cap = at_most(3, 1, 80);
  EXPECT_EQ(cap.name, "b2 <= 80");
  EXPECT_EQ(cap.coefficients, (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(cap.sense, Sense::AtMost);
  const Constraint floor = at_least(3, 2, 7.5);
  EXPECT_EQ(floor.name, "b3 >= 7.5");
  EXPECT_EQ(floor.coefficients, (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(floor.sense, Sense::AtLeast);
  EXPECT_EQ(floor.bound, 7.5);
  Problem problem = sound();
  problem.fixed_cost = 40;
  const Constraint dollars = dollar_budget(problem, 100);
  EXPECT_EQ(dollars.coefficients, problem.price);
  EXPECT_EQ(dollars.sense, Sense::AtMost);
  EXPECT_EQ(dollars.bound, 60);
  EXPECT_THROW(dollar_budget(problem, 40), InputError);
  EXPECT_EQ(cost(problem, std::vector<double>{10, 20}), 40 + 10 + 2 * 20);
  problem.price.clear();
  EXPECT_EQ(cost(problem, std::vector<double>{10, 20}), 40);
}

// The largest and smallest values that are read.
TEST(Problem, AcceptsWhatIsJustInRange) {
  Problem problem = sound();
  problem.constraints[0].coefficients[0] = 1e15;
  problem.constraints[1].bound = -1e15;
  problem.price = {1e15, 0};
  problem.fixed_cost = 1e15;
  problem.step_times[0].weight = 1e15;
  EXPECT_NO_THROW(validate(problem));
  problem.price = {};
  EXPECT_NO_THROW(validate(problem));
  problem.target = Target::PerfPerCost;
  EXPECT_THROW(validate(problem), InputError);
  problem.price = {0, 0};  // the fixed cost is something
  EXPECT_NO_THROW(validate(problem));
  problem.constraints[1].coefficients = {1e-15, 0};
  EXPECT_THROW(validate(problem), InputError);
  Problem widest = sound();
  widest.dimensions = max_dimensions;
  widest.constraints = {total_budget(max_dimensions, 1)};
  widest.price.assign(max_dimensions, 1.0);
  EXPECT_NO_THROW(validate(widest));
}

TEST(Problem, BoundsFollowFromConstraintsTogether) {
  Problem problem = sound();  // b1 <= 80; b2 <= 2 b1
  problem.constraints = {at_most(2, 0, 80), {"b2 <= 2 b1", {-2, 1}, Sense::AtMost, 0.0}};
  EXPECT_NO_THROW(validate(problem));
  const Summary summary = optimize(problem);
  EXPECT_NEAR(summary.gb_per_s[1], 160, 1e-6);
}

TEST(Problem, StepTimeAddsLoadsOfTheSameDimensions) {
  Problem problem = sound();
  problem.step_times.push_back({3.0, [](std::span<const double>) {
                                  return Cut{2.0, {{2, 10.0}, {1, 0.0}, {2, 5.0}}};
                                }});
  const std::vector<double> b = {1, 1};
  const Cut cut = step_time(problem, b);
  EXPECT_DOUBLE_EQ(cut.constant_ns, 7.0);
  EXPECT_EQ(cut.loads, (std::vector<Load>{{1, 1e9}, {2, 1e9 + 45}}));
}

}  // namespace
}  // namespace bandwright
