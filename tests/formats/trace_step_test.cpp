// Which NPUs of a trace communicate with which, and over what.
#include "formats/chakra/trace_step.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

class TraceSteps : public testing::Test {
 protected:
  void write(int npu, const std::vector<TraceNode>& nodes) const {
    TraceWriter writer(folder / ("w." + std::to_string(npu) + ".et"));
    for (const TraceNode& node : nodes) writer.write(node);
    writer.close();
  }
  [[nodiscard]] TraceStep step(const char* network, GroupRoute route) const {
    return trace_step(read_traces(folder, {}, 0, {}), parse_network(network), {}, route);
  }
  static TraceNode compute(std::uint64_t id, std::vector<std::uint64_t> after = {}) {
    return {.id = id, .name = "compute", .dependencies = std::move(after), .duration = nanoseconds(100)};
  }
  static TraceNode reduce(std::uint64_t id, std::string group) {
    return {.id = id,
            .kind = TraceNodeKind::Collective,
            .name = "reduce",
            .collective = {CollectiveKind::AllReduce, bytes(1000)},
            .group = std::move(group)};
  }
  static TraceNode message(std::uint64_t id, TraceNodeKind kind, std::int64_t peer) {
    return {.id = id,
            .kind = kind,
            .name = "message",
            .collective = {CollectiveKind::PointToPoint, bytes(1000)},
            .peer = peer};
  }

  const TemporaryFolder temporary;
  const fs::path& folder = temporary.path();
};

// A checkpoint of 5 us that a compute node waits for; neither holds the other's resource.
TEST_F(TraceSteps, StorageTakesItsMeasuredTime) {
  const TraceNode store = {
      .id = 1, .kind = TraceNodeKind::Storage, .name = "checkpoint", .duration = nanoseconds(5000)};
  for (int npu = 0; npu < 2; ++npu) write(npu, {store, compute(2, {1})});
  const TraceStep result = step("Switch(2)", GroupRoute::Grid);
  ASSERT_EQ(result.graph.operations.size(), 2U);
  EXPECT_EQ(result.graph.operations[0].kind, OperationKind::Overhead);
  EXPECT_EQ(result.graph.operations[0].duration, nanoseconds(5000));
  EXPECT_EQ(result.issues[0].resource, Issue::no_resource);
  EXPECT_EQ(result.ignored.size(), 1U);
}

// On Ring(2)_Switch(2), NPUs 0 and 2, and 1 and 3, differ in the switch dimension alone.
TEST_F(TraceSteps, InvolvedDimensionsAreWhatACollectiveRunsOn) {
  TraceNode node = reduce(1, "");
  node.dimensions = {false, true};
  for (int npu = 0; npu < 4; ++npu) write(npu, {node});
  for (const GroupRoute route : {GroupRoute::Grid, GroupRoute::Ring}) {
    const TraceStep result = step("Ring(2)_Switch(2)", route);
    ASSERT_EQ(result.graph.groups.size(), 1U);
    EXPECT_EQ(result.graph.groups[0].dimensions, (std::vector<GroupDimension>{{1, 2, 2}}));
    EXPECT_EQ(result.ranks.teams, (std::vector<std::vector<int>>{{0, 2}, {1, 3}}));
    EXPECT_EQ(result.ranks.teams_of_group[0], (std::vector<std::uint32_t>{0, 1, 0, 1}));
  }
}

// One file for 65,536 NPUs: what all of them are in is listed once, not for each of them (4 billion ids).
TEST_F(TraceSteps, AGroupOfAllNpusIsMadeOnce) {
  constexpr int npus = 65'536;
  write(0, {reduce(1, "")});
  const TraceStep result = trace_step(read_traces(folder / "w.0.et", {}, npus, {}),
                                      parse_network("Ring(8)_Switch(8192)"), {}, GroupRoute::Grid);
  ASSERT_EQ(result.ranks.teams.size(), 1U);
  EXPECT_EQ(result.ranks.teams[0].size(), static_cast<std::size_t>(npus));
  EXPECT_TRUE(std::is_sorted(result.ranks.teams[0].begin(), result.ranks.teams[0].end()));
  EXPECT_EQ(result.ranks.teams_of_group[0], std::vector<std::uint32_t>(npus, 0));
}

