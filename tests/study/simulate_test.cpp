// Steps played for a job: what its options change, and what they must not.
#include "study/simulate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "formats/load.h"
#include "study/job/training.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

constexpr double mebi = 1048576.0;

struct LoneCase {
  const char* kind;
  const char* network;
  const char* gb_per_s;
  double ns;  // of 1 MiB, without latency
};

class LoneCollectives : public testing::TestWithParam<LoneCase> {};

// docs/model.md's table: S (n - 1)/n for every half of an all-reduce, divided by what is reduced on inner
// dimensions before; the slowest dimension decides in closed form.
TEST_P(LoneCollectives, TakeTheTimeOfTheirFormula) {
  const LoneCase& each = GetParam();
  const Job job{
      .collective = each.kind, .size = "1 MiB", .network = each.network, .bandwidth = each.gb_per_s};
  const SimulationAnswer answer = simulate(job, {.closed_form = true});
  EXPECT_NEAR(to_ns(answer.result.step_time), each.ns, 1e-3);
  EXPECT_EQ(answer.engine, "closed form");
  EXPECT_EQ(answer.transport, "");
  EXPECT_EQ(answer.fidelity, "");
  EXPECT_EQ(answer.result.compute_time, Time(0));
  // Many chunks come near it from above.
  Job chunks = job;
  chunks.chunks = "64";
  const SimulationAnswer played = simulate(chunks, {});
  EXPECT_GE(to_ns(played.result.step_time), each.ns * (1.0 - 1e-6));
  EXPECT_LE(to_ns(played.result.step_time), each.ns * 1.1);
}

INSTANTIATE_TEST_SUITE_P(
    Formulas, LoneCollectives,
    testing::Values(LoneCase{"all-reduce", "Switch(8)", "50", 2.0 * mebi * 7 / 8 / 50},
                    LoneCase{"all-reduce", "Ring(4)", "10", 2.0 * mebi * 3 / 4 / 10},
                    LoneCase{"reduce-scatter", "Switch(8)", "50", mebi * 7 / 8 / 50},
                    LoneCase{"all-gather", "Switch(8)", "50", mebi * 7 / 50},
                    LoneCase{"all-to-all", "Switch(8)", "50", mebi * 7 / 8 / 50},
                    LoneCase{"all-to-all", "Ring(8)", "50", mebi * 7 / 2 / 50},
                    // 2 S 3/4 / 100 on the ring, 2 S/4 7/8 / 10 on the switch, which is longer.
                    LoneCase{"all-reduce", "Ring(4)_Switch(8)", "100,10", 2.0 * mebi / 4 * 7 / 8 / 10},
                    LoneCase{"all-reduce", "Ring(4)_Switch(8)", "10,100", 2.0 * mebi * 3 / 4 / 10},
                    // A shard of 1 MiB goes to 3 others once it is 8 times as large.
                    LoneCase{"all-gather", "Ring(4)_Switch(8)", "100,100", mebi * 3 * 8 / 100}));

// Three times the bytes at three times the bandwidth, for either engine.
TEST(Simulate, BytesAndBandwidthScaleTogether) {
  for (const bool closed_form : {true, false}) {
    for (const char* kind : {"all-reduce", "all-gather", "all-to-all"}) {
      Job job{.collective = kind,
              .size = "3 MB",
              .network = "Ring(4)_Switch(8)",
              .chunks = "4",
              .bandwidth = "30,6"};
      const Time once = simulate(job, {.closed_form = closed_form}).result.step_time;
      job.size = "9 MB";
      job.bandwidth = "90,18";
      const Time thrice = simulate(job, {.closed_form = closed_form}).result.step_time;
      EXPECT_NEAR(to_ns(thrice), to_ns(once), 1.0) << kind;
    }
  }
}

Job small_machine_job() {
  return {
      .model = "gpt-1.7b", .machine = "dgx-a100", .npus = "16", .tp = "2", .pp = "2", .global_batch = "16"};
}

