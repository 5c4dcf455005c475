#include "step/step.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/error.h"
#include "step/cursor.h"
#include "tests/step/random_step.h"

namespace bandwright {
namespace {

// The example of step/step.h: repeat 3 { forward, all-reduce } optimizer.
Step example() {
  Step step;
  step.operations = {{.first_dependency = 0, .dependencies = 1},
                     {.first_dependency = 1, .dependencies = 1},
                     {.first_dependency = 2, .dependencies = 1}};
  step.dependencies = {1, 0, 1};
  step.blocks = {{.first = 0, .end = 2, .times = 3}};
  return step;
}

std::vector<OperationId> order(const Step& step) {
  std::vector<OperationId> ids;
  for (Cursor at(step); !at.done(); at.next()) ids.push_back(at.operation());
  return ids;
}

TEST(Step, IsWalkedRoundByRound) {
  EXPECT_EQ(order(example()), (std::vector<OperationId>{0, 1, 0, 1, 0, 1, 2}));
}

// repeat 2 { a  repeat 2 { b }  repeat 2 { c } }: blocks that begin and end together with those around them.
TEST(Step, BlocksNest) {
  Step step;
  step.operations.resize(3);
  step.blocks = {{.first = 0, .end = 3, .times = 2, .inner = 2},
                 {.first = 1, .end = 2, .times = 2},
                 {.first = 2, .end = 3, .times = 2}};
  EXPECT_EQ(order(step), (std::vector<OperationId>{0, 1, 1, 2, 2, 0, 1, 1, 2, 2}));
}

TEST(Step, DependsOnTheRoundBefore) {
  std::vector<OperationId> origin;
  const Step flat = expand(example(), 100, &origin);
  EXPECT_EQ(origin, order(example()));
  EXPECT_TRUE(flat.blocks.empty());
  EXPECT_EQ(flat.operations[0].dependencies, 0U);  // nothing before the first round
  for (OperationId id = 1; id < flat.operations.size(); ++id) {
    ASSERT_EQ(flat.operations[id].dependencies, 1U);
    EXPECT_EQ(flat.dependencies_of(flat.operations[id])[0], id - 1);
  }
}

// repeat 2 { a  repeat 2 { b } }, b after a and after itself: across the rounds of the outer block, too.
TEST(Step, DependsOnTheLastExecutionAcrossBlocks) {
  Step step;
  step.operations = {{}, {.first_dependency = 0, .dependencies = 2}};
  step.dependencies = {0, 1};
  step.blocks = {{.first = 0, .end = 2, .times = 2, .inner = 1}, {.first = 1, .end = 2, .times = 2}};
  const Step flat = expand(step);  // a b b a b b
  EXPECT_EQ(flat.dependencies, (std::vector<OperationId>{0, 0, 1, 3, 2, 3, 4}));
}

TEST(Step, IsNotWrittenOutWithoutEnd) {
  EXPECT_EQ(expand(example(), 7).operations.size(), 7U);
  EXPECT_THROW(expand(example(), 6), InputError);
}

TEST(Step, CountsExecutions) {
  std::mt19937 random(1);
  for (int i = 0; i < 100; ++i) {
    const Step step = random_step(random);
    std::vector<double> counts(step.operations.size(), 0.0);
    for (const OperationId id : order(step)) counts[id] += 1.0;
    EXPECT_EQ(executions(step), counts);
  }
}

// Rounds that are leapt over are those that would have been executed.
TEST(Cursor, LeapsOverRounds) {
  const Step step = example();
  Cursor at(step);
  at.next();
  ASSERT_EQ(at.open().size(), 1U);
  EXPECT_EQ(at.rounds_left(0), 2U);
  at.leap(0, 2);
  EXPECT_EQ(at.operation(), 1U);
  EXPECT_EQ(at.rounds_left(0), 0U);
  at.next();
  EXPECT_EQ(at.operation(), 2U);
  EXPECT_TRUE(at.open().empty());
  at.next();
  EXPECT_TRUE(at.done());
}

TEST(Cursor, KnowsItsRounds) {
  std::mt19937 random(2);
  for (int i = 0; i < 50; ++i) {
    const Step step = random_step(random);
    for (Cursor at(step); !at.done(); at.next()) {
      for (const Cursor::Open& open : at.open()) {
        const StepBlock& block = step.blocks[open.block];
        EXPECT_TRUE(block.first <= at.operation() && at.operation() < block.end && open.round < block.times);
      }
    }
  }
}

TEST(Step, OfNothingIsDone) { EXPECT_TRUE(Cursor(Step{}).done()); }

}  // namespace
}  // namespace bandwright
