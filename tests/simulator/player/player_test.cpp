// Every NPU by itself: faults and transports, derived by hand, and properties of random runs.
#include "simulator/player/player.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "collective/phase_time.h"
#include "core/error.h"
#include "simulator/event_driven.h"
#include "simulator/player/play_cost.h"

namespace bandwright {
namespace {

Library one_chunk() {
  Library library;
  library.chunks = 1;
  return library;
}

// A step of traces: NPUs 0 .. n-1 of one kind, the graph's groups over teams.
RankedStep one_kind(Step graph, int npus, std::vector<std::vector<int>> teams) {
  RankedStep step;
  step.graph = std::move(graph);
  RankedStep::Kind& all = step.kinds.emplace_back();
  for (int npu = 0; npu < npus; ++npu) all.npus.push_back(npu);
  for (OperationId id = 0; id < step.graph.operations.size(); ++id) all.operations.push_back(id);
  step.kind_of.assign(all.npus.size(), 0);
  step.ties.resize(step.graph.operations.size());
  for (OperationId id = 0; id < step.ties.size(); ++id) step.ties[id].meeting = id;
  step.teams = std::move(teams);
  std::vector<std::uint32_t>& team_of = step.teams_of_group.emplace_back(all.npus.size());
  for (std::uint32_t team = 0; team < step.teams.size(); ++team) {
    for (const int npu : step.teams[team]) team_of[static_cast<std::size_t>(npu)] = team;
  }
  return step;
}

// Sends from one NPU to another, each pair {from, to} of NPUs with kinds of their own, after `compute`.
RankedStep sends(const std::vector<std::pair<int, int>>& pairs, int npus, Bytes size, Time compute = {}) {
  RankedStep step;
  step.graph.line_names = {"a"};
  step.graph.groups = {{"message", {{0, 2, 1}}}};
  step.graph.collectives = {{{CollectiveKind::PointToPoint, size}, 0}};
  step.kind_of.assign(static_cast<std::size_t>(npus), 0);
  std::vector<std::vector<OperationId>> of_npu(static_cast<std::size_t>(npus));
  for (const auto& [from, to] : pairs) {
    const auto id = static_cast<OperationId>(step.graph.operations.size());
    step.graph.operations.push_back({.duration = compute});
    step.graph.operations.push_back(
        {.kind = OperationKind::Collective,
         .first_dependency = static_cast<std::uint32_t>(step.graph.dependencies.size()),
         .dependencies = 1});
    step.graph.dependencies.push_back(id);
    step.graph.operations.push_back({.kind = OperationKind::Overhead});
    step.ties.resize(id + 3);
    step.ties[id + 1] = {.receive = id + 2, .distance = to - from};
    step.ties[id + 2] = {.receives = true};
    for (const OperationId own : {id, id + 1}) of_npu[static_cast<std::size_t>(from)].push_back(own);
    of_npu[static_cast<std::size_t>(to)].push_back(id + 2);
  }
  for (int npu = 0; npu < npus; ++npu) {
    step.kind_of[static_cast<std::size_t>(npu)] = static_cast<std::uint32_t>(npu);
    step.kinds.push_back({{npu}, of_npu[static_cast<std::size_t>(npu)]});
  }
  step.teams_of_group.resize(1);
  return step;
}

Time time_of(const RankedStep& step, const char* shape, const Library& library, double gb_per_s = 1.0) {
  const Network network = parse_network(shape);
  const std::vector<double> bandwidth(network.dimensions.size(), gb_per_s);
  return simulate_full({step.graph, network, library, bandwidth, {}}, step).step_time;
}

// 100 ns of compute, then an all-reduce of 1000 B over Ring(2) at 1 GB/s: one message of 500 B each way to
// reduce, one to gather, 500 ns each. At half speed NPU 1 computes for 200 ns and sends for 1000 ns: NPU 0
// has its half reduced at 200 + 1000, NPU 1 its own at 100 + 500 and thus at 200, when it comes. NPU 1 then
// gathers into NPU 0 only after its port is free at 1200: until 2200. As flows, too: messages of one NPU
// leave in the order of their rounds.
TEST(Player, AnNpuAtHalfSpeedOnARingOfTwo) {
  const Network network = parse_network("Ring(2)");
  StepBuilder builder("two", {whole_network(network)}, {"line"});
  const OperationId compute = builder.compute({}, nanoseconds(100), {});
  builder.collective({}, {{CollectiveKind::AllReduce, Bytes(1000)}, 0}, std::array{compute});
  const Step graph = std::move(builder).finish();
  Library library = one_chunk();
  const std::vector<double> bandwidth = {1.0};
  const RankedStep step = one_kind(graph, 2, {{0, 1}});
  EXPECT_EQ(time_of(step, "Ring(2)", library), nanoseconds(1100));
  library.npus = {{.first = 1, .last = 1, .compute_time = 2.0, .port_speed = 0.5}};
  EXPECT_EQ(simulate_full({graph, network, library, bandwidth, {}}).step_time, nanoseconds(2200));
  EXPECT_EQ(time_of(step, "Ring(2)", library), nanoseconds(2200));
  library.network = NetworkModel::Flows;
  EXPECT_EQ(simulate_full({graph, network, library, bandwidth, {}}).step_time, nanoseconds(2200));
  EXPECT_EQ(time_of(step, "Ring(2)", library), nanoseconds(2200));
}

// On Ring(8), 0 sends to 2 and 1 sends to 3 at once, 1000 B at 1 GB/s: both take the link from 1 to 2. Ports
// alone: 1000 ns. Fairly shared, each has half of the link all the time.
TEST(Player, TwoMessagesOnOneLink) {
  const RankedStep step = sends({{0, 2}, {1, 3}}, 8, bytes(1000));
  Library library = one_chunk();
  EXPECT_EQ(time_of(step, "Ring(8)", library), nanoseconds(1000));
  library.network = NetworkModel::Flows;
  EXPECT_EQ(time_of(step, "Ring(8)", library), nanoseconds(2000));
  EXPECT_EQ(time_of(sends({{0, 2}, {2, 4}}, 8, bytes(1000)), "Ring(8)", library), nanoseconds(1000));
}

// Pairs of the second dimension reduce 1000 B: two rounds of 500 B. Whichever NPU sends at half speed, its
// pair takes twice as long, and so does the step; the links of other pairs are not slowed, so two slow ones
// do no more.
TEST(Player, ASlowPortOfTheSecondDimension) {
  for (const char* shape : {"Ring(4)_FullyConnected(2)", "Switch(4)_Ring(2)", "Ring(3)_Switch(2)"}) {
    const Network network = parse_network(shape);
    StepBuilder builder("pairs", {{"DP", {{1, 2, network.dimensions[0].npus}}}}, {"line"});
    builder.collective({}, {{CollectiveKind::AllReduce, Bytes(1000)}, 0}, {});
    const Step graph = std::move(builder).finish();
    const std::vector<double> bandwidth = {1.0, 1.0};
    Library library = one_chunk();
    for (const NetworkModel transport : {NetworkModel::Ports, NetworkModel::Flows}) {
      library.network = transport;
      library.npus = {};
      EXPECT_EQ(simulate_full({graph, network, library, bandwidth, {}}).step_time, nanoseconds(1000))
          << shape;
      for (int slow = 0; slow < network.npus(); ++slow) {
        library.npus = {{.first = slow, .last = slow, .port_speed = 0.5}};
        EXPECT_EQ(simulate_full({graph, network, library, bandwidth, {}}).step_time, nanoseconds(2000))
            << shape << ' ' << slow;
      }
    }
  }
}

// Each message of an NPU at half speed takes twice as long, whatever it shares; those to it do not.
TEST(Player, ASlowPortSendsSlowly) {
  Library library = one_chunk();
  library.npus = {{.first = 1, .last = 1, .port_speed = 0.5}};
  for (const NetworkModel transport : {NetworkModel::Ports, NetworkModel::Flows}) {
    library.network = transport;
    for (const char* shape : {"Ring(4)", "Switch(4)"}) {
      EXPECT_EQ(time_of(sends({{1, 2}}, 4, bytes(1000)), shape, library), nanoseconds(2000)) << shape;
      EXPECT_EQ(time_of(sends({{0, 1}}, 4, bytes(1000)), shape, library), nanoseconds(1000)) << shape;
    }
    EXPECT_EQ(time_of(sends({{1, 2}}, 4, bytes(1000)), "FullyConnected(4)", library), nanoseconds(6000));
  }
  // NPU 5 is position 1 of the second line: the first line's is not slowed.
  library.npus = {{.first = 5, .last = 5, .port_speed = 0.5}};
  for (const NetworkModel transport : {NetworkModel::Ports, NetworkModel::Flows}) {
    library.network = transport;
    for (const auto& [shape, whole] :
         {std::pair("FullyConnected(4)_Ring(2)", 3000), {"Switch(4)_Ring(2)", 1000}}) {
      EXPECT_EQ(time_of(sends({{5, 6}}, 8, bytes(1000)), shape, library), nanoseconds(2 * whole)) << shape;
      EXPECT_EQ(time_of(sends({{1, 2}}, 8, bytes(1000)), shape, library), nanoseconds(whole)) << shape;
    }
  }
}

// From 0 to 1 of Ring(4), whose link has failed: down over 3 and 2, three hops of 10 ns instead of one; the
// bytes are cut through. A link at quarter speed carries 1000 B in 4000 ns.
TEST(Player, AFailedLinkIsGoneRound) {
  const RankedStep step = sends({{0, 1}}, 4, bytes(1000));
  Library library = one_chunk();
  library.network = NetworkModel::Flows;
  library.latency = {nanoseconds(10)};
  EXPECT_EQ(time_of(step, "Ring(4)", library), nanoseconds(1010));
  library.links = {{.from = 0, .to = 1, .speed = 0.0}};
  EXPECT_EQ(time_of(step, "Ring(4)", library), nanoseconds(1030));
  library.links = {{.from = 0, .to = 1, .speed = 0.25}};
  EXPECT_EQ(time_of(step, "Ring(4)", library), nanoseconds(4010));
}

// NPU 0 of Ring(2)_Switch(2) to NPU 3: whole over the ring (1000 + 10 ns), then whole over the switch's two
// links (1000 + 2 x 10 ns), on an idle network with links as with ports.
TEST(Player, AMessageOverTwoDimensions) {
  const RankedStep step = sends({{0, 3}}, 4, bytes(1000));
  Library library = one_chunk();
  library.latency = {nanoseconds(10)};
  for (const NetworkModel transport : {NetworkModel::Ports, NetworkModel::Flows}) {
    library.network = transport;
    EXPECT_EQ(time_of(step, "Ring(2)_Switch(2)", library), nanoseconds(2030));
  }
}

// Two rings {0, 2, 4, 6} and {1, 3, 5, 7} on Ring(8), an all-reduce of 4000 B each at 1 GB/s: 6 rounds of
// 1000 B over two links each. Alone, neighbours' messages of one ring share no link, so ports and links agree
// on 6000 ns; both rings at once put two messages on each link.
TEST(Player, RingsOfATraceShareLinks) {
  Step graph = lone_collective(parse_network("Ring(8)"), {CollectiveKind::AllReduce, bytes(4000)});
  graph.groups = {{"group", {{0, 4, 2}}}};
  const RankedStep step = one_kind(graph, 8, {{0, 2, 4, 6}, {1, 3, 5, 7}});
  Library library = one_chunk();
  EXPECT_EQ(time_of(step, "Ring(8)", library), nanoseconds(6000));
  library.network = NetworkModel::Flows;
  EXPECT_EQ(time_of(step, "Ring(8)", library), nanoseconds(12000));
}

TEST(Player, RefusesNpusThatAreNotThere) {
  const RankedStep step = sends({{0, 1}}, 4, bytes(1000));
  Library library = one_chunk();
  library.npus = {{.first = 4, .last = 4, .compute_time = 2.0}};
  EXPECT_THROW(time_of(step, "Ring(4)", library), InputError);
}

// A step of 90 days of compute and as much again: beyond the clock, whoever plays it. (Times of ports and
// links far beyond it, too.)
TEST(Player, AStepBeyondTheClockIsRefused) {
  const Network network = parse_network("Ring(2)");
  StepBuilder builder("long", {whole_network(network)}, {"line"});
  const Time days(std::int64_t{90} * 86400 * 1'000'000'000'000);
  const OperationId first = builder.compute({}, days, {});
  builder.compute({}, days, std::array{first});
  const Step graph = std::move(builder).finish();
  const std::vector<double> bandwidth = {1.0};
  Library library = one_chunk();
  EXPECT_THROW(simulate_folded({graph, network, library, bandwidth, {}}), InputError);
  EXPECT_THROW(simulate_full({graph, network, library, bandwidth, {}}), InputError);
  library.npus = {{.first = 0, .last = 0, .compute_time = 1e6}};
  EXPECT_THROW(simulate_full({graph, network, library, bandwidth, {}}), InputError);
}

// Known before it begins: an all-reduce over Ring(n) is 2 (n-1) messages per NPU and chunk. On 16,777,216
// NPUs that is 5.6e14 and takes weeks; each of 16 positions of FullyConnected(16) sends 15 in an all-to-all.
TEST(Player, WhatItTakesIsKnownBefore) {
  Library library = one_chunk();
  const std::vector<double> bandwidth = {1.0};
  const auto cost = [&](const char* shape, CollectiveKind kind) {
    const Network network = parse_network(shape);
    const Step graph = lone_collective(network, {kind, bytes(1 << 30)});
    const Scenario scenario{graph, network, library, bandwidth, {}};
    return play_cost(scenario, of_one_kind(scenario));
  };
  const PlayCost small = cost("FullyConnected(16)", CollectiveKind::AllToAll);
  EXPECT_EQ(small.messages, 16 * 15);
  EXPECT_LT(small.bytes, 1e5);
  EXPECT_NO_THROW(require_affordable(small));
  EXPECT_EQ(cost("Ring(1024)", CollectiveKind::AllReduce).messages, 1024.0 * 2 * 1023);
  library.network = NetworkModel::Flows;
  // 268 million messages at once, 450 B or more each.
  EXPECT_GT(cost("FullyConnected(16384)", CollectiveKind::AllToAll).bytes, 1.2e11);
  library.network = NetworkModel::Ports;
  const PlayCost large = cost("Ring(16777216)", CollectiveKind::AllReduce);
  EXPECT_GT(large.messages, 5e14);
  EXPECT_THROW(require_affordable(large), InputError);
}

// A random small network, and what runs on it.
class RandomRun {
 public:
  explicit RandomRun(std::uint32_t seed) : random_(seed) {
    const std::array kinds = {"Ring", "FullyConnected", "Switch"};
    int npus = 1;
    std::string shape;
    for (int d = 0; d < 1 + pick(3); ++d) {
      const int n = npus > 16 ? 2 : 2 + pick(4);
      shape += fmt::format("{}{}({})", d > 0 ? "_" : "", kinds[static_cast<std::size_t>(pick(3))], n);
      npus *= n;
      bandwidth.push_back(5.0 + pick(100));
    }
    network = parse_network(shape);
    library.chunks = 1 + pick(4);
    library.latency = {nanoseconds(37 * pick(2))};
    library.endpoint_delay = nanoseconds(11 * pick(2));
    library.scheduler = pick(2) > 0 ? "themis" : "ascending";
    StepBuilder builder(shape, {whole_network(network)}, {"line"});
    std::vector<OperationId> last;
    for (int i = 0; i < 6; ++i) {
      const Bytes size(1 + pick(1 << 18));
      const auto kind = static_cast<CollectiveKind>(pick(3));
      const OperationId next = i % 2 == 0 ? builder.compute({}, nanoseconds(1.0 + pick(5000)), last)
                                          : builder.collective({}, {{kind, size}, 0}, last);
      last = {next};
    }
    graph = std::move(builder).finish();
  }

  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  [[nodiscard]] Scenario scenario() const { return {graph, network, library, bandwidth, after}; }
  [[nodiscard]] Time time() const { return simulate_full(scenario()).step_time; }
  // As a trace would have it: all NPUs one team, each at its own pace.
  [[nodiscard]] Time own_time() const {
    std::vector<int> all;
    for (int npu = 0; npu < network.npus(); ++npu) all.push_back(npu);
    const RankedStep step = one_kind(graph, static_cast<int>(network.npus()), {all});
    return simulate_full({step.graph, network, library, bandwidth, after}, step).step_time;
  }

