#include "answers/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/answers/reading.h"

namespace bandwright {
namespace {

// A network on images in DRAM and persistent memory: all in fast memory, in slow, and moved as kernels run.
const PlaceReport& report() {
  static const PlaceReport answer =
      place({.job = {.model = "vgg19", .global_batch = "1", .tiers = "dram-pmm"},
             .ratios = "1:0,4:1,0:1",
             .policies = "all-fast,first-touch,synchronous",
             .time_limit_seconds = 20.0});
  return answer;
}

const PlaceRow& synchronous_row() {
  for (const PlaceRow& row : report().rows) {
    if (row.summary.policy == "synchronous" && row.ratio == "4:1") return row;
  }
  throw std::logic_error("no such row");
}

TEST(PlacementDocument, ARowPerPolicyAndSize) {
  const Json json = json_of(placement_document(report(), false));
  EXPECT_EQ(json.at("kernels"), report().problem.graph.kernels.size());
  EXPECT_EQ(json.at("tensors"), report().problem.graph.tensors.size());
  EXPECT_EQ(json.at("peak_live_bytes"), report().peak_live.value());
  const Json& rows = json.at("results");
  ASSERT_EQ(rows.size(), report().rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const PlaceRow& row = report().rows[i];
    EXPECT_EQ(rows[i].at("policy"), row.summary.policy);
    EXPECT_EQ(rows[i].at("ratio"), row.ratio);
    EXPECT_EQ(rows[i].at("fast_limit_bytes"), row.fast_limit.value());
    EXPECT_EQ(rows[i].at("to_slow_bytes"), row.summary.to_slow.value());
    EXPECT_EQ(rows[i].at("to_fast_bytes"), row.summary.to_fast.value());
    EXPECT_EQ(rows[i].at("status"), status_name(row.summary.status));
    EXPECT_EQ(rows[i].at("policy_time_s").is_null(), !row.summary.found());
    if (!row.summary.found()) continue;
    EXPECT_DOUBLE_EQ(rows[i].at("policy_time_s"), row.summary.ns / 1e9);
    EXPECT_GE(rows[i].at("gap").get<double>(), 0.0);
  }
}

// The replay of a schedule: kernels and stalls are its time, and it is the time the policy promised.
TEST(PlacementDocument, ReplaysAddUp) {
  const Json answer = json_of(placement_document(report(), false));
  for (const Json& row : answer.at("results")) {
    if (row.at("replay_time_s").is_null()) continue;
    const auto value = [&](const char* key) { return row.at(key).get<double>(); };
    const double total = value("replay_time_s");
    EXPECT_NEAR(value("kernels_s") + value("copy_stall_s") + value("overlap_stall_s"), total, 1e-6 * total);
    EXPECT_NEAR(value("policy_time_s"), total, 1e-6 * total);
    EXPECT_LE(value("peak_fast_bytes"), value("fast_limit_bytes"));
    EXPECT_GE(value("fast_access_share"), 0.0);
    EXPECT_LE(value("fast_access_share"), 1.0);
    EXPECT_TRUE(row.at("fault").is_null());
  }
}

// A row is on the front where no other is both cheaper and faster.
TEST(PlacementDocument, TheFrontIsWhatNothingBeats) {
  const Json json = json_of(placement_document(report(), false));
  const auto& rows = json.at("results");
  for (const Json& row : rows) {
    if (!row.at("pareto").get<bool>()) continue;
    for (const Json& other : rows) {
      if (other.at("policy_time_s").is_null()) continue;
      EXPECT_FALSE(other.at("memory_cost_usd").get<double>() < row.at("memory_cost_usd").get<double>() &&
                   other.at("policy_time_s").get<double>() < row.at("policy_time_s").get<double>());
    }
  }
}

TEST(PlacementDocument, ClocksAreForThoseWhoAsk) {
  EXPECT_FALSE(json_of(placement_document(report(), false)).at("results")[0].contains("solve_time_s"));
  EXPECT_TRUE(json_of(placement_document(report(), true)).at("results")[0].contains("solve_time_s"));
  EXPECT_THAT(placement_document(report(), false).verdict.text, testing::StartsWith("fastest: "));
}

// Kernels run one after the other, each once; copies are of a tensor's bytes.
TEST(ScheduleDocument, HasEveryKernelOnce) {
  const TrainingGraph& graph = report().problem.graph;
  const PlacementSummary& summary = synchronous_row().summary;
  const Json rows = json_of(schedule_document(graph, summary)).at("schedule");
  std::size_t kernels = 0;
  double before = 0.0;
  double moved = 0.0;
  for (const Json& row : rows) {
    EXPECT_LE(row.at("start_s").get<double>(), row.at("end_s").get<double>());
    if (row.at("kind") != "kernel") {
      moved += row.at("moved_bytes").get<double>();
      EXPECT_TRUE(row.at("memories").is_null());
      continue;
    }
    const Kernel& kernel = graph.kernels[kernels];
    EXPECT_EQ(row.at("kernel"), kernels++);
    EXPECT_EQ(row.at("name"), kernel.name);
    EXPECT_GE(row.at("start_s").get<double>(), before - 1e-12);
    before = row.at("end_s");
    // A letter for each tensor, and a bar where outputs begin.
    const std::string letters = row.at("memories");
    const std::size_t bars = static_cast<std::size_t>(std::count(letters.begin(), letters.end(), '|'));
    EXPECT_EQ(letters.size(), kernel.arguments.size() + bars);
    EXPECT_EQ(bars, static_cast<std::size_t>(kernel.outputs_from) < kernel.arguments.size() ? 1U : 0U);
    if (bars == 1) {
      EXPECT_EQ(letters.find('|'), static_cast<std::size_t>(kernel.outputs_from));
    }
  }
  EXPECT_EQ(kernels, graph.kernels.size());
  const Replay& replay = summary.placed ? summary.placed->replay : *summary.replay;
  EXPECT_GE(moved, to_double(replay.to_fast) * (1 - 1e-9));
}

// The same spans for a viewer of timelines, in microseconds.
TEST(ScheduleTimeline, HasTheSpansOfTheSchedule) {
  const TrainingGraph& graph = report().problem.graph;
  const PlacementSummary& summary = synchronous_row().summary;
  const Json rows = json_of(schedule_document(graph, summary)).at("schedule");
  const Json trace = Json::parse(schedule_timeline(graph, summary));
  Json events = Json::array();  // but for the names of tracks
  for (const Json& event : trace.at("traceEvents")) {
    if (event.at("ph") == "X") events.push_back(event);
  }
  ASSERT_EQ(events.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Json& event = events[i];
    const bool copy = rows[i].at("kind") != "kernel";
    EXPECT_EQ(event.at("tid"), copy ? 1 : 0);
    EXPECT_NEAR(event.at("ts").get<double>(), rows[i].at("start_s").get<double>() * 1e6, 1e-3);  // whole ns
    EXPECT_NEAR(event.at("dur").get<double>(),
                (rows[i].at("end_s").get<double>() - rows[i].at("start_s").get<double>()) * 1e6, 2e-3);
    EXPECT_EQ(event.at("args").contains("kernel"), !copy);
    if (copy) {
      EXPECT_EQ(event.at("args").at("bytes"), rows[i].at("moved_bytes"));
    }
  }
}

}  // namespace
}  // namespace bandwright
