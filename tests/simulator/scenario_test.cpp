#include "simulator/scenario.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/error.h"
#include "simulator/closed_form/lone_time.h"
#include "simulator/event_driven.h"
#include "simulator/ready_queue.h"
#include "simulator/wire_loads.h"
#include "tests/step/random_step.h"

namespace bandwright {
namespace {

// Whatever is pushed and popped, the next is the one of the largest rank, then the smallest size, then the
// first that came.
TEST(ReadyQueue, ServesByRankSizeAndArrival) {
  std::mt19937 random(91);
  for (int trial = 0; trial < 100; ++trial) {
    ReadyQueue queue;
    std::vector<std::tuple<int, Time, std::uint32_t>> waiting;  // -rank, size, number in order of arrival
    std::uint32_t number = 0;
    for (int i = 0; i < 60; ++i) {
      if (waiting.empty() || random() % 3 != 0) {
        const int rank = static_cast<int>(random() % 3) - 1;
        const Time size = picoseconds(static_cast<std::int64_t>(random() % 3));
        queue.push(rank, size, number);
        waiting.emplace_back(-rank, size, number++);
      } else {
        const auto next = std::min_element(waiting.begin(), waiting.end());
        EXPECT_EQ(queue.sorted().front().chunk, std::get<2>(*next));
        EXPECT_EQ(queue.sorted().size(), waiting.size());
        EXPECT_EQ(queue.pop(), std::get<2>(*next));
        waiting.erase(next);
      }
      EXPECT_EQ(queue.empty(), waiting.empty());
    }
  }
}

// Fifo: all alike. Priority: weight gradients behind the rest. Lifo: later ones first, but weight gradients
// in the order they come, behind what is there.
TEST(IssueOrder, RanksCollectives) {
  IssueOrder fifo(CollectiveOrder::Fifo);
  EXPECT_EQ(fifo.next(Role::Forward), fifo.next(Role::WeightGradient));
  IssueOrder priority(CollectiveOrder::Priority);
  EXPECT_GT(priority.next(Role::InputGradient), priority.next(Role::WeightGradient));
  EXPECT_EQ(priority.next(Role::Forward), priority.next(Role::Other));
  IssueOrder lifo(CollectiveOrder::Lifo);
  const int first = lifo.next(Role::Forward);
  EXPECT_GT(lifo.next(Role::Forward), first);
  const int weights = lifo.next(Role::WeightGradient);
  EXPECT_LT(lifo.next(Role::WeightGradient), weights);
}

struct Scene {
  Network network = parse_network("Ring(4)_Switch(8)");
  Library library;
  std::vector<double> bandwidth = {50.0, 25.0};
  Step graph;

