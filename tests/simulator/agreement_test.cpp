// What engines and forms say besides the step time agrees, too: who waits for what and when, whether one NPU
// stands for all or each is played; what is no work of this stage; and loads of links that change from round
// to round.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "network/builders.h"
#include "network/link_classes.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/event_driven.h"
#include "simulator/link_loads.h"
#include "simulator/player/player.h"
#include "simulator/transport/flow_network.h"
#include "tests/step/random_step.h"

namespace bandwright {
namespace {

// Some of a step's compute is another stage's, some the loop's own, some the host's.
Step with_all_roles(Step step, std::mt19937& random) {
  for (Operation& operation : step.operations) {
    if (operation.kind != OperationKind::Compute) continue;
    const auto draw = random() % 5;
    if (draw == 0) operation.role = Role::Bubble;
    if (draw == 1) operation.kind = OperationKind::Overhead;
  }
  return step;
}

class Agreement : public testing::TestWithParam<unsigned> {
 protected:
  Agreement() {
    std::mt19937 random(GetParam());
    step_ = with_all_roles(random_step(random), random);
    library_.chunks = 3;
    library_.after_collective = nanoseconds(7);
  }

  const Network network_ = parse_network("Ring(4)_Switch(8)");
  const std::vector<double> gb_per_s_ = {32.0, 8.0};
  Library library_;
  Step step_;
};

// Every NPU by itself waits for the same, as long and at the same times, as the one that stands for all.
TEST_P(Agreement, OfOneNpuWithAll) {
  const Step flat = expand(step_);
  const Scenario scenario{flat, network_, library_, gb_per_s_, library_.after_collective};
  Timeline folded_timeline;
  Timeline full_timeline;
  const StepResult folded = simulate_folded(scenario, &folded_timeline);
  const StepResult full = simulate_full(scenario, &full_timeline);
  EXPECT_EQ(full.step_time, folded.step_time);
  EXPECT_EQ(full.compute_time, folded.compute_time);
  EXPECT_EQ(full.bubble, folded.bubble);
  EXPECT_EQ(full.overhead, folded.overhead);
  EXPECT_EQ(full.exposed_communication, folded.exposed_communication);
  ASSERT_EQ(full.groups.size(), folded.groups.size());
  for (std::size_t g = 0; g < full.groups.size(); ++g)
    EXPECT_EQ(full.groups[g].exposed, folded.groups[g].exposed);
  for (std::size_t d = 0; d < full.dimensions.size(); ++d)
    EXPECT_EQ(full.dimensions[d].exposed, folded.dimensions[d].exposed);
  ASSERT_EQ(full.critical_path.size(), folded.critical_path.size());
  for (std::size_t i = 0; i < full.critical_path.size(); ++i) {
    EXPECT_EQ(full.critical_path[i].operation, folded.critical_path[i].operation);
    EXPECT_EQ(full.critical_path[i].start, folded.critical_path[i].start);
  }
  ASSERT_EQ(full_timeline.operations.size(), folded_timeline.operations.size());
  for (std::size_t i = 0; i < full_timeline.operations.size(); ++i) {
    EXPECT_EQ(full_timeline.operations[i].start, folded_timeline.operations[i].start) << i;
    EXPECT_EQ(full_timeline.operations[i].end, folded_timeline.operations[i].end) << i;
  }
}

// An operation starts when the last that it depends on has ended, and takes its time.
TEST_P(Agreement, OfATimelineWithTheStep) {
  const Step flat = expand(step_);
  Timeline timeline;
  static_cast<void>(
      simulate_full({flat, network_, library_, gb_per_s_, library_.after_collective}, &timeline));
  ASSERT_EQ(timeline.operations.size(), flat.operations.size());
  std::vector<Time> end(flat.operations.size());
  for (const Timeline::Span& span : timeline.operations) end[span.operation] = span.end;
  for (const Timeline::Span& span : timeline.operations) {
    const Operation& operation = flat.operations[span.operation];
    Time ready;
    for (const OperationId before : flat.dependencies_of(operation)) ready = std::max(ready, end[before]);
    EXPECT_EQ(span.start, ready) << span.operation;
    if (operation.kind != OperationKind::Collective) {
      EXPECT_EQ(span.end - span.start, operation.duration) << span.operation;
    }
  }
}

// In closed form, of a step with blocks, what is another stage's work is neither compute nor communication,
// and what is the loop's own is overhead.
TEST_P(Agreement, OfPartsWithTheirOperations) {
  if (step_.blocks.empty()) return;
  const ClosedForm form(step_, network_);
  const StepResult result = form.evaluate(gb_per_s_);
  const std::vector<double> exposed = form.exposed_ns(gb_per_s_);
  double bubble = 0.0;
  double compute = 0.0;
  double overhead = 0.0;
  for (std::size_t id = 0; id < exposed.size(); ++id) {
    const Operation& operation = step_.operations[id];
    if (operation.role == Role::Bubble) {
      bubble += exposed[id];
    } else if (operation.kind == OperationKind::Compute) {
      compute += exposed[id];
    } else if (operation.kind == OperationKind::Overhead) {
      overhead += exposed[id];
    }
  }
  EXPECT_NEAR(to_ns(result.bubble), bubble, 2e-3 + 1e-9 * bubble);
  EXPECT_NEAR(to_ns(result.compute_time), compute, 2e-3 + 1e-9 * compute);
  EXPECT_NEAR(to_ns(result.overhead), overhead, 1e-2 + 1e-9 * to_ns(result.step_time));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Agreement, testing::Range(0U, 30U));

struct Loaded {
  Step step;
  Network network;
  Library library;
  FlowNetwork built;
  std::vector<double> bandwidth;

