// Several jobs on one network: what they take together, by hand, and against each alone.
#include "simulator/player/together.h"

#include <gtest/gtest.h>

#include <deque>

#include "network/builders.h"
#include "simulator/player/player.h"
#include "simulator/transport/flow_network.h"

namespace bandwright {
namespace {

// A collective of its own among NPUs of a graph, in one chunk.
struct LoneJob {
  Network network;
  Library library;
  std::vector<double> bandwidth = {50.0};
  Step step;
  FlowNetwork built;

  LoneJob(const NetworkGraph& graph, std::vector<NodeId> npus, std::int64_t bytes)
      : network(parse_network("Switch(" + std::to_string(npus.size()) + ")")),
        step(lone_collective(network, {CollectiveKind::AllReduce, Bytes(bytes)})),
        built{.graph = graph, .order = std::move(npus)} {
    library.chunks = 1;
    library.network = NetworkModel::Flows;
    library.algorithms.by_kind["Switch"] = "ring";
  }
  [[nodiscard]] Scenario scenario() const { return {step, network, library, bandwidth, {}, &built}; }
};

// Four NPUs under two leaves with one trunk of one NPU's bandwidth. A ring of two across it moves 2 S/2 each
// way: alone S/50 GB/s = T. Two that start together share the trunk: 2 T. When the second starts at T/2, both
// have half before them: they take T for that, less for nobody, and the second has T/2 left alone. Each loses
// T/2.
TEST(Together, TwoJobsShareATrunk) {
  const NetworkGraph graph = build_graph("LeafSpine(2x2, spines 1, oversubscription 2, bandwidth 50)");
  const LoneJob a(graph, {0, 2}, 100'000'000);
  const LoneJob b(graph, {1, 3}, 100'000'000);
  const double alone = 2e6;  // ns
  const auto times = [&](Time start) {
    const std::vector<JobScenario> jobs = {{a.scenario(), Time(0)}, {b.scenario(), start}};
    const std::vector<StepResult> results = simulate_together(jobs);
    return std::pair(to_ns(results[0].step_time), to_ns(results[1].step_time));
  };
  EXPECT_NEAR(to_ns(simulate_together(std::vector<JobScenario>{{a.scenario(), Time(0)}})[0].step_time), alone,
              0.1);
  EXPECT_NEAR(times(Time(0)).first, 2 * alone, 0.1);
  EXPECT_NEAR(times(Time(0)).second, 2 * alone, 0.1);
  EXPECT_NEAR(times(nanoseconds(alone / 2)).first, 1.5 * alone, 0.1);
  EXPECT_NEAR(times(nanoseconds(alone / 2)).second, 1.5 * alone, 0.1);
  EXPECT_NEAR(times(nanoseconds(alone)).first, alone, 0.1);  // one after the other
  EXPECT_NEAR(times(nanoseconds(alone)).second, alone, 0.1);
}

// Under leaves of their own nobody meets, whatever the starts.
TEST(Together, JobsThatDoNotMeetLoseNothing) {
  const NetworkGraph graph = build_graph("LeafSpine(2x4, bandwidth 50, latency 500 ns)");
  const LoneJob a(graph, {0, 1, 2, 3}, 10'000'000);
  const LoneJob b(graph, {7, 5, 6, 4}, 30'000'000);
  for (const std::int64_t us : {0, 17, 5000}) {
    const std::vector<JobScenario> jobs = {{a.scenario(), Time(0)},
                                           {b.scenario(), nanoseconds(1e3 * static_cast<double>(us))}};
    const std::vector<StepResult> results = simulate_together(jobs);
    EXPECT_EQ(results[0].step_time, simulate_full(a.scenario()).step_time);
    EXPECT_EQ(results[1].step_time, simulate_full(b.scenario()).step_time);
  }
}

// One job is what the player plays, to the picosecond, also where its own messages collide.
TEST(Together, OneJobIsTheStepItself) {
  const NetworkGraph graph =
      build_graph("LeafSpine(4x4, spines 2, oversubscription 2, bandwidth 50, latency 300 ns)");
  std::vector<NodeId> order = {3, 9, 14, 1, 6, 12, 0, 11, 5, 2, 15, 8, 10, 7, 4, 13};
  for (const Routing routing : {Routing::Shortest, Routing::Ecmp, Routing::Spray, Routing::Adaptive}) {
    for (const char* algorithm : {"ring", "halving-doubling", "direct"}) {
      LoneJob job(graph, order, 7'000'003);
      job.built.routing.routing = routing;
      job.library.algorithms.by_kind["Switch"] = algorithm;
      job.library.chunks = 3;
      const std::vector<JobScenario> jobs = {{job.scenario(), nanoseconds(1e6)}};
      EXPECT_EQ(simulate_together(jobs)[0].step_time, simulate_full(job.scenario()).step_time)
          << routing_name(routing) << " " << algorithm;
    }
  }
}

}  // namespace
}  // namespace bandwright
