#include "simulator/closed_form/longest_path.h"

#include <gtest/gtest.h>

#include <numeric>

#include "simulator/closed_form/closed_form.h"
#include "tests/step/random_step.h"
#include "tests/step/random_streams.h"

namespace bandwright {
namespace {

using Random = std::mt19937;

std::vector<double> random_bandwidths(Random& random) {
  return {std::uniform_real_distribution(0.5, 50.0)(random),
          std::uniform_real_distribution(0.5, 50.0)(random)};
}

Network two_dimensions() { return parse_network("Ring(4)_Switch(8)"); }

// Of dependencies at random, or of streams.
Step any_step(Random& random, unsigned seed) {
  return seed % 4 == 0 ? random_step(random) : written(random_streams(random, Following(seed % 4 - 1)));
}

// Every round played: when the step ends, if operations take so long.
double written_out_ns(const Step& step, const std::vector<double>& ns) {
  std::vector<OperationId> origin;
  const Step flat = expand(step, 10'000'000, &origin);
  std::vector<double> ends;
  for (OperationId id = 0; id < flat.operations.size(); ++id) {
    double start = 0.0;
    for (const OperationId before : flat.dependencies_of(flat.operations[id])) {
      start = std::max(start, ends[before]);
    }
    ends.push_back(start + ns[origin[id]]);
  }
  return ends.empty() ? 0.0 : *std::max_element(ends.begin(), ends.end());
}

class RandomSteps : public testing::TestWithParam<unsigned> {
 protected:
  RandomSteps() : random_(GetParam()), step_(any_step(random_, GetParam())), b_(random_bandwidths(random_)) {}