// Rounds that repeat need not be played; every NPU by itself takes what one that stands for all takes.
TEST(Simulate, LeapsAndFoldsChangeNothing) {
  const Time leaping = simulate(small_machine_job(), {}).result.step_time;
  const SimulationAnswer rounds = simulate(small_machine_job(), {.no_leap = true});
  EXPECT_EQ(rounds.result.step_time, leaping);
  EXPECT_EQ(rounds.fidelity, "folded");
  EXPECT_EQ(rounds.engine, "event-driven");
  EXPECT_EQ(rounds.transport, "ports");
  const Job table{
      .model = "17B", .network = "Ring(4)_Switch(4)", .chunks = "2", .budget = "100", .allocation = "equal"};
  const SimulationAnswer folded = simulate(table, {.fidelity = Fidelity::Folded});
  const SimulationAnswer full = simulate(table, {.fidelity = Fidelity::Full});
  EXPECT_EQ(full.fidelity, "full");
  EXPECT_EQ(full.result.step_time, folded.result.step_time);
  EXPECT_GT(full.result.events, folded.result.events);
}

// The parts of a step add up: as times of the stream of compute, and as what is on the longest path.
TEST(Simulate, PartsAddUpToTheStep) {
  for (const bool closed_form : {true, false}) {
    for (const Job& job : {small_machine_job(), Job{.model = "175B", .network = "3D", .budget = "300"},
                           Job{.model = "17B", .network = "4D", .loop = "Overlap", .budget = "100"}}) {
      const SimulationAnswer answer = simulate(job, {.closed_form = closed_form});
      const StepResult& r = answer.result;
      EXPECT_EQ(r.step_time, r.compute_time + r.bubble + r.exposed_communication) << job.model;
      Time exposed = r.overhead;
      for (const GroupExposure& group : r.groups) exposed += group.exposed;
      EXPECT_EQ(exposed, r.exposed_communication) << job.model;
      Time critical;
      for (std::size_t i = 0; i < answer.critical.size(); ++i) {
        critical += answer.critical[i].time;
        if (i > 0) {
          EXPECT_LE(answer.critical[i].time, answer.critical[i - 1].time);
        }
      }
      // A leaping engine's path holds what it played.
      if (closed_form || job.machine.empty()) {
        EXPECT_NEAR(to_ns(critical) / to_ns(r.step_time), 1.0, 1e-3) << job.model << ' ' << closed_form;
      }
      EXPECT_LE(to_ns(critical), to_ns(r.step_time) * (1.0 + 1e-6));
      std::set<std::string> names;
      for (const CriticalPart& part : answer.critical) {
        EXPECT_TRUE(names.insert(part.operation).second) << part.operation << " twice";
      }
    }
  }
}

TEST(Simulate, OperationsAreNamedByLineDirectionAndKind) {
  const SimulationAnswer answer = simulate(Job{.model = "17B", .network = "2D", .budget = "100"}, {});
  std::set<std::string> names;
  for (const Operation& operation : answer.graph.operations)
    names.insert(operation_name(answer.graph, operation));
  for (const char* part : {" forward: compute", " weight-gradient: compute", ": all-reduce"}) {
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name.find(part) != std::string::npos;
    })) << part;
  }
}

Job tree_job() {
  return {.collective = "all-to-all",
          .size = "4 MiB",
          .network = "FatTree(16, radix 8)",
          .chunks = "1",
          .bandwidth = "50"};
}

// A single seed has no spread; the spread of several is about their own runs, each of which can be asked for
// alone.
TEST(Simulate, SeedsSpreadAboutTheirOwnRuns) {
  const auto alone = [](std::uint64_t seed) {
    return simulate(tree_job(), {.routing = {.routing = Routing::Ecmp, .seed = seed}}).result.step_time;
  };
  EXPECT_FALSE(simulate(tree_job(), {.routing = {.routing = Routing::Ecmp}}).spread);
  const SimulationAnswer spread =
      simulate(tree_job(), {.routing = {.routing = Routing::Ecmp, .seed = 5}, .seeds = 3});
  const std::vector<Time> times = {alone(5), alone(6), alone(7)};
  EXPECT_EQ(spread.result.step_time, times[0]);
  ASSERT_TRUE(spread.spread);
  EXPECT_EQ(spread.spread->seeds, 3);
  EXPECT_EQ(spread.spread->least, *std::min_element(times.begin(), times.end()));
  EXPECT_EQ(spread.spread->most, *std::max_element(times.begin(), times.end()));
  EXPECT_NEAR(to_ns(spread.spread->mean), (to_ns(times[0]) + to_ns(times[1]) + to_ns(times[2])) / 3, 1e-3);
}

