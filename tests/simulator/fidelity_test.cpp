#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <random>

#include "core/error.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/event_driven.h"
#include "simulator/player/player.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

// A system on which everything takes time.
Library realistic() {
  Library library;
  library.chunks = 3;
  library.latency = {nanoseconds(37)};
  library.endpoint_delay = nanoseconds(11);
  library.message_overhead = nanoseconds(5);
  library.reduction_bandwidth = gb_per_s(900.0);
  return library;
}

StepResult play(const Network& network, const Library& library, const Collective& collective,
                const std::vector<double>& bandwidth, bool full) {
  const Step graph = lone_collective(network, collective);
  const Scenario scenario{graph, network, library, bandwidth, library.after_lone_collective};
  return full ? simulate_full(scenario) : simulate_folded(scenario);
}

// Every algorithm on every kind of dimension it serves, 2 to 256 NPUs, powers of two and not: one NPU that
// stands for all tells the same time as all NPUs, to the picosecond, when only ports are shared.
TEST(Fidelity, FoldedEqualsFullForEveryAlgorithm) {
  int compared = 0;
  for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
    for (const DimensionKind& kind : dimension_kinds()) {
      for (const CollectiveKindInfo& collective : collective_kinds()) {
        for (const int n : {2, 3, 4, 6, 8, 13, 16, 64, 100, 256}) {
          if (!algorithm.serves(collective.kind, n)) continue;
          // An all-to-all sends the square of the NPUs in messages.
          if (collective.kind == CollectiveKind::AllToAll && n > 16) continue;
          Library library = realistic();
          library.algorithms.by_kind[std::string(kind.name)] = algorithm.name;
          const Network network = parse_network(fmt::format("{}({})", kind.name, n));
          const Collective call{collective.kind, Bytes(100'003)};
          const StepResult folded = play(network, library, call, {50.0}, false);
          const StepResult full = play(network, library, call, {50.0}, true);
          EXPECT_EQ(folded.step_time, full.step_time)
              << algorithm.name << " " << collective.name << " on " << network.shorthand();
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 300);
}

// The same over several dimensions, in which chunks of different phases meet.
TEST(Fidelity, FoldedEqualsFullOverSeveralDimensions) {
  Library library = realistic();
  library.chunks = 7;
  for (const char* shorthand :
       {"Ring(4)_Switch(8)", "Ring(3)_FullyConnected(4)_Switch(2)", "4D", "Switch(4)_Ring(2)_Ring(5)"}) {
    for (const char* scheduler : {"ascending", "themis"}) {
      for (const CollectiveKind kind : {CollectiveKind::AllReduce, CollectiveKind::ReduceScatter,
                                        CollectiveKind::AllGather, CollectiveKind::Broadcast}) {
        library.scheduler = scheduler;
        const Network network = load_network(shorthand);
        std::vector<double> bandwidth = {80.0, 45.0, 30.0, 10.0};
        bandwidth.resize(network.dimensions.size());
        const Collective call{kind, Bytes(7 << 20)};
        EXPECT_EQ(play(network, library, call, bandwidth, false).step_time,
                  play(network, library, call, bandwidth, true).step_time)
            << shorthand << " " << scheduler << " " << collective_name(kind);
      }
    }
  }
}

StepResult play_step(const Library& library, std::string_view loop, bool full) {
  const Network network = load_network("Ring(2)_FullyConnected(4)_Switch(8)");
  Model model = load_model("17B");
  model.tensor_parallel = 4;
  const Step graph = build_step(model, network, training_loop(loop), {});
  const std::array<double, 3> bandwidth = {100.0, 60.0, 20.0};
  const Scenario scenario{graph, network, library, bandwidth, library.after_collective};
  return full ? simulate_full(scenario) : simulate_folded(scenario);
}

TEST(Fidelity, FoldedEqualsFullForTrainingSteps) {
  for (const char* loop : {"NoOverlap", "Overlap"}) {
    const StepResult folded = play_step(realistic(), loop, false);
    const StepResult full = play_step(realistic(), loop, true);
    EXPECT_EQ(folded.step_time, full.step_time) << loop;
    EXPECT_EQ(folded.exposed_communication, full.exposed_communication) << loop;
  }
}

// One NPU computes twice as long: everything waits for it, so the step grows by the compute it adds.
TEST(Fidelity, AStragglerDelaysTheStepByItsCompute) {
  Library library = realistic();
  const StepResult even = play_step(library, "NoOverlap", true);
  library.npus = {{.first = 5, .last = 5, .compute_time = 2.0}};
  const StepResult uneven = play_step(library, "NoOverlap", true);
  EXPECT_EQ(uneven.step_time - even.step_time, even.compute_time);
}

Time all_reduce_time(const char* shorthand, const Library& library, std::int64_t size) {
  const Network network = parse_network(shorthand);
  const std::vector<double> bandwidth(network.dimensions.size(), 10.0);
  return play(network, library, {CollectiveKind::AllReduce, Bytes(size)}, bandwidth, true).step_time;
}

// Halving-doubling on Ring(4) at 10 GB/s, one chunk of 4,000 B. Messages of 2,000 B travel one link and those
// of 1,000 B two, all upwards, so that each link carries two of them. Ports alone: 2 (200 + 100) ns. With
// links the farther messages have half of them each: 2 (200 + 2 x 100) ns.
// On Ring(8) with 4,000, 2,000 and 1,000 B over 1, 2 and 4 links, every message of a round crosses a link
// that carries 1, 2 and 4 of them: 2 (400 + 2 x 200 + 4 x 100) ns.
TEST(Fidelity, LinksOfARingAreSharedByHalvingDoubling) {
  Library library;
  library.chunks = 1;
  library.algorithms.by_kind["Ring"] = "halving-doubling";
  EXPECT_EQ(all_reduce_time("Ring(4)", library, 4000), nanoseconds(600));
  EXPECT_EQ(all_reduce_time("Ring(8)", library, 8000), nanoseconds(1400));
  library.network = NetworkModel::Flows;
  EXPECT_EQ(all_reduce_time("Ring(4)", library, 4000), nanoseconds(800));
  EXPECT_EQ(all_reduce_time("Ring(8)", library, 8000), nanoseconds(2400));
}

// TP 8 takes half of a Ring(16) and DP 2 the other factor, whose messages cross 8 links of the same ring.
// Alone, an all-reduce of the halves is one exchange of D/2 there and back: 2 x 400 ns for 8,000 B at
// 10 GB/s. With links all 16 messages go 8 links upwards, so that each link carries 8: 2 x 8 x 400 ns.
TEST(Fidelity, HalvesOfABrokenDimensionShareItsLinks) {
  const Network network = parse_network("Ring(16)");
  const std::vector<Group> groups = split_into_groups(network, {{"TP", 8}, {"DP", 2}});
  StepBuilder builder("halves", groups, {"line"});
  builder.collective({}, {{CollectiveKind::AllReduce, Bytes(8000)}, 1}, {});
  const Step graph = std::move(builder).finish();
  Library library;
  library.chunks = 1;
  const std::vector<double> bandwidth = {10.0};
  EXPECT_EQ(simulate_full({graph, network, library, bandwidth, {}}).step_time, nanoseconds(800));
  library.network = NetworkModel::Flows;
  EXPECT_EQ(simulate_full({graph, network, library, bandwidth, {}}).step_time, nanoseconds(6400));
}

// On a part of a ring the last NPU is farther from the first than neighbours are from each other: what stands
// for all NPUs waits for that message, too, whatever the algorithm.
TEST(Fidelity, FoldedEqualsFullOnPartsOfARing) {
  Library library = realistic();
  library.latency = {nanoseconds(1370)};
  const Network network = parse_network("Ring(24)");
  const std::vector<Group> groups = split_into_groups(network, {{"TP", 6}, {"DP", 4}});
  for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
    library.algorithms.by_kind["Ring"] = algorithm.name;
    for (const CollectiveKindInfo& collective : collective_kinds()) {
      for (const std::uint32_t group : {0U, 1U}) {
        StepBuilder builder("part", groups, {"line"});
        builder.collective({}, {{collective.kind, Bytes(100'003)}, group}, {});
        const Step graph = std::move(builder).finish();
        const std::vector<double> bandwidth = {50.0};
        const Scenario scenario{graph, network, library, bandwidth, Time()};
        EXPECT_EQ(simulate_folded(scenario).step_time, simulate_full(scenario).step_time)
            << collective.name << " by " << algorithm.name << " of " << groups[group].name;
      }
    }
  }
}

// Neighbours share nothing, and a port per peer or a switch without incast neither: links change nothing.
TEST(Fidelity, LinksAreNotSharedByNaturalAlgorithms) {
  for (const char* shorthand : {"Ring(8)", "FullyConnected(8)", "Switch(16)", "Ring(4)_Switch(4)"}) {
    Library library = realistic();
    const Time ports = all_reduce_time(shorthand, library, 1 << 20);
    library.network = NetworkModel::Flows;
    EXPECT_EQ(all_reduce_time(shorthand, library, 1 << 20), ports) << shorthand;
  }
}

// A ring's all-reduce waits for its slowest link in each of 2 (n-1) rounds of D/n: at half speed they take
// twice as long. A failed link sends its message the other way round, over n-1 links; on Ring(4) at 0 latency
// it shares each with nobody (that direction is idle), so that only latency would tell.
TEST(Fidelity, SlowAndFailedLinks) {
  Library library;
  library.chunks = 1;
  library.network = NetworkModel::Flows;
  EXPECT_EQ(all_reduce_time("Ring(4)", library, 4000), nanoseconds(600));
  library.links = {{.from = 1, .to = 2, .speed = 0.5}};
  EXPECT_NEAR(to_ns(all_reduce_time("Ring(4)", library, 4000)), 1200.0, 0.01);  // rounded up six times
  library.links = {{.from = 1, .to = 2, .speed = 0.0}};
  EXPECT_EQ(all_reduce_time("Ring(4)", library, 4000), nanoseconds(600));
  // With 10 ns a hop: the message from 1 to 2 takes 3 hops; a chain of 6 rounds crosses it twice.
  library.latency = {nanoseconds(10)};
  EXPECT_EQ(all_reduce_time("Ring(4)", library, 4000), nanoseconds(600 + 6 * 10 + 2 * 20));
  EXPECT_THROW(all_reduce_time("Switch(4)", library, 4000), InputError);
  library.links = {{.from = 1, .to = 99, .speed = 0.5}};
  EXPECT_THROW(all_reduce_time("Ring(4)", library, 4000), InputError);
}

// One check of time for every evaluator: a step just within the clock of 100 days is played by all, one just
// beyond it, and one far beyond what a clock can count, is refused by all. 1 PiB at 1e-6 GB/s would be 35
// years; 8.6e15 B there and back between two NPUs at 1 GB/s are 99.5 days.
TEST(Fidelity, AStepBeyondTheClockIsRefusedByAll) {
  const Network network = parse_network("Switch(2)");
  struct Timed {
    std::int64_t bytes;
    double gb_per_s;
    bool within;
  };
  for (const Timed& each : {Timed{8'600'000'000'000'000, 1.0, true}, Timed{8'700'000'000'000'000, 1.0, false},
                            Timed{1LL << 50, 1e-6, false}, Timed{1LL << 60, 1e-6, false}}) {
    const Step graph = lone_collective(network, {CollectiveKind::AllReduce, Bytes(each.bytes)});
    const std::vector<double> b = {each.gb_per_s};
    for (const int chunks : {1, 64}) {
      Library library;
      library.chunks = chunks;
      const Scenario scenario{graph, network, library, b, Time()};
      Library sharing = library;
      sharing.network = NetworkModel::Flows;
      const Scenario shared{graph, network, sharing, b, Time()};
      const std::vector<std::function<void()>> evaluators = {
          [&] { static_cast<void>(ClosedForm(graph, network, library).evaluate(b)); },
          [&] { simulate_folded(scenario); }, [&] { simulate_full(scenario); },
          [&] { simulate_full(shared); }};
      for (const auto& evaluate : evaluators) {
        if (each.within) {
          EXPECT_NO_THROW(evaluate()) << each.bytes << " " << chunks;
        } else {
          try {
            evaluate();
            ADD_FAILURE() << each.bytes << " " << chunks;
          } catch (const InputError& error) {
            EXPECT_NE(std::string(error.what()).find("clock"), std::string::npos) << error.what();
          }
        }
      }
    }
  }
}

// A slow port in a ring sets the pace of every round.
TEST(Fidelity, ASlowPortSetsThePaceOfARing) {
  Library library;
  library.chunks = 1;
  library.npus = {{.first = 2, .last = 2, .port_speed = 0.25}};
  EXPECT_EQ(all_reduce_time("Ring(4)", library, 4000), nanoseconds(2400));
}

}  // namespace
}  // namespace bandwright
