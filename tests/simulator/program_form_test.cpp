#include "simulator/program_form.h"

#include <gtest/gtest.h>

#include <random>

#include "simulator/closed_form.h"

namespace bandwright {
namespace {

using Random = std::mt19937;

int pick(Random& random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

MarkSet some_marks(Random& random) { return static_cast<MarkSet>(pick(random, 1, (1 << mark_count) - 1)); }

void append_random_block(Random& random, StepProgramBuilder& builder, int depth) {
  for (int i = pick(random, 1, 4); i > 0; --i) {
    const int kind = pick(random, 0, depth < 3 ? 3 : 2);
    if (kind == 0) builder.compute({}, nanoseconds(pick(random, 1, 50)));
    if (kind == 1) builder.join(some_marks(random));
    if (kind == 2) {
      const GroupCollective call{{CollectiveKind::AllReduce, Bytes(pick(random, 1, 40) * 64)},
                                 static_cast<std::uint32_t>(pick(random, 0, 1))};
      const MarkSet sets = some_marks(random);
      builder.collective({}, call, nanoseconds(pick(random, 0, 9)),
                         static_cast<MarkSet>(sets | some_marks(random)), sets);
    }
    if (kind == 3)
      builder.repeat(pick(random, 1, 30), [&] { append_random_block(random, builder, depth + 1); });
  }
}

Network two_dimensions() { return parse_network("Ring(4)_Switch(8)"); }

StepProgram random_program(Random& random) {
  const Network network = two_dimensions();
  StepProgramBuilder builder("random", split_into_groups(network, {{"TP", 4}, {"DP", 8}}), {"line"});
  append_random_block(random, builder, 0);
  return std::move(builder).finish();
}

std::vector<double> random_bandwidths(Random& random) {
  return {std::uniform_real_distribution(0.5, 50.0)(random),
          std::uniform_real_distribution(0.5, 50.0)(random)};
}

class RandomPrograms : public testing::TestWithParam<unsigned> {};

TEST_P(RandomPrograms, TakeAsLongAsTheirExpandedGraphs) {
  Random random(GetParam());
  const StepProgram program = random_program(random);
  const std::vector<double> b = random_bandwidths(random);
  const double expected = ClosedForm(expand(program), two_dimensions()).step_time_ns(b);
  EXPECT_NEAR(ProgramForm(program, two_dimensions()).step_time_ns(b), expected, 1e-7 * expected);
}

TEST_P(RandomPrograms, HaveCutsThatSupportTheirStepTime) {
  Random random(GetParam());
  const ProgramForm form(random_program(random), two_dimensions());
  const std::vector<double> at = random_bandwidths(random);
  const Cut cut = form.cut(at);
  EXPECT_NEAR(cut.at(at), form.step_time_ns(at), 1e-7 * form.step_time_ns(at));
  for (int i = 0; i < 10; ++i) {
    const std::vector<double> b = random_bandwidths(random);
    EXPECT_LE(cut.at(b), form.step_time_ns(b) * (1.0 + 1e-7));
  }
}

// A program's operations changed by `change`, against its expanded graph.
template <class Change>
void expect_as_expanded(unsigned seed, Change change) {
  Random random(seed);
  StepProgram program = random_program(random);
  for (Instruction& each : program.instructions) {
    if (each.times == 0) change(each);
  }
  const std::vector<double> b = random_bandwidths(random);
  const double expected = ClosedForm(expand(program), two_dimensions()).step_time_ns(b);
  const ProgramForm form(program, two_dimensions());
  EXPECT_NEAR(form.step_time_ns(b), expected, 1e-7 * expected);
  EXPECT_NEAR(form.cut(b).at(b), expected, 1e-7 * expected);
}

// Programs as training writes them: all but one mark follow compute, so that most operations become one.
TEST_P(RandomPrograms, TakeAsLongWhenMarksFollowCompute) {
  const unsigned free_mark = 1 + GetParam() % (mark_count - 1);
  expect_as_expanded(GetParam(), [&](Instruction& each) {
    if ((each.sets & ~(1U << free_mark)) != 0) each.sets |= marks(Mark::Compute);
    each.waits |= static_cast<MarkSet>(each.sets | marks(Mark::Compute));
  });
}

// All operations wait for compute, so that one round shows a block that joins its marks at its end.
TEST_P(RandomPrograms, TakeAsLongWhenEverythingWaitsForCompute) {
  expect_as_expanded(GetParam(), [](Instruction& each) { each.waits |= marks(Mark::Compute); });
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPrograms, testing::Range(1U, 150U));

TEST(ProgramForm, CountsExecutionsThroughNestedRepeats) {
  StepProgramBuilder builder("nested", {}, {"line"});
  builder.repeat(3, [&] {
    builder.compute({}, nanoseconds(1));
    builder.repeat(5, [&] { builder.compute({}, nanoseconds(1)); });
  });
  builder.compute({}, nanoseconds(1));
  const ProgramForm form(std::move(builder).finish(), Network{});
  EXPECT_EQ(form.executions(), (std::vector<double>{0, 3, 0, 15, 1}));
  EXPECT_DOUBLE_EQ(form.step_time_ns({}), 19.0);
}

TEST(ProgramForm, DividesBandwidthByTheWireEfficiencyAndAddsLatency) {
  const Network network = parse_network("Ring(4)");
  StepProgramBuilder builder("one", {whole_network(network)}, {"line"});
  builder.collective({}, {{CollectiveKind::AllReduce, Bytes(4000)}, 0}, nanoseconds(7), marks(Mark::Compute),
                     marks(Mark::Compute));
  StepProgram program = std::move(builder).finish();
  program.wire_efficiency = {0.5};
  // 2 x 4000 x 3/4 = 6000 B at 0.5 x 10 B/ns, after 7 ns.
  EXPECT_DOUBLE_EQ(ProgramForm(program, network).step_time_ns(std::vector<double>{10.0}), 1207.0);
}

TEST(Expand, RefusesMoreThanItsLimit) {
  StepProgramBuilder builder("long", {}, {"line"});
  builder.repeat(1000, [&] { builder.compute({}, nanoseconds(1)); });
  const StepProgram program = std::move(builder).finish();
  EXPECT_EQ(expand(program, 1000).operations.size(), 1000U);
  EXPECT_THROW(expand(program, 999), InputError);
}

}  // namespace
}  // namespace bandwright