// All pairs send as much, so that no order of places matters where nothing is narrower than an NPU.
TEST(Simulate, PlacesOfASpreadAllToAllDoNotMatter) {
  const SimulationOptions spray{.routing = {.routing = Routing::Spray}};
  SimulationOptions shuffled = spray;
  shuffled.shuffle = 7;
  const SimulationAnswer a = simulate(tree_job(), shuffled);
  EXPECT_NEAR(to_ns(a.result.step_time), to_ns(simulate(tree_job(), spray).result.step_time), 1.0);
  EXPECT_EQ(a.result.step_time, simulate(tree_job(), shuffled).result.step_time);
  ASSERT_EQ(a.built->order.size(), 16U);
  EXPECT_EQ(std::set<NodeId>(a.built->order.begin(), a.built->order.end()).size(), 16U);
  EXPECT_FALSE(std::is_sorted(a.built->order.begin(), a.built->order.end()));
  shuffled.shuffle = 8;
  EXPECT_NE(simulate(tree_job(), shuffled).built->order, a.built->order);
}

// A part of a fully connected dimension has its own links: 2 of 8 NPUs one of seven.
TEST(Simulate, OwnLinksCountInClosedFormWhereTheyAreAskedFor) {
  Job job{.model = "175B", .network = "3D", .bandwidth = "100,100,100"};
  const Time whole = simulate(job, {.closed_form = true}).result.step_time;
  job.own_links = "true";
  EXPECT_GT(simulate(job, {.closed_form = true}).result.step_time, whole);
  job.own_links = "false";
  EXPECT_EQ(simulate(job, {.closed_form = true}).result.step_time, whole);
}

TEST(Simulate, CostIsOfThePricesThatAreKnown) {
  Job job{.collective = "all-reduce",
          .size = "1 MB",
          .network = "Ring(4)_Switch(8)",
          .classes = "Package,Pod",
          .bandwidth = "50,10"};
  const SimulationAnswer answer = simulate(job, {.closed_form = true});
  const PriceList prices = load_price_list("artifact");
  ASSERT_TRUE(answer.cost_usd);
  EXPECT_EQ(answer.cost_usd, network_cost(answer.network, prices, {50.0, 10.0}));
  // Linear in bandwidth, dimension by dimension.
  EXPECT_NEAR(
      *network_cost(answer.network, prices, {50.0, 0.0}) + *network_cost(answer.network, prices, {0.0, 10.0}),
      *answer.cost_usd, 1e-6 * *answer.cost_usd);
  EXPECT_NEAR(*network_cost(answer.network, prices, {150.0, 30.0}), 3.0 * *answer.cost_usd,
              1e-9 * *answer.cost_usd);
  job.classes = "Gold,Pod";
  EXPECT_FALSE(simulate(job, {.closed_form = true}).cost_usd);
}

TEST(Simulate, WhatAnEngineCannotIsOneLine) {
  const auto said = [](const Job& job, const SimulationOptions& how) {
    return refused([&] { return simulate(job, how); });
  };
  EXPECT_THAT(said(tree_job(), {.closed_form = true}), HasSubstr("--engine closed knows grids only"));
  EXPECT_THAT(said(tree_job(), {.transport = NetworkModel::Ports}), HasSubstr("--transport ports: FatTree"));
  Job slow{
      .model = "17B", .network = "2D", .library = "{npus: [{first: 3, compute_time: 2}]}", .budget = "9"};
  EXPECT_THAT(said(slow, {.closed_form = true}), HasSubstr("NPUs or links that differ have no closed form"));
  Job dark{.collective = "all-reduce", .size = "1 MB", .network = "Ring(4)_Switch(8)", .bandwidth = "50,0"};
  EXPECT_THAT(said(dark, {.closed_form = true}), HasSubstr("a dimension carries data at 0 GB/s"));
  Timeline drawn;
  EXPECT_THAT(refused([&] {
                return simulate(Job{.model = "17B", .network = "2D", .budget = "100"}, {.closed_form = true},
                                &drawn);
              }),
              HasSubstr("--timeline of a layer table needs the event-driven engine"));
  Job files = small_machine_job();
  files.loop = "Overlap";
  EXPECT_THAT(said(files, {}), HasSubstr("training loop 'Overlap' is for layer tables"));
}