  Step graph;
  Network network;
  Library library;
  std::vector<double> bandwidth;
  Time after = nanoseconds(3);

 private:
  std::mt19937 random_;
};

class RandomRuns : public testing::TestWithParam<int> {};

// Alike NPUs over ports: one stands for all, with their line or each at its own pace.
TEST_P(RandomRuns, FoldedEqualsFull) {
  const RandomRun run(static_cast<std::uint32_t>(GetParam()));
  const Time folded = simulate_folded(run.scenario()).step_time;
  EXPECT_EQ(run.time(), folded) << run.graph.name;
  EXPECT_EQ(run.own_time(), folded) << run.graph.name;
}

// What links carry they carry no faster than ports send it, but for the picoseconds to which every message
// through a port is rounded up.
TEST_P(RandomRuns, LinksAreNoFasterThanPorts) {
  RandomRun run(static_cast<std::uint32_t>(GetParam()));
  const double ports = to_ns(run.time()) * (1.0 - 1e-6);
  run.library.network = NetworkModel::Flows;
  EXPECT_GE(to_ns(run.time()), ports) << run.graph.name;
  EXPECT_GE(to_ns(run.own_time()), ports) << run.graph.name;
}

// All NPUs twice as slow in compute and half as fast at their ports, without latency: twice the time, but for
// times cut to a picosecond. One of them: no faster than none, no slower than all.
TEST_P(RandomRuns, SlowNpusTakeTheirTime) {
  RandomRun run(static_cast<std::uint32_t>(GetParam()));
  run.library.latency = {Time(0)};
  run.library.endpoint_delay = run.after = Time(0);
  run.graph.operations[0].duration = nanoseconds(500);
  const Time even = run.time();
  const NpuSpec slow{.compute_time = 2.0, .port_speed = 0.5};
  const auto npus = static_cast<int>(run.network.npus());
  run.library.npus = {slow};
  run.library.npus[0].first = run.library.npus[0].last = run.pick(npus);
  const Time one = run.time();
  const Time one_of_trace = run.own_time();
  run.library.npus = {slow};
  run.library.npus[0].last = npus - 1;
  const Time all = run.time();
  EXPECT_GE(one, even);
  EXPECT_LE(one, all);
  EXPECT_GE(one_of_trace, even);
  EXPECT_LE(one_of_trace, all);
  EXPECT_NEAR(to_ns(all) / to_ns(even), 2.0, 1e-3);
}

// A ring looks the same from each of its NPUs: which of them is slow changes nothing.
TEST_P(RandomRuns, RelabellingNpusOfARingChangesNothing) {
  RandomRun run(static_cast<std::uint32_t>(GetParam()));
  run.network = parse_network("Ring(6)");
  run.bandwidth = {20.0};
  run.library.network = GetParam() % 2 == 0 ? NetworkModel::Ports : NetworkModel::Flows;
  StepBuilder builder("ring", {whole_network(run.network)}, {"line"});
  builder.collective({}, {{CollectiveKind::AllReduce, Bytes(100'000 + run.pick(1000))}, 0}, {});
  run.graph = std::move(builder).finish();
  std::optional<Time> known;
  for (int npu = 0; npu < 6; ++npu) {
    run.library.npus = {{.first = npu, .last = npu, .compute_time = 3.0, .port_speed = 0.3}};
    const Time time = run.time();
    EXPECT_EQ(time, known.value_or(time)) << npu;
    known = time;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRuns, testing::Range(1, 60));

}  // namespace
}  // namespace bandwright
