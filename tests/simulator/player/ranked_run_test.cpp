// NPUs that do not all do the same, played one by one.
#include <gtest/gtest.h>

#include "core/error.h"
#include "simulator/event_driven.h"
#include "simulator/player/player.h"

namespace bandwright {
namespace {

// All NPUs of a network in one collective after 100 ns of compute, as one kind.
RankedStep collective_of_all(const Network& network, CollectiveKind kind, Bytes size) {
  RankedStep step;
  step.graph = lone_collective(network, {kind, size});
  step.graph.groups[0].set = 0;
  RankedStep::Kind& all = step.kinds.emplace_back();
  std::vector<int>& team = step.teams.emplace_back();
  for (int npu = 0; npu < network.npus(); ++npu) team.push_back(npu);
  all.npus = team;
  all.operations = {0};
  step.kind_of.assign(team.size(), 0);
  step.ties.resize(1);
  step.teams_of_group = {std::vector<std::uint32_t>(team.size(), 0)};
  return step;
}

Library chunked(int chunks) {
  Library library;
  library.chunks = chunks;
  library.endpoint_delay = nanoseconds(10);
  library.latency = std::vector<Time>(3, nanoseconds(500));
  return library;
}

// Where all NPUs are alike, playing each changes nothing: one NPU stands for all.
TEST(RankedRun, EqualsFoldedWhereFoldingIsExact) {
  for (const char* shape : {"Ring(8)", "Switch(8)", "FullyConnected(5)", "Ring(4)_Switch(2)",
                            "Ring(3)_FullyConnected(4)_Switch(2)"}) {
    const Network network = parse_network(shape);
    const std::vector<double> bandwidth(network.dimensions.size(), 50.0);
    for (const CollectiveKind kind : {CollectiveKind::AllReduce, CollectiveKind::AllGather,
                                      CollectiveKind::ReduceScatter, CollectiveKind::AllToAll}) {
      for (const int chunks : {1, 7}) {
        const RankedStep step = collective_of_all(network, kind, bytes(1 << 20));
        const Library library = chunked(chunks);
        const Scenario scenario{step.graph, network, library, bandwidth, nanoseconds(3)};
        ASSERT_TRUE(folds_exactly(step, network));
        const StepResult full = simulate_full(scenario, step);
        const StepResult folded = simulate_folded(scenario);
        EXPECT_EQ(full.step_time, folded.step_time) << shape << ' ' << collective_name(kind) << ' ' << chunks;
        ASSERT_EQ(full.queues.size(), folded.queues.size());
        for (std::size_t q = 0; q < full.queues.size(); ++q) {
          EXPECT_EQ(full.queues[q].chunks, folded.queues[q].chunks) << shape;
          EXPECT_EQ(full.queues[q].service, folded.queues[q].service) << shape;
        }
      }
    }
  }
}

// NPU 0 computes for 1 us and sends 1000 B over two hops to NPU 2 of Ring(4) at 1 GB/s: 1 us on the wire and
// 2 x 500 ns of latency. NPU 2 has computed for 100 ns by then and goes on for another 100 ns: 3.1 us.
TEST(RankedRun, AMessageTiesTwoKindsTogether) {
  const Network network = parse_network("Ring(4)");
  RankedStep step;
  step.graph.groups = {{"to 2", {{0, 2, 2}}}};
  step.graph.collectives = {{{CollectiveKind::PointToPoint, bytes(1000)}, 0}};
  step.graph.line_names = {"a"};
  step.graph.operations = {{.duration = nanoseconds(1000)},
                           {.kind = OperationKind::Collective, .first_dependency = 0, .dependencies = 1},
                           {.duration = nanoseconds(100)},
                           {.kind = OperationKind::Overhead},
                           {.duration = nanoseconds(100), .first_dependency = 1, .dependencies = 2},
                           {.duration = nanoseconds(5)}};
  step.graph.dependencies = {0, 2, 3};
  step.kinds = {{{0}, {0, 1}}, {{1, 3}, {5}}, {{2}, {2, 3, 4}}};
  step.kind_of = {0, 1, 2, 1};
  step.ties.resize(6);
  step.ties[1] = {.receive = 3, .distance = 2};
  step.ties[3] = {.receives = true};
  step.teams_of_group.resize(1);
  const Library library = chunked(1);
  const std::vector<double> bandwidth = {1.0};
  const StepResult result = simulate_full({step.graph, network, library, bandwidth, {}}, step);
  EXPECT_EQ(result.step_time, nanoseconds(3100));
  EXPECT_EQ(result.compute_time, nanoseconds(200));  // of NPU 2, which ends last
}

// A ring of members {0, 1, 2} on Ring(8): the message from 2 to 0 goes 2 hops. It is under way for 500 ns
// more, once in each round of three; folded, every round of three waits for it too, so one collective alone
// takes as long, and a second one begins earlier where NPUs go on at their own pace.
TEST(RankedRun, OnlyNpusBehindALongMessageWaitForIt) {
  const Network network = parse_network("Ring(8)");
  RankedStep step = collective_of_all(network, CollectiveKind::AllReduce, bytes(3000));
  step.graph.groups = {{"group", {{0, 3, 1}}}};
  step.kinds[0].npus = {0, 1, 2};
  step.kinds.push_back({{3, 4, 5, 6, 7}, {}});
  step.kind_of = {0, 0, 0, 1, 1, 1, 1, 1};
  step.teams = {{0, 1, 2}};
  step.teams_of_group = {{0, 0, 0}};
  EXPECT_FALSE(folds_exactly(step, network));
  const std::vector<double> bandwidth = {1.0};
  for (const int chunks : {1, 4}) {
    const Library library = chunked(chunks);
    const Scenario scenario{step.graph, network, library, bandwidth, {}};
    const Time folded = simulate_folded(scenario).step_time;
    const Time ranked = simulate_full(scenario, step).step_time;
    if (chunks == 1) {
      EXPECT_EQ(ranked, folded);
    } else {
      EXPECT_LT(ranked, folded);
    }
  }
}

// NPU 1 never comes to the collective.
TEST(RankedRun, ADeadlockIsNamed) {
  const Network network = parse_network("Ring(2)");
  RankedStep step = collective_of_all(network, CollectiveKind::AllReduce, bytes(1000));
  step.kinds = {{{0}, {0}}, {{1}, {}}};
  step.kind_of = {0, 1};
  step.teams_of_group = {{0}};
  const Library library = chunked(1);
  const std::vector<double> bandwidth = {1.0};
  EXPECT_THROW(simulate_full({step.graph, network, library, bandwidth, {}}, step), InputError);
}

}  // namespace
}  // namespace bandwright