// A timeline ends with the step, whichever engine drew it.
TEST(Simulate, TimelinesEndWithTheStep) {
  for (const bool closed_form : {true, false}) {
    Timeline drawn;
    const SimulationAnswer answer = simulate(small_machine_job(), {.closed_form = closed_form}, &drawn);
    Time end;
    for (const Timeline::Span& span : drawn.operations) {
      EXPECT_LE(span.start, span.end);
      end = std::max(end, span.end);
    }
    EXPECT_NEAR(to_ns(end) / to_ns(answer.result.step_time), 1.0, 1e-6) << closed_form;
  }
}

// The best shares are those of a closed form, in which all NPUs are alike; equal ones are of none.
TEST(Simulate, ABudgetDividedAsIfAllWereAlikeSaysSo) {
  Job job{.model = "17B", .network = "2D", .library = "{name: mine, npus: [{first: 3, compute_time: 2}]}"};
  job.budget = "300";
  const SimulationAnswer answer = simulate(job, SimulationOptions{});
  EXPECT_THAT(answer.notes, testing::Contains(HasSubstr("differ in library mine")));
  Job alike = job;
  alike.library.clear();
  const SimulationAnswer usual = simulate(alike, SimulationOptions{});
  EXPECT_EQ(answer.bandwidth, usual.bandwidth);
  EXPECT_GT(answer.result.step_time, usual.result.step_time);
  EXPECT_THAT(usual.notes, testing::Not(testing::Contains(HasSubstr("differ"))));
  job.allocation = "equal";
  EXPECT_THAT(simulate(job, SimulationOptions{}).notes, testing::Not(testing::Contains(HasSubstr("differ"))));
}

// What it costs and how fast its links are does not depend on how collectives are run.
TEST(Simulate, AMachineHasItsBandwidthsAndPriceWhateverTheLibrary) {
  Job job = small_machine_job();
  const SimulationAnswer own = simulate(job, SimulationOptions{});
  std::string all;
  for (const double b : own.gb_per_s()) all += fmt::format("{}{}", all.empty() ? "" : ",", b);
  for (const char* library : {"astra1", "ideal"}) {
    for (const bool said : {false, true}) {
      Job other = job;
      other.library = library;
      if (said) other.bandwidth = all;
      const SimulationAnswer answer = simulate(other, SimulationOptions{});
      EXPECT_EQ(answer.gb_per_s(), own.gb_per_s()) << library << said;
      EXPECT_EQ(answer.cost_usd, own.cost_usd) << library << said;
    }
    Job divided = job;
    divided.library = library;
    divided.budget = "500";
    double spent = 0.0;
    for (const double b : simulate(divided, SimulationOptions{}).gb_per_s()) spent += b;
    EXPECT_NEAR(spent, 500.0, 1e-6) << library;
  }
}

// There the library says what a GB/s is, and what was asked for is billed.
TEST(Simulate, OnANetworkTheLibrarySaysTheUnit) {
  Job job{.model = "17B", .network = "2D", .library = "{bandwidth_unit: GiB/s}", .bandwidth = "80,20"};
  const SimulationAnswer binary = simulate(job, {.closed_form = true});
  job.library.clear();
  const SimulationAnswer decimal = simulate(job, {.closed_form = true});
  EXPECT_EQ(binary.gb_per_s(), (std::vector<double>{80 * 1.073741824, 20 * 1.073741824}));
  EXPECT_EQ(decimal.gb_per_s(), (std::vector<double>{80, 20}));
  EXPECT_EQ(binary.cost_usd, decimal.cost_usd);
  EXPECT_LT(binary.result.step_time, decimal.result.step_time);
}

}  // namespace
}  // namespace bandwright
