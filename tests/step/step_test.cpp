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

// Written out, a step keeps all that is not repetition.
TEST(Step, KeepsWhatItIsWhenWrittenOut) {
  std::mt19937 random(3);
  for (int i = 0; i < 50; ++i) {
    Step step = random_step(random);
    step.wire_efficiency = {0.5, 0.25};
    step.npu_share = {0.75};
    std::vector<OperationId> origin;
    const Step flat = expand(step, 50'000'000, &origin);
    EXPECT_EQ(flat.name, step.name);
    EXPECT_EQ(flat.collectives, step.collectives);
    EXPECT_EQ(flat.groups.size(), step.groups.size());
    EXPECT_EQ(flat.line_names, step.line_names);
    EXPECT_EQ(flat.wire_efficiency, step.wire_efficiency);
    EXPECT_EQ(flat.npu_share, step.npu_share);
    ASSERT_EQ(origin, order(step));
    for (OperationId id = 0; id < origin.size(); ++id) {
      const Operation& from = step.operations[origin[id]];
      EXPECT_EQ(flat.operations[id].kind, from.kind);
      EXPECT_EQ(flat.operations[id].duration, from.duration);
      EXPECT_EQ(flat.operations[id].collective, from.collective);
      EXPECT_LE(flat.operations[id].dependencies, from.dependencies);
      for (const OperationId each : flat.dependencies_of(flat.operations[id])) EXPECT_LT(each, id);
    }
  }
}

// Groups of a set are some of the NPUs'.
TEST(Step, GroupsOfASetAreOfAPartOfTheNpus) {
  Step step;
  Group group{.set = 1};
  EXPECT_EQ(step.share_of(group), 1.0);
  step.npu_share = {0.25, 0.75};
  EXPECT_EQ(step.share_of(group), 0.75);
  group.set = 0;
  EXPECT_EQ(step.share_of(group), 0.25);
}

TEST(StepBuilder, AppendsWhatItIsGiven) {
  StepBuilder builder("three", {whole_network(parse_network("Ring(4)"))}, {"x", "y"});
  const GroupCollective call = {{CollectiveKind::AllGather, Bytes(5)}, 0};
  const GroupCollective other = {{CollectiveKind::AllGather, Bytes(6)}, 0};
  const Label label = {Role::Optimizer, 1};
  const OperationId a = builder.compute(label, nanoseconds(3), {});
  const OperationId b = builder.overhead(label, nanoseconds(4), std::vector{a});
  const OperationId c = builder.collective(label, call, std::vector{a, b});
  builder.collective(label, other, {});
  builder.collective(label, call, std::vector{c});
  EXPECT_EQ(builder.group(0).npus(), 4);
  const Step step = std::move(builder).finish();
  EXPECT_EQ(step.collectives, (std::vector{call, other}));
  EXPECT_EQ(step.dependencies, (std::vector<OperationId>{0, 0, 1, 2}));
  const auto& operations = step.operations;
  ASSERT_EQ(operations.size(), 5U);
  EXPECT_EQ(operations[0].kind, OperationKind::Compute);
  EXPECT_EQ(operations[0].duration, nanoseconds(3));
  EXPECT_EQ(operations[1].kind, OperationKind::Overhead);
  EXPECT_EQ(operations[1].duration, nanoseconds(4));
  EXPECT_EQ(operations[2].kind, OperationKind::Collective);
  EXPECT_EQ(step.dependencies_of(operations[2]).size(), 2U);
  EXPECT_EQ(operations[3].collective, 1U);
  EXPECT_EQ(operations[4].collective, 0U);
  EXPECT_EQ(step.dependencies_of(operations[4])[0], c);
  for (const Operation& each : operations) {
    EXPECT_EQ(each.role, Role::Optimizer);
    EXPECT_EQ(each.line, 1);
  }
}

TEST(Step, OfALoneCollective) {
  const Network network = parse_network("Ring(4)_Switch(3)");
  const Collective collective = {CollectiveKind::Broadcast, Bytes(1)};
  const Step step = lone_collective(network, collective);
  EXPECT_EQ(step.name, "broadcast");
  ASSERT_EQ(step.operations.size(), 1U);
  EXPECT_EQ(step.operations[0].kind, OperationKind::Collective);
  EXPECT_EQ(step.collectives, (std::vector<GroupCollective>{{collective, 0}}));
  EXPECT_EQ(step.groups[0].npus(), 12);
  EXPECT_THROW(lone_collective(network, {CollectiveKind::Broadcast, Bytes(0)}), InputError);
}

TEST(Step, OfNothingIsDone) { EXPECT_TRUE(Cursor(Step{}).done()); }

}  // namespace
}  // namespace bandwright