// {0, 1} and {2, 3} come from metadata: neighbours on the ring.
TEST_F(TraceSteps, MetadataGroupsAreWhatACollectiveRunsOn) {
  const TraceNode list{.id = 1,
                       .kind = TraceNodeKind::Metadata,
                       .name = "## process_group:init ##",
                       .text = R"([{"pg_name": "a", "ranks": [0, 1]}, {"pg_name": "b", "ranks": [2, 3]}])"};
  for (int npu = 0; npu < 4; ++npu) write(npu, {list, reduce(2, npu < 2 ? "a" : "b")});
  const TraceStep result = step("Ring(2)_Switch(2)", GroupRoute::Grid);
  ASSERT_EQ(result.ranks.kinds.size(), 1U);
  EXPECT_EQ(result.graph.groups[0].dimensions, (std::vector<GroupDimension>{{0, 2, 1}}));
  EXPECT_EQ(result.ranks.teams, (std::vector<std::vector<int>>{{0, 1}, {2, 3}}));
}

// NPUs 0 and 2 do the same, but 1 and 3, which they send to, do not: all four differ.
TEST_F(TraceSteps, NpusWithDifferentPartnersAreNotFolded) {
  write(0, {message(1, TraceNodeKind::Send, 1)});
  write(1, {message(1, TraceNodeKind::Receive, 0), compute(2, {1})});
  write(2, {message(1, TraceNodeKind::Send, 3)});
  write(3, {message(1, TraceNodeKind::Receive, 2), compute(2, {1}), compute(3, {2})});
  const TraceStep result = step("Ring(4)", GroupRoute::Ring);
  EXPECT_EQ(result.ranks.kinds.size(), 4U);
  const RankedStep::Tie& tie = result.ranks.ties[result.ranks.kinds[2].operations[0]];
  EXPECT_EQ(tie.receive, result.ranks.kinds[3].operations[0]);
  EXPECT_EQ(tie.distance, 1);
}

// A group with NPUs of two kinds: their collectives are one meeting, and folded both wait for what either
// does.
TEST_F(TraceSteps, KindsMeetInTheirCollectives) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::ofstream(folder / "w.json") << R"({"1": [0, 2], "2": [1, 3]})";
  const auto after = [](TraceNode node, std::uint64_t before) {
    node.dependencies = {before};
    return node;
  };
  write(0, {compute(1), after(reduce(2, "1"), 1)});
  write(1, {compute(1), after(reduce(2, "2"), 1)});
  write(2, {compute(1), compute(3), after(reduce(2, "1"), 3)});
  write(3, {compute(1), compute(3), after(reduce(2, "2"), 3)});
  const TraceStep result = step("Ring(4)", GroupRoute::Ring);
  ASSERT_EQ(result.ranks.kinds.size(), 2U);
  const OperationId first = result.ranks.kinds[0].operations[1];
  const OperationId second = result.ranks.kinds[1].operations[2];
  EXPECT_EQ(result.ranks.ties[first].meeting, result.ranks.ties[second].meeting);
  EXPECT_EQ(result.graph.operations[first].dependencies, 2U);
  EXPECT_EQ(result.ranks.graph.operations[first].dependencies, 1U);
}

TEST_F(TraceSteps, WhatIsMissingIsNamed) {
  const auto error = [&] {
    try {
      static_cast<void>(step("Ring(2)", GroupRoute::Ring));
    } catch (const InputError& problem) {
      return std::string(problem.what());
    }
    return std::string("no error");
  };
  write(0, {message(1, TraceNodeKind::Send, 1)});
  write(1, {compute(1)});
  EXPECT_NE(error().find("NPU 0 sends to NPU 1 (tag 0), which does not receive"), std::string::npos);
  write(0, {compute(1)});
  write(1, {message(1, TraceNodeKind::Receive, 0)});
  EXPECT_NE(error().find("node 1 of NPU 1 receives from NPU 0 (tag 0), which does not send"),
            std::string::npos);
  write(0, {reduce(1, ""), reduce(2, "")});
  write(1, {reduce(1, "")});
  EXPECT_NE(error().find("NPU 0 calls 2 collectives of a group, NPU 1 of the same group calls 1"),
            std::string::npos);
  write(1, {message(1, TraceNodeKind::Send, 7)});
  EXPECT_NE(error().find("peer NPU 7 of NPU 1, expected another of 0 to 1"), std::string::npos);
}

}  // namespace
}  // namespace bandwright
