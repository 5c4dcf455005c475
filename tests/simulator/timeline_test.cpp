#include "simulator/timeline.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "simulator/event_driven.h"
#include "simulator/picture/chrome_trace.h"

namespace bandwright {
namespace {

using nlohmann::json;

// Two lines of compute and two overlapping all-reduces, event by event.
struct Played {
  Step graph;
  Timeline timeline;
  json events;
};

Played played() {
  const Network network = parse_network("Ring(4)_Switch(2)");
  StepBuilder builder("two", {whole_network(network)}, {"first", "second"});
  const OperationId a = builder.compute({Role::Forward, 0}, nanoseconds(100), {});
  builder.collective({Role::WeightGradient, 0}, {{CollectiveKind::AllReduce, Bytes(40'000)}, 0},
                     std::vector{a});
  const OperationId b = builder.compute({Role::Forward, 1}, nanoseconds(50), std::vector{a});
  builder.collective({Role::Other, 1}, {{CollectiveKind::AllGather, Bytes(1'000)}, 0}, std::vector{b});
  builder.compute({Role::Bubble, 1}, nanoseconds(70), std::vector{b});
  Played result{std::move(builder).finish(), {}, {}};
  Library library;
  library.chunks = 4;
  const std::vector<double> bandwidth = {50.0, 25.0};
  simulate_folded({result.graph, network, library, bandwidth, Time()}, &result.timeline);
  result.events = json::parse(chrome_trace(result.timeline, result.graph)).at("traceEvents");
  return result;
}

std::vector<json> bars(const Played& each, int process) {
  std::vector<json> found;
  for (const json& event : each.events) {
    if (event.at("ph") == "X" && event.at("pid") == process) found.push_back(event);
  }
  return found;
}

// Bars on one track follow each other, or one holds the other: what a viewer can draw.
void expect_nested(const std::vector<json>& all) {
  for (const json& a : all) {
    for (const json& b : all) {
      if (&a == &b || a.at("tid") != b.at("tid")) continue;
      const double a0 = a.at("ts");
      const double a1 = a0 + a.at("dur").get<double>();
      const double b0 = b.at("ts");
      const double b1 = b0 + b.at("dur").get<double>();
      const double rounding = 1e-9;
      const bool apart = a1 <= b0 + rounding || b1 <= a0 + rounding;
      const bool nested =
          (a0 <= b0 + rounding && b1 <= a1 + rounding) || (b0 <= a0 + rounding && a1 <= b1 + rounding);
      EXPECT_TRUE(apart || nested) << a << b;
    }
  }
}

// Compute, the bubble, collectives and the network are processes of their own, in us.
TEST(ChromeTrace, EveryOperationIsABar) {
  const Played each = played();
  std::map<int, std::string> processes;
  for (const json& event : each.events) {
    if (event.at("name") == "process_name") processes[event.at("pid")] = event.at("args").at("name");
  }
  EXPECT_EQ(processes, (std::map<int, std::string>{
                           {0, "compute"}, {1, "pipeline bubble"}, {2, "collectives"}, {3, "network"}}));
  const std::vector<json> compute = bars(each, 0);
  ASSERT_EQ(compute.size(), 2U);
  EXPECT_EQ(compute[0].at("name"), "first forward");
  EXPECT_DOUBLE_EQ(compute[0].at("dur"), 0.1);
  EXPECT_EQ(compute[1].at("name"), "second forward");
  EXPECT_DOUBLE_EQ(compute[1].at("ts"), 0.1);
  ASSERT_EQ(bars(each, 1).size(), 1U);
  EXPECT_DOUBLE_EQ(bars(each, 1)[0].at("dur"), 0.07);
  const std::vector<json> collectives = bars(each, 2);
  ASSERT_EQ(collectives.size(), 2U);
  EXPECT_EQ(collectives[0].at("name"), "first weight-gradient all-reduce 40 kB");
  EXPECT_EQ(collectives[1].at("name"), "second all-gather 1 kB");
  for (const int process : {0, 1, 2, 3}) expect_nested(bars(each, process));
  std::set<std::pair<int, int>> named;
  for (const json& event : each.events) {
    if (event.at("name") == "thread_name") named.emplace(event.at("pid"), event.at("tid"));
  }
  for (const int process : {2, 3}) {
    for (const json& bar : bars(each, process)) {
      EXPECT_TRUE(named.contains({process, bar.at("tid").get<int>()})) << bar;
    }
  }
}

// Every chunk's phases nest in their collective's stay on the dimension, and tracks are named by it.
TEST(ChromeTrace, ChunksNestInTheirCollective) {
  const Played each = played();
  ASSERT_FALSE(each.timeline.chunks.empty());
  std::size_t chunks = 0;
  std::map<int, std::vector<std::pair<double, double>>> stays;
  const std::vector<json> network = bars(each, 3);
  for (const json& bar : network) {
    const double end = bar.at("ts").get<double>() + bar.at("dur").get<double>();
    if (bar.at("cat") != "chunk") {
      stays[bar.at("tid")].emplace_back(bar.at("ts"), end);
    }
  }
  for (const json& bar : network) {
    if (bar.at("cat") != "chunk") continue;
    ++chunks;
    const double start = bar.at("ts");
    const double end = start + bar.at("dur").get<double>();
    const auto& around = stays[bar.at("tid")];
    EXPECT_TRUE(std::any_of(around.begin(), around.end(), [&](const auto& stay) {
      return stay.first <= start + 1e-9 && end <= stay.second + 1e-9;
    })) << bar;
  }
  EXPECT_EQ(chunks, each.timeline.chunks.size());
  std::vector<std::string> tracks;
  for (const json& event : each.events) {
    if (event.at("name") == "thread_name" && event.at("pid") == 3)
      tracks.push_back(event.at("args").at("name"));
  }
  EXPECT_EQ(tracks.front().substr(0, 11), "dimension 1");
  EXPECT_EQ(tracks.back().substr(0, 11), "dimension 2");
  EXPECT_NE(tracks.back().find("2 NPUs"), std::string::npos);
}

// A collective is on its dimensions from its first chunk to its last.
TEST(ChromeTrace, AStayIsFromTheFirstChunkToTheLast) {
  const Played each = played();
  std::map<int, std::string> tracks;
  for (const json& event : each.events) {
    if (event.at("name") == "thread_name" && event.at("pid") == 3) {
      tracks[event.at("tid")] = event.at("args").at("name");
    }
  }
  int compared = 0;
  for (const json& bar : bars(each, 3)) {
    if (bar.at("name") != "first weight-gradient") continue;
    Time start = clock_end;
    Time end;
    const bool outer = tracks.at(bar.at("tid")).starts_with("dimension 2");
    for (const Timeline::Chunk& chunk : each.timeline.chunks) {
      if (chunk.operation != 1 || (each.timeline.queues[chunk.queue].part.dimension == 1) != outer) continue;
      start = std::min(start, chunk.start);
      end = std::max(end, chunk.end);
    }
    const double half_a_ns = 0.5e-3;  // times are whole ns
    EXPECT_NEAR(bar.at("ts").get<double>(), to_us(start), half_a_ns);
    EXPECT_NEAR(bar.at("dur").get<double>(), to_us(end - start), 2 * half_a_ns);
    ++compared;
  }
  EXPECT_EQ(compared, 2);
}

}  // namespace
}  // namespace bandwright