  [[nodiscard]] Scenario scenario() const { return {step, network, library, bandwidth, {}, &built}; }
};

Loaded loaded(NetworkGraph graph, const char* algorithm, const Collective& collective) {
  Loaded one;
  one.built = {.graph = std::move(graph), .routing = {.routing = Routing::Spray}};
  const LogicalGrid grid = logical_grid(one.built.graph);
  one.network = grid.network;
  for (const Bandwidth b : grid.bandwidth) one.bandwidth.push_back(b.value());
  one.library.chunks = 1;
  one.library.network = NetworkModel::Flows;
  one.library.algorithms.by_kind["Switch"] = algorithm;
  one.step = lone_collective(one.network, collective);
  return one;
}

// All-to-all in 31 rounds among 32 NPUs on leaves of 8: in round r each sends S/32 to the r-th after it, of
// which min(r, 8, 32 - r) leave a leaf, 192 in all rounds together, and an eighth of them is each NPU's share
// of the leaf's links. At 50 GB/s an NPU and b from its leaf, a round takes S/32 max(1/50, m/(8 b)).
TEST(LoadsByRound, ChangeFromRoundToRound) {
  const Loaded one = loaded(build_graph("LeafSpine(4x8)", {.bandwidth = gb_per_s(50)}), "halving-doubling",
                            {CollectiveKind::AllToAll, Bytes(320'000'000)});
  const ClosedForm form(one.step, 2, WireLoads(one.step.collectives, link_loads(one.scenario()).routed));
  for (const double spine : {1.0, 10.0, 30.0, 50.0, 400.0}) {
    double expected = 0.0;
    for (int round = 1; round < 32; ++round) {
      const double leaving = std::min({round, 8, 32 - round});
      expected += 1e7 * std::max(1.0 / 50.0, leaving / 8.0 / spine);
    }
    EXPECT_NEAR(form.step_time_ns(std::vector{50.0, spine}), expected, 1e-6 * expected) << spine;
  }
}

// Two NPUs joined by a cable of each of three classes: of an all-reduce of S each sends S to the other, which
// no route carries in less than S over all three together; and no two classes by themselves part the two.
TEST(CutsOfClasses, OfAllTogetherHold) {
  NetworkGraph graph{.name = "three cables"};
  graph.add_npus(2);
  for (const auto& [name, speed] : {std::pair("a", 10.0), {"b", 20.0}, {"c", 30.0}})
    graph.join(0, 1, {.bandwidth = gb_per_s(speed), .link_class = graph.class_named(name, "Pod")});
  const std::vector<double> b = class_gb_per_s(graph);
  const Loaded one = loaded(graph, "halving-doubling", {CollectiveKind::AllReduce, Bytes(60'000'000)});
  const ClosedForm cut(one.step, 3, WireLoads(one.step.collectives, link_loads(one.scenario()).cut));
  EXPECT_NEAR(cut.step_time_ns(b), 60e6 / 60.0, 1e-6 * 1e6);
  const ClosedForm routed(one.step, 3, WireLoads(one.step.collectives, link_loads(one.scenario()).routed));
  EXPECT_GE(routed.step_time_ns(b), cut.step_time_ns(b));
}

// Whatever the classes' bandwidths, what any routes need is no more than what these take.
TEST(CutsOfClasses, AreBelowTheRoutes) {
  for (const char* words : {"LeafSpine(4x8)", "RailOptimised(4x8, inside 450)", "Rack(3x4, npus_per_nic 2)",
                            "FatTree(32, radix 8)", "HyperX(3x3, npus 2)"}) {
    for (const char* algorithm : {"direct", "halving-doubling"}) {
      for (const CollectiveKind kind : {CollectiveKind::AllReduce, CollectiveKind::AllToAll}) {
        const Loaded one =
            loaded(build_graph(words, {.bandwidth = gb_per_s(50)}), algorithm, {kind, Bytes(288'000'000)});
        const auto classes = static_cast<int>(one.built.graph.classes.size());
        const LinkLoads loads = link_loads(one.scenario());
        const ClosedForm cut(one.step, classes, WireLoads(one.step.collectives, loads.cut));
        const ClosedForm routed(one.step, classes, WireLoads(one.step.collectives, loads.routed));
        std::vector<double> b = class_gb_per_s(one.built.graph);
        for (const double share : {1.0, 0.3, 0.05, 20.0}) {
          b.back() *= share;
          EXPECT_LE(cut.step_time_ns(b), routed.step_time_ns(b) * (1.0 + 1e-9)) << words << ' ' << algorithm;
          EXPECT_GT(cut.step_time_ns(b), 0.0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace bandwright