  Random random_;
  Step step_;
  std::vector<double> b_;
};

TEST_P(RandomSteps, TakeAsLongWithEveryRoundPlayed) {
  const ClosedForm form(step_, two_dimensions());
  const double expected = written_out_ns(step_, form.durations_ns(b_));
  EXPECT_NEAR(form.step_time_ns(b_), expected, 1e-12 * expected);
}

TEST_P(RandomSteps, AreTheirExpansion) {
  const ClosedForm form(step_, two_dimensions());
  const ClosedForm flat(expand(step_), two_dimensions());
  EXPECT_NEAR(form.step_time_ns(b_), flat.step_time_ns(b_), 1e-12 * flat.step_time_ns(b_));
  EXPECT_NEAR(form.cut(b_).at(b_), flat.cut(b_).at(b_), 1e-12 * flat.step_time_ns(b_));
}

TEST_P(RandomSteps, HaveCutsThatSupportTheirStepTime) {
  const ClosedForm form(step_, two_dimensions());
  const Cut cut = form.cut(b_);
  const double here = form.step_time_ns(b_);
  EXPECT_NEAR(cut.at(b_), here, 1e-12 * here);
  for (int i = 0; i < 20; ++i) {
    const std::vector<double> there = random_bandwidths(random_);
    EXPECT_LE(cut.at(there), form.step_time_ns(there) * (1.0 + 1e-12));
  }
}

TEST_P(RandomSteps, CriticalPathAddsUpToTheStep) {
  const ClosedForm form(step_, two_dimensions());
  double sum = 0.0;
  const std::vector<ClosedForm::Share> path = form.critical_path(b_);
  const std::vector<double> most = executions(step_);
  for (std::size_t id = 0; id < path.size(); ++id) {
    sum += path[id].times * path[id].ns;
    EXPECT_LE(path[id].times, most[id]);
  }
  EXPECT_NEAR(sum, form.step_time_ns(b_), 1e-12 * sum);
}

TEST_P(RandomSteps, ExposureAddsUpToTheStep) {
  const ClosedForm form(step_, two_dimensions());
  const std::vector<double> exposed = form.exposed_ns(b_);
  const double sum = std::accumulate(exposed.begin(), exposed.end(), 0.0);
  EXPECT_NEAR(sum, form.step_time_ns(b_), 1e-9 * sum);
  for (const double ns : exposed) EXPECT_GE(ns, 0.0);
}

// What holds the compute stream is exposed whole, as often as it runs; of the rest no more than it takes,
// where every execution is written out (what a leap passes over is charged to who comes after it).
TEST_P(RandomSteps, ComputeIsExposedWhole) {
  const ClosedForm form(step_, two_dimensions());
  const std::vector<double> exposed = form.exposed_ns(b_);
  const std::vector<double> once = form.durations_ns(b_);
  const std::vector<double> times = executions(step_);
  for (std::size_t id = 0; id < exposed.size(); ++id) {
    const Operation& operation = step_.operations[id];
    const double most = times[id] * once[id];
    if (operation.kind == OperationKind::Compute || operation.blocks) {
      EXPECT_NEAR(exposed[id], most, 1e-9 * most + 1e-6) << id;
    }
  }
  const ClosedForm flat(expand(step_), two_dimensions());
  const std::vector<double> longest = flat.durations_ns(b_);
  const std::vector<double> shown = flat.exposed_ns(b_);
  for (std::size_t id = 0; id < shown.size(); ++id) EXPECT_LE(shown[id], longest[id] * (1.0 + 1e-9) + 1e-6);
}

// The answer of a step with blocks: what its operations are exposed, by kind and group; the bytes of each as
// often as it runs.
TEST_P(RandomSteps, ResultsAreTheSumsOfTheirOperations) {
  if (step_.blocks.empty()) return;  // those are told execution by execution (exposure_test.cpp)
  const ClosedForm form(step_, two_dimensions());
  const StepResult result = form.evaluate(b_);
  EXPECT_NEAR(to_ns(result.step_time), form.step_time_ns(b_), 2e-3);
  const std::vector<double> exposed = form.exposed_ns(b_);
  const std::vector<double> times = executions(step_);
  double compute = 0.0;
  std::vector<double> groups(step_.groups.size(), 0.0);
  std::vector<double> bytes(2, 0.0);
  for (std::size_t id = 0; id < step_.operations.size(); ++id) {
    const Operation& operation = step_.operations[id];
    if (operation.kind == OperationKind::Compute) compute += exposed[id];
    if (operation.kind != OperationKind::Collective) continue;
    const GroupCollective& call = step_.collectives[operation.collective];
    groups[call.group] += exposed[id];
    for (const Traffic& each :
         collective_traffic(call.collective, step_.groups[call.group], two_dimensions())) {
      bytes[static_cast<std::size_t>(each.dimension)] += times[id] * each.bytes;
    }
  }
  for (std::size_t d = 0; d < 2; ++d) {
    EXPECT_NEAR(result.dimensions[d].bytes, bytes[d], 1e-9 * bytes[d]);
    EXPECT_NEAR(result.dimensions[d].utilization * to_ns(result.step_time) * b_[d], bytes[d],
                1e-6 * bytes[d] + 1e-6);
  }
  EXPECT_EQ(result.step_time, result.compute_time + result.bubble + result.exposed_communication);
  Time waiting = result.overhead;
  for (const GroupExposure& each : result.groups) waiting += each.exposed;
  EXPECT_EQ(waiting, result.exposed_communication);
  EXPECT_NEAR(to_ns(result.compute_time), compute, 2e-3 + 1e-9 * compute);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    EXPECT_EQ(result.groups[g].group, step_.groups[g].name);
    EXPECT_NEAR(to_ns(result.groups[g].exposed), groups[g], 2e-3 + 1e-9 * groups[g]);
  }
}

TEST_P(RandomSteps, NoOperationThatTakesLongerMakesThemShorter) {
  const double before = ClosedForm(step_, two_dimensions()).step_time_ns(b_);
  for (Operation& operation : step_.operations) {
    const Time usual = operation.duration;
    operation.duration += nanoseconds(5);
    EXPECT_GE(ClosedForm(step_, two_dimensions()).step_time_ns(b_), before * (1.0 - 1e-12));
    operation.duration = usual;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSteps, testing::Range(1U, 401U));

// repeat 3 { a 1 ns, repeat 5 { b 1 ns } } c 1 ns, one after the other: 3 (1 + 5) + 1 = 19 ns.
TEST(ClosedFormOfBlocks, CountsExecutionsThroughNestedRepeats) {
  StreamBuilder builder("nested", {}, {"line"});
  builder.repeat(3, [&] {
    builder.compute({}, nanoseconds(1));
    builder.repeat(5, [&] { builder.compute({}, nanoseconds(1)); });
  });
  builder.compute({}, nanoseconds(1));
  const Step step = std::move(builder).finish();
  const ClosedForm form(step, Network{});
  EXPECT_EQ(executions(step), (std::vector<double>{3, 15, 1}));
  EXPECT_DOUBLE_EQ(form.step_time_ns({}), 19.0);
  EXPECT_EQ(ReducedStep(step).nodes().size(), 1U);  // all of it is one operation
}

// A layer of 10 ns compute, whose all-reduce of 4 or 30 ns on a stream of its own is waited for at the end
// alone. 4 ns: 100 x 10 + 4. 30 ns: 10 + 100 x 30; of it the compute stream works 1000 ns and waits 2010 ns.
TEST(ClosedFormOfBlocks, OverlapsWhatRunsBesideCompute) {
  for (const double ns : {4.0, 30.0}) {
    const Network network = parse_network("Ring(4)");
    StreamBuilder builder("overlap", {whole_network(network)}, {"line"});
    const std::uint32_t call = builder.enter({{CollectiveKind::AllReduce, Bytes(4)}, 0});
    builder.repeat(100, [&] {
      builder.compute({}, nanoseconds(10));
      builder.call({}, call, nanoseconds(ns - 1.0), streams(Stream::Compute), streams(Stream::Data));
    });
    builder.join(streams(Stream::Compute, Stream::Data));
    const ClosedForm form(std::move(builder).finish(), network);
    const std::vector<double> b = {6.0};  // 2 x 4 x 3/4 = 6 B: 1 ns
    const double expected = ns < 10.0 ? 1004.0 : 3010.0;
    EXPECT_DOUBLE_EQ(form.step_time_ns(b), expected);
    const std::vector<double> exposed = form.exposed_ns(b);
    EXPECT_NEAR(exposed[0], 1000.0, 1e-9);
    EXPECT_NEAR(exposed[1], expected - 1000.0, 1e-9);
    // The longest path takes 1 compute and 100 all-reduces, or all computes and the last all-reduce.
    EXPECT_EQ(form.critical_path(b)[0].times, ns < 10.0 ? 100.0 : 1.0);
    EXPECT_EQ(form.critical_path(b)[1].times, ns < 10.0 ? 1.0 : 100.0);
  }
}

TEST(ClosedFormOfBlocks, DividesBandwidthByTheWireEfficiencyAndAddsLatency) {
  const Network network = parse_network("Ring(4)");
  StreamBuilder builder("one", {whole_network(network)}, {"line"});
  builder.collective({}, {{CollectiveKind::AllReduce, Bytes(4000)}, 0}, nanoseconds(7),
                     streams(Stream::Compute), streams(Stream::Compute));
  Step step = std::move(builder).finish();
  step.wire_efficiency = {0.5};
  // 2 x 4000 x 3/4 = 6000 B at 0.5 x 10 B/ns, after 7 ns.
  EXPECT_DOUBLE_EQ(ClosedForm(step, network).step_time_ns(std::vector<double>{10.0}), 1207.0);
}

}  // namespace
}  // namespace bandwright