  [[nodiscard]] Scenario scenario() const { return {graph, network, library, bandwidth, Time()}; }
};

TEST(Scenario, FactorsOfNpus) {
  Scene scene;
  EXPECT_TRUE(npu_factors(scene.scenario(), &NpuSpec::compute_time).empty());
  scene.library.npus = {{.first = 3, .last = 5, .compute_time = 2.0},
                        {.first = 5, .last = 31, .compute_time = 0.5}};
  EXPECT_TRUE(npu_factors(scene.scenario(), &NpuSpec::port_speed).empty());
  const std::vector<double> factors = npu_factors(scene.scenario(), &NpuSpec::compute_time);
  ASSERT_EQ(factors.size(), 32U);
  for (std::size_t npu = 0; npu < 32; ++npu)
    EXPECT_EQ(factors[npu], npu < 3 ? 1.0 : npu < 5 ? 2.0 : 0.5) << npu;
  scene.library.npus[1].last = 32;
  EXPECT_THROW(npu_factors(scene.scenario(), &NpuSpec::compute_time), InputError);
}

TEST(Scenario, WhatCollectivesReachOfTheBandwidth) {
  Scene scene;
  EXPECT_EQ(scene.scenario().wire_bandwidth(1), 25.0);
  scene.graph.wire_efficiency = {0.5, 0.8};
  EXPECT_EQ(scene.scenario().wire_bandwidth(0), 25.0);
  EXPECT_EQ(scene.scenario().wire_bandwidth(1), 20.0);
}

// Groups that span the same part share a logical dimension; those of another set have their own.
TEST(Scenario, LogicalDimensionsAreSharedByEqualParts) {
  Scene scene;
  Group whole = whole_network(scene.network);
  Group inner = {.name = "inner", .dimensions = {whole.dimensions[0]}};
  Group apart = {.name = "apart", .dimensions = {whole.dimensions[0]}, .set = 1};
  StepBuilder builder("three", {whole, inner, apart}, {"line"});
  for (const std::uint32_t group : {0U, 1U, 2U}) {
    builder.collective({}, {{CollectiveKind::AllReduce, Bytes(32'000)}, group}, {});
  }
  scene.graph = std::move(builder).finish();
  const CommunicationPlan plan = plan_communication(scene.scenario());
  ASSERT_EQ(plan.calls.size(), 3U);
  EXPECT_EQ(plan.calls[0].queues, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(plan.calls[1].queues, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(plan.calls[2].queues, (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(plan.queues[2].group, "apart");
  // 2 S 3/4 at 50 GB/s against 2 S/4 7/8 at 25 GB/s: the ring is busy longest; at a tenth of it the switch.
  EXPECT_EQ(plan.calls[0].busiest, 0);
  scene.bandwidth = {50.0, 2.5};
  EXPECT_EQ(plan_communication(scene.scenario()).calls[0].busiest, 1);
}

// Bytes per dimension are what the plan's chunks send, whatever the order; utilisation is bytes over
// bandwidth and time.
TEST(Scenario, TrafficIsThatOfThePlan) {
  std::mt19937 random(92);
  for (int trial = 0; trial < 8; ++trial) {
    Scene scene;
    scene.graph = expand(random_step(random));
    const StepResult result = simulate_folded(scene.scenario());
    std::vector<double> expected(2, 0.0);
    for (const Operation& operation : scene.graph.operations) {
      if (operation.kind != OperationKind::Collective) continue;
      const GroupCollective& call = scene.graph.collectives[operation.collective];
      for (const Traffic& traffic :
           collective_traffic(call.collective, scene.graph.groups[call.group], scene.network)) {
        expected[static_cast<std::size_t>(traffic.dimension)] += traffic.bytes;
      }
    }
    for (std::size_t d = 0; d < 2; ++d) {
      const DimensionUse& use = result.dimensions[d];
      EXPECT_NEAR(use.bytes, expected[d], 0.5 * expected[d] + 1e-9) << "chunks are whole bytes";
      EXPECT_GE(use.bytes, expected[d] * (1 - 1e-9));
      if (result.step_time == Time()) continue;
      EXPECT_NEAR(use.utilization, use.bytes / scene.bandwidth[d] / to_ns(result.step_time), 1e-9);
    }
  }
}

// A share of NPUs that takes part counts by it.
TEST(Scenario, TrafficCountsByTheShareOfNpus) {
  Scene scene;
  scene.graph = lone_collective(scene.network, {CollectiveKind::AllReduce, Bytes(32'000)});
  const StepResult whole = simulate_folded(scene.scenario());
  scene.graph.npu_share = {0.25};
  const StepResult quarter = simulate_folded(scene.scenario());
  EXPECT_DOUBLE_EQ(quarter.dimensions[0].bytes, whole.dimensions[0].bytes / 4);
  EXPECT_EQ(quarter.step_time, whole.step_time);
}

TEST(Scenario, ADeadlockNamesTheFirstFive) {
  Step graph{.name = "knot", .operations = std::vector<Operation>(8), .line_names = {"x"}};
  EXPECT_NO_THROW(require_all_ended(graph, std::vector<bool>(8, true)));
  std::vector<bool> ended(8, false);
  ended[0] = true;
  try {
    require_all_ended(graph, ended);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "deadlock in knot: 7 of 8 operations never ended: 1 other (x), 2 other (x), 3 other (x), "
                 "4 other (x), 5 other (x) ...");
  }
  ended = {true, true, true, false, false, false, false, false};
  try {
    require_all_ended(graph, ended);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find("..."), std::string::npos) << error.what();
  }
}

// Alone on the network, a collective takes what it takes as the whole of a step; where others wait, no less.
TEST(LoneTimes, AreOfEachCollectiveByItself) {
  std::mt19937 random(93);
  for (int trial = 0; trial < 20; ++trial) {
    Scene scene;
    scene.library.chunks = 4;
    scene.graph = expand(random_step(random));
    const std::vector<Time> times = lone_times(scene.scenario());
    ASSERT_EQ(times.size(), scene.graph.collectives.size());
    for (std::size_t c = 0; c < times.size(); ++c) {
      StepBuilder builder("alone", scene.graph.groups, {"line"});
      builder.collective({}, scene.graph.collectives[c], {});
      Scene alone = scene;
      alone.graph = std::move(builder).finish();
      EXPECT_EQ(times[c], simulate_folded(alone.scenario()).step_time);
    }
  }
}

// A price is the slowest of a collective's dimensions, at what it can use of their bandwidth.
TEST(WireLoads, PriceIsTheSlowestDimension) {
  std::mt19937 random(94);
  const Scene scene;
  for (int trial = 0; trial < 50; ++trial) {
    const Step step = random_step(random);
    const std::vector<double> efficiency = {0.5, 0.9};
    const WireLoads loads(step.collectives, step.groups, scene.network, scene.library, efficiency);
    const std::vector<double> b = {static_cast<double>(1 + random() % 100),
                                   static_cast<double>(1 + random() % 100)};
    const auto prices = loads.price(b);
    std::vector<double> calls;
    std::vector<double> bound(2, 0.0);
    std::vector<double> sent(2, 0.0);
    std::vector<double> expected_sent(2, 0.0);
    for (std::size_t c = 0; c < step.collectives.size(); ++c) {
      calls.push_back(static_cast<double>(random() % 3));
      const GroupCollective& call = step.collectives[c];
      double slowest = 0.0;
      int dimension = -1;
      for (const Traffic& each :
           collective_traffic(call.collective, step.groups[call.group], scene.network)) {
        const auto d = static_cast<std::size_t>(each.dimension);
        expected_sent[d] += calls[c] * each.bytes;
        const double ns = each.busy / (each.share * efficiency[d] * b[d]);
        if (ns > slowest) {
          slowest = ns;
          dimension = each.dimension;
        }
      }
      EXPECT_NEAR(prices[c].ns, slowest, 1e-9 * slowest);
      EXPECT_EQ(loads.dimension(static_cast<std::uint32_t>(c), prices[c]), dimension);
      EXPECT_EQ(loads.group(static_cast<std::uint32_t>(c)), call.group);
      if (dimension >= 0) bound[static_cast<std::size_t>(dimension)] += calls[c] * slowest;
      loads.add_bytes(static_cast<std::uint32_t>(c), calls[c], sent);
    }
    EXPECT_EQ(sent, expected_sent);
    // The loads of a cut take as long as the calls they stand for.
    for (const Load& load : loads.binding_loads(prices, calls, b)) {
      const std::size_t d = load.dims == 1 ? 0 : 1;
      EXPECT_NEAR(load.bytes / b[d], bound[d], 1e-9 * bound[d]);
      bound[d] = 0.0;
    }
    EXPECT_EQ(bound, (std::vector<double>{0.0, 0.0}));
  }
  // A group of one NPU has nothing to send and binds nothing.
  const WireLoads nothing(std::vector<GroupCollective>{{{CollectiveKind::AllReduce, Bytes(8)}, 0}},
                          std::vector<Group>{{.name = "one NPU"}}, scene.network, scene.library, {});
  const auto free = nothing.price(std::vector<double>{1.0, 1.0});
  EXPECT_EQ(free[0].ns, 0.0);
  EXPECT_EQ(nothing.dimension(0, free[0]), -1);
  EXPECT_TRUE(nothing.binding_loads(free, std::vector<double>{3.0}, std::vector<double>{1.0, 1.0}).empty());
  const WireLoads loads(std::vector<GroupCollective>{{{CollectiveKind::AllReduce, Bytes(8)}, 0}},
                        std::vector<Group>{whole_network(scene.network)}, scene.network, scene.library, {});
  EXPECT_TRUE(std::isinf(loads.price(std::vector<double>{0.0, 1.0})[0].ns));
}

TEST(QueueUse, MeansAreOfOneChunk) {
  QueueUse use{.chunks = 12, .service = nanoseconds(120), .queueing = nanoseconds(60)};
  EXPECT_EQ(use.mean_service(), nanoseconds(10));
  use.share_among(4);
  EXPECT_EQ(use.chunks, 3);
  EXPECT_EQ(use.mean_service(), nanoseconds(10));
  EXPECT_EQ(use.mean_queueing(), nanoseconds(5));
  EXPECT_EQ(QueueUse{}.mean_service(), Time());
}

}  // namespace
}  // namespace bandwright
